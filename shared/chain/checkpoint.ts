/**
 * Checkpoints: C2SP signed notes over the log's size and root (records.md section 6; c2sp.org/tlog-checkpoint,
 * c2sp.org/signed-note).
 *
 *   <origin> LF <size> LF <base64 root> LF LF "— " <name> " " base64(key id ‖ signature) LF …
 *
 * The signature is Ed25519 (type 0x01) over the text up to and including the line feed before the empty line;
 * key id = first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key).
 */
import { concatBytes, decodeBase64, encodeBase64, encodeUtf8, equalBytes } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { NoteKey } from "../crypto/key.ts";
import type { CryptoSuite } from "../crypto/suite.ts";

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Who may sign checkpoints: member name → raw Ed25519 key. */
export interface NoteVerifier {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

export interface ParsedCheckpoint extends Checkpoint {
  /** The signed text, its last line feed included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const ED25519_TYPE = 1;
const KEY_ID_BYTES = 4;
/** As many as a chain may have members. */
const MAX_SIGNATURES = 256;
const SIZE = /^(?:0|[1-9]\d{0,15})$/;
const SIGNATURE_LINE = /^\u2014 ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})$/;

export function formatCheckpointText(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${encodeBase64(checkpoint.root)}\n`;
}

export function computeNoteKeyId(
  suite: Pick<CryptoSuite, "sha256">,
  verifier: NoteVerifier,
): Uint8Array {
  const input = concatBytes(
    encodeUtf8(`${verifier.name}\n`),
    Uint8Array.of(ED25519_TYPE),
    verifier.publicKey,
  );
  return suite.sha256(input).slice(0, KEY_ID_BYTES);
}

/** The note with one signature by `key`. */
export function signCheckpoint(suite: CryptoSuite, key: NoteKey, checkpoint: Checkpoint): string {
  const text = formatCheckpointText(checkpoint);
  const signature = suite.signNote(key.secret, encodeUtf8(text));
  const line = encodeBase64(concatBytes(computeNoteKeyId(suite, key), signature));
  return `${text}\n\u2014 ${key.name} ${line}\n`;
}

/** Takes a note apart; verifies nothing. Throws `checkpoint`. */
export function parseCheckpoint(note: string): ParsedCheckpoint {
  const gap = note.indexOf("\n\n");
  if (gap < 0 || !note.endsWith("\n")) fail("checkpoint", "a checkpoint without signatures");
  const text = note.slice(0, gap + 1);
  const [origin, sizeText, rootText, ...more] = text.slice(0, -1).split("\n");
  if (!origin || sizeText === undefined || rootText === undefined || more.length > 0) {
    fail("checkpoint", "a checkpoint has an origin, a size and a root");
  }
  if (!SIZE.test(sizeText) || !Number.isSafeInteger(Number(sizeText))) {
    fail("checkpoint", "a checkpoint's size is a decimal number without leading zeros");
  }
  const root = decodeNoteBase64(rootText);
  if (root.length !== 32) fail("checkpoint", "a checkpoint's root has 32 bytes");
  const lines = note.slice(gap + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES)
    fail("checkpoint", "more signatures than a checkpoint may have");
  return { origin, size: Number(sizeText), root, text, signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line: string): NoteSignature {
  const match = SIGNATURE_LINE.exec(line);
  if (match === null) fail("checkpoint", "a signature line of another form");
  const bytes = decodeNoteBase64(match[2] as string);
  if (bytes.length <= KEY_ID_BYTES) fail("checkpoint", "a signature line without a signature");
  return {
    name: match[1] as string,
    keyId: bytes.slice(0, KEY_ID_BYTES),
    signature: bytes.slice(KEY_ID_BYTES),
  };
}

function decodeNoteBase64(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch {
    fail("checkpoint", "not canonical base64 in a checkpoint");
  }
}

/**
 * Parses a note and demands valid signatures of at least `threshold` distinct verifiers for `origin`.
 * Signatures by unknown keys are passed over, as signed notes require; a bad one by a known key is fatal.
 * Throws `checkpoint`.
 */
export function verifyCheckpoint(
  suite: CryptoSuite,
  note: string,
  trust: {
    readonly origin: string;
    readonly verifiers: readonly NoteVerifier[];
    readonly threshold: number;
  },
): ParsedCheckpoint {
  const parsed = parseCheckpoint(note);
  if (parsed.origin !== trust.origin) fail("checkpoint", "a checkpoint of another log");
  const message = encodeUtf8(parsed.text);
  const signers = new Set<string>();
  for (const { name, keyId, signature } of parsed.signatures) {
    const verifier = trust.verifiers.find(
      (v) => v.name === name && equalBytes(computeNoteKeyId(suite, v), keyId),
    );
    if (verifier === undefined) continue;
    if (signature.length !== 64 || !suite.verifyNote(verifier.publicKey, message, signature)) {
      fail("checkpoint", `the checkpoint signature by ${name} does not verify`, { name });
    }
    signers.add(name);
  }
  if (signers.size < trust.threshold) {
    fail(
      "checkpoint",
      `${signers.size} of ${trust.threshold} gateway signatures on the checkpoint`,
    );
  }
  return parsed;
}
