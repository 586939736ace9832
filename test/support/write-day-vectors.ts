/** Writes `test/vectors/days.json` anew: `node dist/test/support/write-day-vectors.js`. Only for a new case. */
import { writeFileSync } from "node:fs";
import { buildDayVectors } from "./day-vectors.ts";
import { vectorPath } from "./json-file.ts";

writeFileSync(vectorPath("days.json"), `${JSON.stringify(buildDayVectors(), null, 2)}\n`);
