/**
 * Opens the stored form of many lines 2 for one recipient: what `openLine2` does, over bytes and reused memory.
 *
 * In:  a stored line 2 whose form is checked (day-envelope.ts), its protected header as text, the signer of line 1.
 * Out: the plaintext, or undefined where `openLine2` throws `open-failed`; a test holds the two together.
 */
import { encodeAscii } from "../base/bytes.ts";
import { isCoded } from "../base/error.ts";
import type { RecipientKey } from "../crypto/key.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { SEALED_IV, SEALED_RECIPIENT, SEALED_RECIPIENTS, SEALED_TAG } from "./day-envelope.ts";
import { KEY_AGREEMENT, MAX_LINE2_LENGTH } from "./line2-form.ts";

const TAG_BYTES = 32;
const IV_BYTES = 16;
const CONTENT_KEY_BYTES = 64;
const EPK = 32;
const WRAPPED_KEY = 64;

/** Input of the one round of the Concat KDF (concat-kdf.ts): fixed but for the secret and the signer. */
const SECRET_AT = 4;
const SIGNER_AT = SECRET_AT + 32 + 4 + KEY_AGREEMENT.length + 4;
const RECIPIENT_AT = SIGNER_AT + 32 + 4;
const KDF_BYTES = RECIPIENT_AT + 32 + 4;

function createKdfInput(recipient: Uint8Array): Uint8Array {
  const input = new Uint8Array(KDF_BYTES);
  const view = new DataView(input.buffer);
  view.setUint32(0, 1);
  view.setUint32(SECRET_AT + 32, KEY_AGREEMENT.length);
  input.set(encodeAscii(KEY_AGREEMENT), SECRET_AT + 36);
  view.setUint32(SIGNER_AT - 4, 32);
  view.setUint32(RECIPIENT_AT - 4, 32);
  input.set(recipient, RECIPIENT_AT);
  view.setUint32(KDF_BYTES - 4, 256);
  return input;
}

export class BoxOpener {
  readonly #suite: CryptoSuite;
  readonly #secret: Uint8Array;
  readonly #recipient: Uint8Array;
  readonly #kdf: Uint8Array;
  /** Protected header ‖ IV ‖ ciphertext ‖ length of the header in bits. */
  readonly #macInput = new Uint8Array(2 * MAX_LINE2_LENGTH);

  /** @param recipient raw thumbprint of `key` */
  constructor(suite: CryptoSuite, key: Pick<RecipientKey, "secret">, recipient: Uint8Array) {
    this.#suite = suite;
    this.#secret = key.secret;
    this.#recipient = recipient;
    this.#kdf = createKdfInput(recipient);
  }

  /** `sealed` is a stored line 2, `signer` the raw kid of line 1, which the form has compared with `apu`. */
  open(
    sealed: Uint8Array,
    protectedHeader: Uint8Array,
    signer: Uint8Array,
  ): Uint8Array | undefined {
    const count = sealed[SEALED_RECIPIENTS - 1] as number;
    const own = this.#find(sealed, count);
    if (own < 0) return undefined;
    try {
      const key = this.#unwrap(sealed, own, signer);
      if (key.length !== CONTENT_KEY_BYTES) return undefined;
      const body = SEALED_RECIPIENTS + count * SEALED_RECIPIENT;
      if (!this.#holdsTag(sealed, body, protectedHeader, key)) return undefined;
      const iv = sealed.subarray(SEALED_IV, SEALED_IV + IV_BYTES);
      return this.#suite.decryptCbc(key.subarray(32), iv, sealed.subarray(body));
    } catch (error) {
      // A fault of the program is no verdict on the envelope.
      if (!isCoded(error)) throw error;
      return undefined;
    }
  }

  /** Place of this recipient's part, or -1. */
  #find(sealed: Uint8Array, count: number): number {
    for (let i = 0; i < count; i++) {
      const at = SEALED_RECIPIENTS + i * SEALED_RECIPIENT;
      let same = 0;
      while (same < 32 && sealed[at + same] === this.#recipient[same]) same += 1;
      if (same === 32) return at;
    }
    return -1;
  }

  #unwrap(sealed: Uint8Array, own: number, signer: Uint8Array): Uint8Array {
    const epk = sealed.subarray(own + EPK, own + EPK + 32);
    this.#kdf.set(this.#suite.x25519(this.#secret, epk), SECRET_AT);
    this.#kdf.set(signer, SIGNER_AT);
    const wrapped = sealed.subarray(own + WRAPPED_KEY, own + SEALED_RECIPIENT);
    return this.#suite.unwrapKey(this.#suite.sha256(this.#kdf), wrapped);
  }

  #holdsTag(sealed: Uint8Array, body: number, header: Uint8Array, key: Uint8Array): boolean {
    const input = this.#macInput;
    input.set(header, 0);
    input.set(sealed.subarray(SEALED_IV, SEALED_IV + IV_BYTES), header.length);
    input.set(sealed.subarray(body), header.length + IV_BYTES);
    const end = header.length + IV_BYTES + sealed.length - body;
    const bits = header.length * 8;
    // No header comes near 2^16 bits.
    input.fill(0, end, end + 6);
    input[end + 6] = bits >> 8;
    input[end + 7] = bits & 255;
    const mac = this.#suite.hmacSha512(key.subarray(0, 32), input.subarray(0, end + 8));
    // Compares without leaving early, so that timing does not tell where two tags differ.
    let difference = 0;
    for (let i = 0; i < TAG_BYTES; i++) {
      difference |= (mac[i] as number) ^ (sealed[SEALED_TAG + i] as number);
    }
    return difference === 0;
  }
}
