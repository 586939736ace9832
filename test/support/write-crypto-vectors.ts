/**
 * Writes the frozen vectors of cryptography anew: `node dist/test/support/write-crypto-vectors.js`.
 *
 * Only for a new case; a changed old one means that the format changed. The tests compare file and builder.
 */
import { writeFileSync } from "node:fs";
import { CRYPTO_VECTORS } from "./crypto-vectors.ts";
import { vectorPath } from "./json-file.ts";

for (const [name, build] of Object.entries(CRYPTO_VECTORS)) {
  writeFileSync(vectorPath(name), `${JSON.stringify(build(), null, 2)}\n`);
}
