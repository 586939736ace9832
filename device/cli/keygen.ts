/** `meter keygen`: a key pair made on the device, and the signed request that asks for its enrolment. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { decodeBase64url } from "../../shared/base/bytes.ts";
import { createSigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { formatJoinRequest } from "../../shared/message/join.ts";
import { signRequest } from "../../shared/message/request.ts";
import { dataFolder, readJoin, readKey, writeDurably, writeKey } from "../run/data-folder.ts";
import { createTrust } from "../uplink/trust.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `meter keygen: make this meter's key and the request to be enrolled

usage: meter keygen --join FILE --data DIR [--out FILE]

  --join FILE  the join file that \`gateway enrol --meter\` has written
  --data DIR   the meter's data folder; the key stays there, in meter-key.json
  --out FILE   where to write the request (default: request.jws in the data folder)

The key is made once: run again, it writes the request anew with the key that is there.
Hand the request to \`gateway enrol --request\`.
`;

export async function keygen(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const options = readOptions(args, { join: text, data: text, out: text }, HELP);
  if (options === undefined) return 0;
  const joinFile = requireOption(options.join, "join");
  const folder = requireOption(options.data, "data");
  const files = dataFolder(folder);
  const join = readJoin(joinFile);
  createTrust(nobleSuite, join);
  mkdirSync(folder, { recursive: true });
  if (path.resolve(joinFile) !== path.resolve(files.join)) {
    writeDurably(files.join, readFileSync(joinFile, "utf8"), 0o600);
  }
  if (!existsSync(files.key)) {
    writeKey(
      files.key,
      createSigningKey(nobleSuite, (length) => randomBytes(length)),
    );
  }
  const key = readKey(nobleSuite, files.key);
  const token = decodeBase64url(join.token);
  const req = signRequest(nobleSuite, key, { chain: join.chain, token });
  const out = options.out ?? path.join(folder, "request.jws");
  writeDurably(out, formatJoinRequest({ v: 1, key: key.jwk, req }), 0o644);
  process.stdout.write(`key ${key.kid}\nrequest ${out}\n`);
  return 0;
}
