/** What a store of version 2 lacks is made as the fold of its records would have left it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addPlaces } from "../../../gateway/ledger/add-places.ts";
import { TestLedger, type TestMeter } from "../../support/test-ledger.ts";

let t: TestLedger;
before(() => {
  t = new TestLedger();
});
after(() => t.close());

function move(meter: TestMeter, point: string): void {
  const to = [{ key: t.keys.utility.jwk, use: "utility" as const }];
  t.ledger.issue("enrol", { key: meter.key.jwk, point, to });
  t.mine();
}

function freeze(meter: TestMeter): void {
  const { seq, prev } = meter;
  t.hold(t.event(meter, "tamper"));
  Object.assign(meter, { seq, prev });
  assert.deepEqual(t.hold(t.event(meter, "tamper", { after: "x" })), ["frozen"]);
  t.mine();
}

test("keys in turn at a point, moved and frozen ones", () => {
  const [plain, frozen, moved, back] = [t.enrol(), t.enrol(), t.enrol(), t.enrol()];
  t.mine();
  for (const meter of [plain, frozen, moved, back]) t.hold(t.day(meter), t.day(meter));
  t.mine();
  freeze(frozen);
  const successor = t.addMeter(frozen.id);
  Object.assign(successor, { salt: frozen.salt, point: frozen.point, from: frozen.from });
  t.enrol(successor);
  move(plain, plain.point);
  const away = t.addMeter();
  move(moved, away.point);
  Object.assign(moved, { id: away.id });
  t.hold(t.day(moved));
  t.mine();
  const home = back.point;
  const elsewhere = t.addMeter();
  move(back, elsewhere.point);
  move(back, home);
  t.hold(t.day(back), t.day(successor));
  t.mine();
  t.checkLedger();
  const { db } = t.ledger;
  const rows = db
    .prepare("SELECT key, value FROM state WHERE key LIKE 'place:%' OR key LIKE 'moved:%'")
    .all();
  assert.equal(rows.length, 7, "five points, two keys that moved");
  db.exec("DELETE FROM state WHERE key LIKE 'place:%' OR key LIKE 'moved:%'");
  addPlaces(db);
  t.reload();
  t.checkLedger();
});
