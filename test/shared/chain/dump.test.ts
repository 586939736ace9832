/** Dump lines (records.md section 6). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDumpLine, parseDumpLine } from "../../../shared/chain/dump.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

function sampleLines(): string[] {
  const chain = new SampleChain(nodeSuite, undefined, "dump");
  const meter = chain.createMeter("352522395");
  chain.append([chain.enrol(meter), chain.day(meter, START, START + DAY_S)], START + DAY_S);
  chain.append([], START + DAY_S);
  const opened = formatDumpLine({ kind: "opened", opened: { leaf: "x", plaintext: { v: 1 } } });
  return [...chain.dump().slice(0, -1).split("\n"), opened];
}

test("every kind of line is read as it was written", () => {
  const lines = sampleLines();
  const kinds = lines.map((line) => parseDumpLine(line).kind);
  assert.deepEqual(kinds, ["block", "block", "block", "blob", "checkpoint", "opened"]);
  for (const line of lines) assert.equal(formatDumpLine(parseDumpLine(line)), line);
});

test("other lines are refused", () => {
  const [block = ""] = sampleLines();
  const cases: [string, string][] = [
    ["", "json"],
    ["[]", "dump"],
    ["{}", "dump"],
    ['{"blob":"AA","more":1}', "dump"],
    ['{"other":"AA"}', "dump"],
    ['{"blob":1}', "schema"],
    ['{"blob":"AB"}', "base64"],
    [block.replace('"seal":', '"sial":'), "schema"],
    [block.replace(/"nonce":"[^"]+"/, '"nonce":"AAAA"'), "length"],
    [`${block} `, "canonical"],
  ];
  for (const [line, code] of cases)
    assert.equal(
      codeOf(() => parseDumpLine(line)),
      code,
      line.slice(0, 60),
    );
});
