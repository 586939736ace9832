/** Writes `test/vectors/bill.json` anew: `node dist/test/support/write-bill-vectors.js`. Only for a new case. */
import { writeFileSync } from "node:fs";
import { buildBillVectors } from "./bill-vectors.ts";
import { vectorPath } from "./json-file.ts";

writeFileSync(vectorPath("bill.json"), `${JSON.stringify(buildBillVectors(), null, 1)}\n`);
