import assert from "node:assert/strict";
import { test } from "node:test";
import { orderRevoke } from "../../../gateway/app/exchange-desk.ts";
import { LedgerHost } from "../../../gateway/app/ledger-host.ts";
import type { FromLedger } from "../../../gateway/app/ledger-protocol.ts";
import { decodeConfig } from "../../../gateway/config.ts";
import { signCheckpoint } from "../../../shared/chain/checkpoint.ts";
import { createNoteKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { parseMeterConfig } from "../../../shared/message/join.ts";
import { parseRecord } from "../../../shared/record/record.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { TestLedger } from "../../support/test-ledger.ts";
import { officeOf, swap } from "../../support/test-readings.ts";

function openHost(t: TestLedger): { host: LedgerHost; sent: FromLedger[] } {
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
  return { host, sent };
}

test("a checkpoint that we signed, of another log or beyond this one, raises an alarm and stops mining", (context) => {
  const t = new TestLedger();
  context.after(() => t.close());
  const meter = t.enrol();
  t.mine();
  t.hold(t.day(meter), t.day(meter));
  t.mine();
  const { ledger, keys } = t;
  const { origin } = ledger.state.chain;
  const { logSize, logRoot } = ledger.tip();
  assert.deepEqual(ledger.rootAt(logSize), logRoot);
  const stranger = createNoteKey(nodeSuite, keys.note.name, seededBytes("stranger"));
  const note = (size: number, root: Uint8Array, key = keys.note): string =>
    signCheckpoint(nodeSuite, key, { origin, size, root });
  const wrong = new Uint8Array(32).fill(7);
  const { host, sent } = openHost(t);
  const alarms = (): unknown[] =>
    sent
      .flatMap((message) => (message.kind === "events" ? message.events : []))
      .filter(({ event }) => event === "alarm")
      .map(({ code }) => code);
  // Every size that there was, as it was.
  for (let size = 1; size <= logSize; size++) host.seen(meter.id, note(size, ledger.rootAt(size)));
  // What we did not sign says nothing about us.
  host.seen(meter.id, note(logSize, wrong, stranger));
  host.seen(meter.id, note(logSize + 5, wrong, stranger));
  assert.deepEqual([host.refusal, alarms()], [undefined, []]);
  host.seen(meter.id, note(logSize + 5, wrong));
  assert.deepEqual([host.refusal, alarms()], ["store-old", ["store-old"]]);
  host.seen(meter.id, note(2, wrong));
  host.seen(meter.id, note(2, wrong));
  assert.deepEqual([host.refusal, alarms()], ["log-forked", ["store-old", "log-forked"]]);
});

test("an own record that no block can take raises an alarm, a meter's is answered", (context) => {
  const t = new TestLedger();
  context.after(() => t.close());
  const { host, sent } = openHost(t);
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

test("the config of a meter names the device that is there, and those that were taken out", (context) => {
  const t = new TestLedger();
  context.after(() => t.close());
  const meter = t.enrol();
  t.hold(t.day(meter));
  t.mine();
  const other = t.enrol();
  t.mine();
  const { host, sent } = openHost(t);
  const chain = t.ledger.state.chain.id;
  const told = (): string[][] => {
    while (host.pump());
    const messages = sent.splice(0).flatMap((one) => (one.kind === "publish" ? one.messages : []));
    return messages
      .filter(({ topic }) => topic.endsWith("/config"))
      .map(({ topic, payload, retain }) => {
        assert.equal(retain, true);
        const { records } = parseMeterConfig(String(payload), chain);
        return [topic.split("/")[3] ?? "", ...records.map(({ record }) => name(record))];
      });
  };
  const name = (line1: string): string => {
    const { typ, payload } = parseRecord(nodeSuite, line1);
    return typ === "revoke" ? `revoke ${(payload as { kid: string }).kid}` : typ;
  };
  /** Mines what is held and tells the host of it. */
  const mine = (): void => {
    const block = t.seal();
    host.appended(block, t.ledger.append(block), 0);
  };
  host.start();
  assert.deepEqual(told(), [
    [meter.id, "enrol"],
    [other.id, "enrol"],
  ]);
  const next = swap(t, meter);
  host.enrolled(next.key.kid);
  mine();
  const gone = `revoke ${meter.key.kid}`;
  assert.deepEqual(told(), [[meter.id, "enrol", gone]]);
  orderRevoke(officeOf(t), { meter: meter.id, reason: "stolen" });
  mine();
  const both = [meter.id, "enrol", gone, `revoke ${next.key.kid}`];
  assert.deepEqual(told(), [both]);
  host.reconnected();
  assert.deepEqual(told(), [both, [other.id, "enrol"]]);
});
