/**
 * `<data>/keys.json`: this gateway's secrets, readable by its owner only.
 *
 * `{"v":1,"signing":H,"note":H,"utility":H}`: the P-256 key that holds the roles authority, gateway, registrar and
 * biller; the Ed25519 seed of its notes; the X25519 key to which meters seal for the utility.
 */
import { readFileSync } from "node:fs";
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { canonicalize, parseCanonical } from "../../shared/base/canonical-json.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import { hash, literal, object } from "../../shared/base/decoder.ts";
import {
  createNoteKey,
  createRecipientKey,
  createSigningKey,
  openNoteKey,
  openRecipientKey,
  openSigningKey,
} from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { GatewayKeys } from "../ledger/ledger.ts";
import { writeDurably } from "./durable-file.ts";

const keyFile = object({ v: literal(1), signing: hash, note: hash, utility: hash });

/** Reads the keys of the gateway called `name`. Throws `schema`, `json`, `canonical` or `key-form`. */
export function readKeys(suite: CryptoSuite, path: string, name: string): GatewayKeys {
  const file = keyFile(parseCanonical(readFileSync(path, "utf8").replace(/\n$/, "")), "keys.json");
  return {
    signing: openSigningKey(suite, decodeBase64url(file.signing)),
    note: openNoteKey(suite, name, decodeBase64url(file.note)),
    utility: openRecipientKey(suite, decodeBase64url(file.utility)),
  };
}

/** Makes fresh keys and stores them durably before anything is signed with them. */
export function createKeys(
  suite: CryptoSuite,
  path: string,
  name: string,
  randomBytes: RandomBytes,
): GatewayKeys {
  const keys: GatewayKeys = {
    signing: createSigningKey(suite, randomBytes),
    note: createNoteKey(suite, name, randomBytes),
    utility: createRecipientKey(suite, randomBytes),
  };
  const text = canonicalize({
    v: 1,
    signing: encodeBase64url(keys.signing.secret),
    note: encodeBase64url(keys.note.secret),
    utility: encodeBase64url(keys.utility.secret),
  });
  writeDurably(path, `${text}\n`, true);
  return keys;
}
