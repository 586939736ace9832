/** One worker of crypto-limit.ts: prepares its share, says so, waits for the start, measures, reports. */
import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  type KeyObject,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { parseLine2 } from "../../shared/record/sealed-box.ts";
import type { LimitEnvelope, LimitReport, LimitWorkerData } from "./crypto-limit.ts";

/** Everything about an envelope that costs no cryptography, as node:crypto wants it. */
interface Prepared {
  readonly verifyKey: { readonly key: KeyObject; readonly dsaEncoding: "ieee-p1363" };
  readonly message: Buffer;
  readonly signature: Buffer;
  readonly epk: { readonly crv: "X25519"; readonly kty: "OKP"; readonly x: string };
  /** KDF input with room for the shared secret at byte 4. */
  readonly kdf: Buffer;
  readonly encryptedKey: Buffer;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  /** AAD ‖ IV ‖ ciphertext ‖ AAD's length in bits. */
  readonly macInput: Buffer;
  readonly tag: Buffer;
}

const WRAP_IV = Buffer.alloc(8, 0xa6);
const BATCH = 16;

const bytes = (text: string): Buffer => Buffer.from(text, "base64url");

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

function importKey(jwk: LimitEnvelope["jwk"]): Prepared["verifyKey"] {
  return {
    key: createPublicKey({ key: { ...jwk }, format: "jwk" }),
    dsaEncoding: "ieee-p1363",
  };
}

function prepare(
  { line1, line2 }: LimitEnvelope,
  kid: string,
  verifyKey: Prepared["verifyKey"],
): Prepared {
  const parsed = parseLine2(line2);
  const recipient = parsed.recipients.find((candidate) => candidate.kid === kid);
  if (recipient === undefined) throw new Error("the bench's recipient cannot open this envelope");
  const dot = line1.lastIndexOf(".");
  const [algorithm, aad] = [Buffer.from("ECDH-ES+A256KW"), Buffer.from(parsed.protectedHeader)];
  const [iv, ciphertext] = [bytes(parsed.iv), bytes(parsed.ciphertext)];
  return {
    verifyKey,
    message: Buffer.from(line1.slice(0, dot)),
    signature: bytes(line1.slice(dot + 1)),
    epk: { crv: "X25519", kty: "OKP", x: recipient.epk },
    kdf: Buffer.concat([
      u32(1),
      Buffer.alloc(32),
      u32(algorithm.length),
      algorithm,
      u32(32),
      bytes(parsed.signer),
      u32(32),
      bytes(kid),
      u32(256),
    ]),
    encryptedKey: bytes(recipient.encryptedKey),
    iv,
    ciphertext,
    macInput: Buffer.concat([aad, iv, ciphertext, u32(0), u32(aad.length * 8)]),
    tag: bytes(parsed.tag),
  };
}

function openOnce(item: Prepared, privateKey: KeyObject): void {
  if (!verify("sha256", item.message, item.verifyKey, item.signature)) {
    throw new Error("a signature of the bench's envelopes does not hold");
  }
  const publicKey = createPublicKey({ key: item.epk, format: "jwk" });
  diffieHellman({ privateKey, publicKey }).copy(item.kdf, 4);
  const kek = hash("sha256", item.kdf, "buffer");
  const contentKey = createDecipheriv("aes256-wrap", kek, WRAP_IV).update(item.encryptedKey);
  const mac = createHmac("sha512", contentKey.subarray(0, 32)).update(item.macInput).digest();
  if (!timingSafeEqual(mac.subarray(0, 32), item.tag)) {
    throw new Error("a tag of the bench's envelopes does not hold");
  }
  const cipher = createDecipheriv("aes-256-cbc", contentKey.subarray(32), item.iv);
  cipher.update(item.ciphertext);
  cipher.final();
}

function report(message: LimitReport): void {
  parentPort?.postMessage(message);
}

const { envelopes, recipient, seconds } = workerData as LimitWorkerData;
const x = Buffer.alloc(32).toString("base64url");
const d = Buffer.from(recipient.secret).toString("base64url");
// Node reads only d; x has to be there
const privateKey = createPrivateKey({ key: { crv: "X25519", kty: "OKP", x, d }, format: "jwk" });
// one imported key a meter, as a gateway's registry has it
const keys = new Map<string, Prepared["verifyKey"]>();
const items = envelopes.map((envelope) => {
  const key = keys.get(envelope.jwk.x) ?? importKey(envelope.jwk);
  keys.set(envelope.jwk.x, key);
  return prepare(envelope, recipient.kid, key);
});
if (items.length === 0) throw new Error("no envelopes for this worker");
for (let at = 0; at < 500; at++) {
  const item = items[at % items.length];
  if (item) openOnce(item, privateKey);
}

parentPort?.once("message", () => {
  const start = performance.now();
  const end = start + seconds * 1000;
  let count = 0;
  while (performance.now() < end) {
    for (let n = 0; n < BATCH; n++) {
      const item = items[count++ % items.length];
      if (item) openOnce(item, privateKey);
    }
  }
  report({ count, seconds: (performance.now() - start) / 1000 });
});
report("ready");
