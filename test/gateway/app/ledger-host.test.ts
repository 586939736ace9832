import assert from "node:assert/strict";
import { test } from "node:test";
import { LedgerHost } from "../../../gateway/app/ledger-host.ts";
import type { FromLedger } from "../../../gateway/app/ledger-protocol.ts";
import { decodeConfig } from "../../../gateway/config.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { TestLedger } from "../../support/test-ledger.ts";

test("an own record that no block can take raises an alarm, a meter's is answered", (context) => {
  const t = new TestLedger();
  context.after(() => t.close());
  const sent: FromLedger[] = [];
  const host = new LedgerHost({
    ledger: t.ledger,
    suite: nodeSuite,
    keys: t.keys,
    clock: t.clock,
    config: decodeConfig({}),
    realMs: () => 0,
    send: (message) => sent.push(message),
  });
  const leaf = "A".repeat(43);
  const dropped = [
    { leaf, code: "refused-overlap" as const, kid: "k" },
    { leaf, code: "refused-future" as const, kid: "m", meter: "352522395" },
  ];
  host.appended(t.seal(), { kind: "side", fromHeight: 1, added: [], dropped }, 0);
  const alarms = sent.flatMap((message) => (message.kind === "events" ? message.events : []));
  assert.deepEqual(
    alarms.map(({ event, code }) => [event, code]),
    [["alarm", "refused-overlap"]],
  );
  const replies = sent.flatMap((message) => (message.kind === "publish" ? message.messages : []));
  assert.match(
    replies.map(({ topic }) => topic).join(),
    /^wattproof\/[0-9a-f]{8}\/352\/352522395\/reply$/,
  );
});
