/** Events of meters through ledger and projection: admitted, mined, shown, dumped, verified, taken back. */
import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { dumpChain } from "../../../gateway/dump/chain-dump.ts";
import { type AdmissionOptions, admit } from "../../../gateway/intake/admission.ts";
import { Registry } from "../../../gateway/intake/registry.ts";
import type { Candidate } from "../../../gateway/ledger/candidate.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { openDay } from "../../../gateway/projection/open-day.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { joinEnvelope } from "../../../shared/record/envelope.ts";
import { TestLedger, type TestMeter } from "../../support/test-ledger.ts";

function start(t: TestContext): { house: TestLedger; meter: TestMeter } {
  const house = new TestLedger();
  t.after(() => house.close());
  const meter = house.enrol();
  house.mine();
  return { house, meter };
}

function withDb<T>(house: TestLedger, work: (db: ReturnType<typeof openReadOnly>) => T): T {
  const db = openReadOnly(path.join(house.folder, "gateway.db"));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

const readModel = <T>(
  house: TestLedger,
  work: (model: ReturnType<typeof createReadModel>) => T,
): T => withDb(house, (db) => work(createReadModel(db, { suite: nodeSuite })));

test("an event becomes a row; one that a person should see an alarm; nonsense an alarm without a row", (t) => {
  const { house, meter } = start(t);
  const told = house.event(meter, "retime", { before: "boot 2", after: "1 h" });
  const tamper = house.event(meter, "tamper", { after: "open" });
  const newer = house.event(meter, "not-known-yet");
  const nonsense = house.event(meter);
  const foreign = house.event(meter, "retime", { meter: "352999999" });
  const other = house.event(meter, "retime", { at: 1 });
  house.hold(told, tamper, newer, nonsense, foreign, other);
  house.mine();
  readModel(house, (model) => {
    const events = model.events(meter.id, 10);
    assert.deepEqual(
      events.map(({ code }) => code),
      ["not-known-yet", "tamper", "retime"],
    );
    assert.deepEqual([events[2]?.before, events[2]?.after], ["boot 2", "1 h"]);
    assert.deepEqual(model.events("352999999", 10), []);
    const alarms = model
      .alarms({ limit: 10 })
      .map(({ code, meter: of, detail }) => [code, of, detail]);
    assert.deepEqual(alarms, [
      ["event-at", meter.id, undefined],
      ["event-meter", meter.id, undefined],
      ["utf8", meter.id, undefined],
      ["tamper", meter.id, "open"],
    ]);
    const record = model.record(events[1]?.position ?? -1);
    assert.deepEqual(
      [record?.typ, record?.meter, record?.subject, record?.unusable],
      ["event", meter.id, "tamper", undefined],
    );
    const bad = model.record(model.positionOf(foreign.record.leaf) ?? -1);
    assert.equal(bad?.unusable, "event-meter");
  });
});

test("events between days do not hide a register that does not go on, also after a restart", (t) => {
  const { house, meter } = start(t);
  house.hold(house.day(meter));
  house.mine();
  house.hold(house.event(meter, "retime"), house.event(meter, "retime"));
  house.mine();
  house.reload();
  house.hold(house.day(meter, { register: 7 }), house.event(meter, "retime"));
  house.mine();
  house.hold(house.day(meter), house.event(meter, "retime"), house.day(meter));
  house.mine();
  readModel(house, (model) => {
    const codes = model.days(meter.id, "2000-01-01", "2100-01-01").map((day) => day.unusable);
    assert.deepEqual(codes, [undefined, "day-register", undefined, undefined]);
  });
});

test("the projection with events equals its rebuild, and the dump opens what counts", (t) => {
  const { house, meter } = start(t);
  house.hold(house.day(meter), house.event(meter, "tamper"), house.event(meter), house.day(meter));
  house.mine();
  house.checkLedger();
  const { utility } = house.keys;
  const lines = withDb(house, (reader) => [...dumpChain(reader, { suite: nodeSuite, utility })]);
  const opened = lines.filter((line) => line.startsWith('{"opened":'));
  assert.equal(opened.length, 3);
  assert.match(opened[1] ?? "", /"code":"tamper"/);
});

test("admission: an event is a candidate of its own; without a second line it is refused", (t) => {
  const { house, meter } = start(t);
  const registry = new Registry();
  const { kid, jwk: key } = meter.key;
  const recipients = [house.keys.utility.kid];
  const leaf = meter.prev;
  registry.set({ no: 0, kid, key, meter: meter.id, recipients, state: "active", seq: 0, leaf });
  const open: AdmissionOptions["open"] = (...order) =>
    openDay(nodeSuite, house.keys.utility, ...order);
  const options = { suite: nodeSuite, registry, open };
  const { record, line2 } = house.event(meter, "tamper") as Candidate & { line2: string };
  const { line1 } = record;
  const taken = admit(options, meter.id, joinEnvelope({ line1, line2 }));
  assert.equal(taken.refused, undefined);
  assert.equal(taken.candidate?.record.leaf, record.leaf);
  assert.equal(taken.candidate?.opened, undefined);
  assert.equal(admit(options, meter.id, joinEnvelope({ line1 })).refused, "form");
  const other = joinEnvelope({ line1, line2: line2.replace(/.(?=","iv")/, "-") });
  assert.equal(admit(options, meter.id, other).refused, "ct");
});
