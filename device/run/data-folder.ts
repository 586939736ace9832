/**
 * The files of a meter's data folder: `meter.db`, `meter-key.json` (0600), `meter.json`, `join.json`.
 *
 * The key is made on the device and never leaves it. A new file appears whole or not at all: temporary file,
 * fsync, rename, fsync of the folder.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { openSigningKey, type SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { type Join, parseJoin } from "../../shared/message/join.ts";

export interface DataFolder {
  readonly journal: string;
  readonly lock: string;
  /** Space for when the card is full. */
  readonly reserve: string;
  readonly key: string;
  readonly config: string;
  readonly join: string;
  /** The running meter tells here how it is. */
  readonly socket: string;
}

export function dataFolder(folder: string): DataFolder {
  const file = (name: string): string => path.join(folder, name);
  return {
    journal: file("meter.db"),
    lock: file("meter.lock"),
    reserve: file("meter.reserve"),
    key: file("meter-key.json"),
    config: file("meter.json"),
    join: file("join.json"),
    socket: file("meter.sock"),
  };
}

/** Throws `no-meter` when the file is absent, `join` when it is not a join file. */
export function readJoin(file: string): Join {
  if (!existsSync(file)) fail("no-meter", `there is no join file ${file}; ask the gateway for one`);
  try {
    return parseJoin(readFileSync(file, "utf8"));
  } catch (error) {
    if (isCoded(error)) fail("join", `${file} is not a join file: ${error.message}`);
    throw error;
  }
}

/** Throws `no-meter` when there is no key yet, `meter-key` when the file is damaged. */
export function readKey(suite: CryptoSuite, file: string): SigningKey {
  if (!existsSync(file)) fail("no-meter", `there is no key ${file}; run \`meter keygen\` first`);
  try {
    const { secret } = JSON.parse(readFileSync(file, "utf8")) as { secret?: unknown };
    return openSigningKey(suite, decodeBase64url(String(secret)));
  } catch {
    fail("meter-key", `${file} does not hold a key of this meter`);
  }
}

/** Readable by its owner only. Throws `meter-key` when a key is there: a key is never overwritten. */
export function writeKey(file: string, key: SigningKey): void {
  if (existsSync(file))
    fail("meter-key", `there is a key ${file} already; it is never overwritten`);
  const content = { v: 1, kid: key.kid, secret: encodeBase64url(key.secret) };
  writeDurably(file, `${JSON.stringify(content)}\n`, 0o600);
}

export function writeDurably(file: string, content: string, mode: number): void {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true });
  const temporary = `${file}.new`;
  const handle = openSync(temporary, "w", mode);
  try {
    // All of it or an error: `writeSync` may write a part on a full disk.
    writeFileSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
  const directory = openSync(folder, "r");
  fsyncSync(directory);
  closeSync(directory);
}
