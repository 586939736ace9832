import assert from "node:assert/strict";
import { it } from "node:test";
import { checkRegisters, registersAfter } from "../../../shared/day/register-rule.ts";
import { codeOf } from "../../support/code-of.ts";

const register = [10, 15] as const;
const out = { wh: [1], register: [3, 4] as const };

it("what is known after a day are its last registers", () => {
  assert.deepEqual(registersAfter({ register }), { taken: 15 });
  assert.deepEqual(registersAfter({ register, out }), { taken: 15, given: 4 });
});

it("a day goes on from what is known, and from anything where nothing is known", () => {
  checkRegisters(undefined, { register, out });
  checkRegisters({ taken: 10 }, { register });
  checkRegisters({ taken: 10 }, { register, out });
  checkRegisters({ taken: 10, given: 3 }, { register, out });
  checkRegisters({ taken: 10, given: 3 }, { register });
});

it("a jump of either register is refused", () => {
  assert.equal(
    codeOf(() => checkRegisters({ taken: 9 }, { register })),
    "day-register",
  );
  assert.equal(
    codeOf(() => checkRegisters({ taken: 11 }, { register })),
    "day-register",
  );
  assert.equal(
    codeOf(() => checkRegisters({ taken: 10, given: 2 }, { register, out })),
    "day-register",
  );
});
