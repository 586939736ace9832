/** Writes `bill.json` and `tariff-bills.json` of `test/vectors/` anew: `node dist/test/support/write-bill-vectors.js`. Only for a new case. */
import { writeFileSync } from "node:fs";
import { buildBillVectors } from "./bill-vectors.ts";
import { vectorPath } from "./json-file.ts";
import { buildTariffBillVectors } from "./tariff-bill-vectors.ts";

writeFileSync(vectorPath("bill.json"), `${JSON.stringify(buildBillVectors(), null, 1)}\n`);
const bills = `${JSON.stringify(buildTariffBillVectors())}\n`;
writeFileSync(vectorPath("tariff-bills.json"), bills.replaceAll('{"name":', '\n{"name":'));
