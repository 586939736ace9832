/**
 * Records: line 1, the only thing that enters the log (records.md sections 1 and 3).
 *
 * `parseRecord` is chain rule C1: size, form, canonical. Everything that needs the state of the chain is in
 * chain/chain-rules.ts.
 */
import type { Json } from "../base/canonical-json.ts";
import { fail } from "../base/error.ts";
import type { SigningKey } from "../crypto/key.ts";
import type { CryptoSuite, VerifyKey } from "../crypto/suite.ts";
import { parseCompactJws, signCompactJws, verifyCompactJws } from "./compact-jws.ts";
import { decodePayload, isMeterTyp, type PayloadByTyp, requireTyp, type Typ } from "./payload.ts";

/** Largest line 1 that a meter key may sign, in bytes. */
export const MAX_METER_LINE1 = 4_096;

/** A record whose form holds; one member of this union for each type. */
export type ParsedRecord<T extends Typ = Typ> = {
  [K in T]: {
    readonly typ: K;
    readonly kid: string;
    readonly seq: number;
    /** H: leaf of the key's previous record. */
    readonly prev: string;
    /** H: this record's own leaf hash. */
    readonly leaf: string;
    readonly line1: string;
    readonly payload: PayloadByTyp[K];
  };
}[T];

/** leaf = SHA-256(0x00 ‖ ASCII line 1): the record's identity and its leaf in the log. */
export function computeLeaf(suite: Pick<CryptoSuite, "sha256">, line1: string): Uint8Array {
  const bytes = new Uint8Array(line1.length + 1);
  encodeInto(line1, bytes);
  return suite.sha256(bytes);
}

/** {@link computeLeaf} as H; line 1 is ASCII. */
export function hashLeaf(suite: Pick<CryptoSuite, "sha256Text">, line1: string): string {
  return suite.sha256Text(`\0${line1}`);
}

const encoder = new TextEncoder();
function encodeInto(line1: string, target: Uint8Array): void {
  encoder.encodeInto(line1, target.subarray(1));
}

/**
 * Chain rule C1. Throws `size`, `form`, `base64`, `utf8`, `json`, `newer`, `canonical`, `typ`,
 * `unsupported` or `schema`.
 */
export function parseRecord(suite: Pick<CryptoSuite, "sha256Text">, line1: string): ParsedRecord {
  const { kid, typ: name, payload } = parseCompactJws(line1);
  const typ = requireTyp(name);
  if (isMeterTyp(typ) && line1.length > MAX_METER_LINE1) {
    fail("size", `a record signed by a meter is at most ${MAX_METER_LINE1} bytes`);
  }
  const decoded = decodePayload(typ, payload);
  const leaf = hashLeaf(suite, line1);
  return {
    typ,
    kid,
    seq: decoded.seq,
    prev: decoded.prev,
    leaf,
    line1,
    payload: decoded,
  } as ParsedRecord;
}

/** Line 1 of a new record. The payload must carry the key's next `seq` and `prev`. */
export function signRecord<T extends Typ>(
  suite: CryptoSuite,
  key: SigningKey,
  typ: T,
  payload: PayloadByTyp[T],
): string {
  return signCompactJws(suite, key, typ, payload as unknown as Json);
}

/** Chain rule C5. */
export function verifyRecordSignature(
  suite: Pick<CryptoSuite, "verify">,
  key: VerifyKey,
  line1: string,
): boolean {
  return verifyCompactJws(suite, key, line1);
}
