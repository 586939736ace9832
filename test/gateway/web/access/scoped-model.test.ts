// What an auditor is shown of a bill: its lines, and nothing that says when somebody was at home.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { openReadOnly } from "../../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../../gateway/projection/read-model.ts";
import { scopeReadModel, withoutReadings } from "../../../../gateway/web/access/scoped-model.ts";
import { nodeSuite } from "../../../../shared/crypto/node-suite.ts";
import { makeBilledHouse } from "../../../support/billed-house.ts";

test("an auditor sees how high a peak was, and not when; its customer sees both", (t) => {
  const house = makeBilledHouse();
  t.after(() => house.ledger.close());
  const db = openReadOnly(path.join(house.ledger.folder, "gateway.db"));
  t.after(() => db.close());
  const model = createReadModel(db, { suite: nodeSuite });
  const linesOf = (shown: typeof model) => shown.bill(house.no)?.lines ?? [];
  const own = linesOf(scopeReadModel(model, [house.meter.id]));
  const audited = linesOf(withoutReadings(model));
  const peak = own.findIndex(({ unit }) => unit === "w");
  assert.match(own[peak]?.label ?? "", /^Peak, 2024-01-\d\d \d\d:\d\d$/);
  assert.deepEqual(audited[peak], { ...own[peak], label: "Peak" });
  assert.deepEqual(audited.toSpliced(peak, 1), own.toSpliced(peak, 1));
});
