/**
 * To whom lines 2 are sealed, and to whom they should be: exactly the `to` of their point when they were logged (records.md
 * section 1, a local rule). Looked at only where plaintexts are opened.
 *
 * In:  enrolments in log order, lines 2. Out: kids as one text, ascending; the same text is kept once.
 */
import { fail } from "../../shared/base/error.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { computeCt } from "../../shared/record/envelope.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";

/** In a line 2 only the header of a recipient names a kid. */
const RECIPIENT = /"kid":"([A-Za-z0-9_-]{43})"/g;

/** Kids of the recipients of each line 2, by its `ct`. */
export function listSealedTo(suite: CryptoSuite, lines2: Iterable<string>): Map<string, string> {
  const texts = new Map<string, string>();
  const byCt = new Map<string, string>();
  for (const line2 of lines2) {
    const text = [...line2.matchAll(RECIPIENT)].map(([, kid]) => kid).join();
    const kept = texts.get(text) ?? text;
    texts.set(kept, kept);
    byCt.set(computeCt(suite, line2), kept);
  }
  return byCt;
}

export class EnrolledRecipients {
  readonly #suite: CryptoSuite;
  readonly #ofKid = new Map<string, string>();
  readonly #ofPoint = new Map<string, string>();

  constructor(suite: CryptoSuite) {
    this.#suite = suite;
  }

  enrol({ payload }: ParsedRecord<"enrol">): void {
    const text = payload.to.map(({ key }) => thumbprint(this.#suite, key)).join();
    this.#ofKid.set(thumbprint(this.#suite, payload.key), text);
    this.#ofPoint.set(payload.point, text);
  }

  /** Of a record that the device signed now. */
  ofKid(kid: string): string | undefined {
    return this.#ofKid.get(kid);
  }

  /** Of a record about the point that is logged now. */
  ofPoint(point: string): string | undefined {
    return this.#ofPoint.get(point);
  }
}

/** Where both are known. Throws `recipients`. */
export function requireSealedTo(wanted: string | undefined, found: string | undefined): void {
  if (wanted !== undefined && found !== undefined && wanted !== found) {
    fail("recipients", "line 2 is not sealed to exactly the recipients of its point");
  }
}
