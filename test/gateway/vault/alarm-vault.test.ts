// What becomes of an alarm outlives restarts, rebuilds and reorganisations; each step is taken once.
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import type { AlarmRow } from "../../../gateway/projection/alarm-types.ts";
import { createProjector } from "../../../gateway/projection/projector.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import { rebuildProjection } from "../../../gateway/projection/rebuild.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { foundHouse, TestLedger } from "../../support/test-ledger.ts";

let house: TestLedger;
beforeEach(() => {
  house = new TestLedger();
});
afterEach(() => house.close());

const vault = () => house.ledger.alarms;

function alarms(state?: AlarmRow["state"]): readonly AlarmRow[] {
  const db = openReadOnly(join(house.folder, "gateway.db"));
  try {
    return createReadModel(db, { suite: nodeSuite }).alarms({
      limit: 100,
      ...(state && { state }),
    });
  } finally {
    db.close();
  }
}

/** A meter whose second day opens to nonsense: one alarm. */
function raiseOne(): AlarmRow {
  const meter = house.enrol();
  house.mine();
  house.hold(house.day(meter));
  house.hold(house.day(meter, { garbage: true }));
  house.mine();
  const [alarm] = alarms();
  assert.ok(alarm);
  return alarm;
}

describe("alarms of records", () => {
  test("a record's alarm is open in the transaction of its block", () => {
    const alarm = raiseOne();
    assert.equal(alarm.state, "open");
    assert.equal(alarm.kind, "record");
    assert.equal(alarm.meter, house.meters[0]?.id);
    assert.ok(alarm.position !== undefined);
    assert.equal(alarms().length, 1);
  });

  test("acknowledged and closed once each, by whom, when and why; a restart and a rebuild forget nothing", () => {
    const { id } = raiseOne();
    vault().acknowledge({ id, by: "olga", at: 10, note: "on my way" });
    assert.equal(
      codeOf(() => vault().acknowledge({ id, by: "otto", at: 11 })),
      "alarm-state",
    );
    house.reload();
    const projector = createProjector({ suite: nodeSuite, utility: house.keys.utility });
    rebuildProjection(house.ledger.db, { suite: nodeSuite, projector });
    house.ledger.followAlarms();
    const [taken] = alarms("acknowledged");
    assert.deepEqual(taken?.acknowledged, { atSeconds: 10, by: "olga", note: "on my way" });
    vault().close({ id, by: "otto", at: 20 });
    assert.equal(
      codeOf(() => vault().close({ id, by: "olga", at: 21 })),
      "alarm-state",
    );
    assert.equal(
      codeOf(() => vault().acknowledge({ id, by: "olga", at: 21 })),
      "alarm-state",
    );
    assert.equal(
      codeOf(() => vault().close({ id: 999, by: "olga", at: 21 })),
      "not-found",
    );
    assert.deepEqual(alarms("closed")[0]?.closed, { atSeconds: 20, by: "otto" });
    assert.deepEqual([alarms("open").length, alarms().length], [0, 1]);
  });

  test("a store of the version before has its alarms when it is opened", () => {
    const { position } = raiseOne();
    house.ledger.db.exec("DELETE FROM vault_alarm");
    house.reload();
    assert.deepEqual(
      alarms("open").map((alarm) => alarm.position),
      [position],
    );
  });
});

test("an alarm whose record is taken back is closed, and open again when the record comes back", () => {
  const world = foundHouse(2);
  const [other, kept] = [new TestLedger(world, 1), house];
  house = new TestLedger(world, 0);
  kept.close();
  try {
    const meter = house.enrol();
    other.open(meter);
    house.mine();
    bring(house, other);
    house.clock.setWall(other.clock.wallMs());
    house.hold(house.day(meter, { garbage: true }));
    house.mine();
    assert.deepEqual(
      alarms().map(({ state }) => state),
      ["open"],
    );
    other.mine();
    other.mine();
    bring(other, house);
    const [gone] = alarms();
    assert.equal(gone?.state, "closed");
    assert.equal(gone?.position, undefined);
    assert.match(gone?.closed?.note ?? "", /taken back/);
    house.mine();
    const [back, ...more] = alarms();
    assert.equal(back?.state, "open");
    assert.ok(back?.position !== undefined);
    assert.deepEqual(more, []);
  } finally {
    other.close();
  }
});

function bring(from: TestLedger, to: TestLedger): void {
  for (let height = 1; height <= from.ledger.tip().height; height++) {
    const block = from.ledger.block(height);
    assert.ok(block);
    to.ledger.append(block, from.lines2(height));
  }
}

describe("alarms of the gateway's own", () => {
  test("one of a code and meter is open at a time, and ends with its cause", () => {
    house.enrol();
    const id = vault().raise({ code: "no-data", meter: "352000001", at: 5, detail: "since" });
    assert.equal(vault().raise({ code: "no-data", meter: "352000001", at: 6 }), id);
    assert.notEqual(vault().raise({ code: "no-data", meter: "352000002", at: 6 }), id);
    vault().acknowledge({ id, by: "olga", at: 7 });
    assert.equal(vault().raise({ code: "no-data", meter: "352000001", at: 8 }), id);
    vault().end("no-data", "352000001", 9);
    const [closed] = alarms("closed");
    assert.equal(closed?.kind, "no-data");
    assert.deepEqual(closed?.closed, { atSeconds: 9 });
    assert.equal(closed?.acknowledged?.by, "olga");
    assert.notEqual(vault().raise({ code: "no-data", meter: "352000001", at: 10 }), id);
  });

  test("lists are paged by id and cut by meter and state", () => {
    for (let i = 0; i < 6; i++) {
      vault().raise({ code: "no-data", meter: String(352_000_001 + (i % 2)), at: i });
      if (i < 4) vault().end("no-data", String(352_000_001 + (i % 2)), i);
    }
    const db = openReadOnly(join(house.folder, "gateway.db"));
    const model = createReadModel(db, { suite: nodeSuite });
    const idsOf = (query: Parameters<typeof model.alarms>[0]) =>
      model.alarms(query).map(({ id }) => id);
    assert.deepEqual(idsOf({ limit: 3 }), [6, 5, 4]);
    assert.deepEqual(idsOf({ limit: 3, before: 4 }), [3, 2, 1]);
    assert.deepEqual(idsOf({ limit: 9, state: "closed" }), [4, 3, 2, 1]);
    assert.deepEqual(idsOf({ limit: 9, meter: "352000001" }), [5, 3, 1]);
    assert.deepEqual(idsOf({ limit: 1, meter: "352000001", state: "open" }), [5]);
    assert.equal(model.overview().openAlarms, 2);
    db.close();
  });
});
