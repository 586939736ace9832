/**
 * Passwords as stored: scrypt (RFC 7914) of node:crypto, with its cost written beside the hash so that it can be raised later.
 *
 *   scrypt$<log2 N>$<r>$<p>$<b64u salt>$<b64u hash>
 *
 * In:  passwords of 10 to 200 characters. Out: text for the vault; whether a password is the one. 32 MiB and some 60 ms a try
 *      on a Pi-class core are what an attacker with the file pays for each guess.
 */
import { scrypt, timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../../../shared/base/clock.ts";
import { fail } from "../../../shared/base/error.ts";

const COST = { log2N: 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MIN_LENGTH = 10;
const MAX_LENGTH = 200;
const STORED =
  /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

interface Cost {
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

/** Throws `password` for one that is too short or too long. */
export async function hashPassword(password: string, randomBytes: RandomBytes): Promise<string> {
  const length = [...password].length;
  if (length < MIN_LENGTH || length > MAX_LENGTH) {
    fail("password", `a password has ${MIN_LENGTH} to ${MAX_LENGTH} characters`);
  }
  const salt = Buffer.from(randomBytes(SALT_BYTES));
  const hash = await derive(password, salt, COST);
  const { log2N, r, p } = COST;
  return `scrypt$${log2N}$${r}$${p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/**
 * Whether the password is the stored one. `stored` undefined (no such user) costs the same time and is false, so that
 * nobody learns which names exist.
 */
export async function checkPassword(
  password: string,
  stored: string | undefined,
): Promise<boolean> {
  const match = STORED.exec(stored ?? "");
  if (match === null) {
    await derive(password.slice(0, MAX_LENGTH), Buffer.alloc(SALT_BYTES), COST);
    return false;
  }
  const [log2N = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  const salt = Buffer.from(match[4] ?? "", "base64url");
  const hash = await derive(password.slice(0, MAX_LENGTH), salt, { log2N, r, p });
  return timingSafeEqual(hash, Buffer.from(match[5] ?? "", "base64url"));
}

function derive(password: string, salt: Buffer, { log2N, r, p }: Cost): Promise<Buffer> {
  const N = 2 ** log2N;
  const options = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, HASH_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
