/** Writes `test/vectors/chain.json` anew: `node dist/test/support/write-chain-vectors.js`. Only for a new case. */
import { writeFileSync } from "node:fs";
import { buildChainVectors } from "./chain-vectors.ts";
import { vectorPath } from "./json-file.ts";

writeFileSync(vectorPath("chain.json"), `${JSON.stringify(buildChainVectors(), null, 2)}\n`);
