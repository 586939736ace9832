/** Events of a meter: shape of the plaintext, the local rule, and chain rule C6. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { applyRecord } from "../../../shared/chain/chain-rules.ts";
import { VerifyKeyCache } from "../../../shared/chain/rule-context.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { EVENT_CODES, isAlarming, meaningOf } from "../../../shared/event/event-code.ts";
import { checkEvent } from "../../../shared/event/event-plaintext.ts";
import { padPlaintext, parsePlaintext } from "../../../shared/record/plaintext.ts";
import { parseRecord } from "../../../shared/record/record.ts";
import { codeOf } from "../../support/code-of.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

const SALT = "A".repeat(43);
const BODY = { v: 1, meter: "352522395", salt: SALT, at: 1_700_000_000, code: "retime" };

function parse(change: Readonly<Record<string, Json>>) {
  return parsePlaintext("event", padPlaintext({ ...BODY, ...change }, 0));
}

test("an event has its members and no others, and one length", () => {
  assert.deepEqual(parse({ before: "boot 4", after: "2026" }).after, "2026");
  assert.equal(padPlaintext(BODY, 0).length, 1024);
  for (const change of [
    { at: -1 },
    { code: "Retime" },
    { code: "" },
    { before: "" },
    { before: "x".repeat(201) },
    { after: 3 },
    { v: 2 },
    { meter: "35252239" },
    { more: "x" },
  ]) {
    assert.equal(
      codeOf(() => parse(change)),
      "schema",
      JSON.stringify(change),
    );
  }
  const padded = padPlaintext(BODY, 0).replace('"pad":"', '"pad":"00');
  assert.equal(
    codeOf(() => parsePlaintext("event", padded)),
    "pad",
  );
});

test("an event says the instant of line 1 and the meter of its point", () => {
  const event = parse({});
  const { at, meter } = event;
  checkEvent({ at }, event, { meter });
  assert.equal(
    codeOf(() => checkEvent({ at: at + 1 }, event, { meter })),
    "event-at",
  );
  assert.equal(
    codeOf(() => checkEvent({ at }, event, { meter: "352522396" })),
    "event-meter",
  );
});

test("the code table: what is not in it is shown as it is and alarms nobody", () => {
  assert.equal(isAlarming("tamper"), true);
  assert.equal(isAlarming("retime"), false);
  assert.equal(isAlarming("constructor"), false);
  assert.equal(meaningOf("constructor"), undefined);
  for (const code of Object.keys(EVENT_CODES)) assert.match(code, /^[a-z0-9-]{1,32}$/);
});

test("C6: an event up to 600 s after the block is taken, a later one is refused and changes nothing", () => {
  const chain = new SampleChain(nobleSuite, undefined, "event-rule");
  const meter = chain.createMeter("352522395");
  chain.append([chain.enrol(meter)], START);
  const blockTime = START + DAY_S;
  const context = {
    suite: nobleSuite,
    keys: new VerifyKeyCache(nobleSuite),
    log: chain.log,
    position: 9,
    height: 9,
    blockTime,
  };
  const late = parseRecord(nobleSuite, chain.event(meter, blockTime + 601));
  const before = JSON.stringify(chain.state.get("device", meter.key.kid));
  assert.equal(
    codeOf(() => applyRecord(chain.state, late, context)),
    "future",
  );
  assert.equal(JSON.stringify(chain.state.get("device", meter.key.kid)), before);
  const other = new SampleChain(nobleSuite, undefined, "event-rule");
  const same = other.createMeter("352522395");
  other.append([other.enrol(same)], START);
  applyRecord(other.state, parseRecord(nobleSuite, other.event(same, blockTime + 600)), context);
  assert.equal(other.state.get("device", same.key.kid)?.seq, 1);
  assert.equal(other.state.get("device", same.key.kid)?.last_to, undefined);
});
