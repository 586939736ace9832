/**
 * Fixed text around a kid, in base64url: the headers of a key's days and of their lines 2. There is one for each key
 * of a chain, so they are written from a sample instead of being formatted one by one.
 */
import { decodeSextets } from "../../shared/record/day-envelope.ts";

const KID_LENGTH = 43;
/** A kid as a text that stands nowhere else. */
const SAMPLE_KID = "A".repeat(KID_LENGTH);

export class KidText {
  readonly #text: Buffer;
  readonly #kidAt: number;
  readonly #length: number;
  readonly #decoded: Buffer;

  /** `format`: base64url of a text that holds a kid as it is. */
  constructor(format: (kid: string) => string) {
    const sample = format(SAMPLE_KID);
    this.#length = sample.length;
    this.#text = Buffer.from(sample, "base64url");
    this.#kidAt = this.#text.indexOf(SAMPLE_KID);
    this.#decoded = Buffer.alloc(this.#text.length);
  }

  /** What `format` gives, and `end` behind it. */
  write(kid: string, end = ""): Buffer {
    this.#text.write(kid, this.#kidAt, "latin1");
    const out = Buffer.allocUnsafe(this.#length + end.length);
    // Once for each key: the platform's own encoder needs not become hot first.
    out.write(this.#text.toString("base64url"), 0, "latin1");
    out.write(end, this.#length, "latin1");
    return out;
  }

  /**
   * Writes the 32 bytes of the kid to `kid`, if `source` has at `at` what {@link write} gives for one; false: it has not.
   * What stands around the kid is for the caller to compare.
   */
  read(source: Buffer, at: number, kid: Buffer): boolean {
    const length = decodeSextets(source, at, this.#length, this.#decoded, 0);
    return length > 0 && decodeSextets(this.#decoded, this.#kidAt, KID_LENGTH, kid, 0) === 32;
  }
}
