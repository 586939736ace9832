// test/support/not-here.ts: what is lacking is said in one line that the runner knows; what is there lets the test go on.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { requireAbility, skipNotHere } from "./not-here.ts";

/** What a test was skipped with. */
function skipsOf(work: (t: TestContext) => void): string[] {
  const reasons: string[] = [];
  work({ skip: (reason: string) => reasons.push(reason) } as unknown as TestContext);
  return reasons;
}

test("the reason begins as the runner expects", () => {
  assert.deepEqual(
    skipsOf((t) => skipNotHere(t, "a right")),
    ["not here: a right"],
  );
});

test("an interpreter that is named and is not there is lacking", () => {
  const before = process.env["ESPRUINO_BIN"];
  try {
    for (const [named, goesOn] of [
      ["/no/such/program", false],
      ["", false],
      [process.execPath, true],
    ] as const) {
      process.env["ESPRUINO_BIN"] = named;
      const reasons = skipsOf((t) => assert.equal(requireAbility(t, "espruino"), goesOn, named));
      assert.equal(reasons.length, goesOn ? 0 : 1);
    }
  } finally {
    if (before === undefined) delete process.env["ESPRUINO_BIN"];
    else process.env["ESPRUINO_BIN"] = before;
  }
});
