// The ledger's promises on one chain: what is held is durable, each record once, refusals change nothing.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { isCoded } from "../../../shared/base/error.ts";
import { parseReceipt } from "../../../shared/chain/receipt.ts";
import { createSigningKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { signRequest } from "../../../shared/message/request.ts";
import { parseRecord } from "../../../shared/record/record.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { TestLedger } from "../../support/test-ledger.ts";

let t: TestLedger;
beforeEach(() => {
  t = new TestLedger();
});
afterEach(() => t.close());

test("a day goes from hold through a block to a receipt, and all of it survives a restart", () => {
  t.checkLedger();
  const meter = t.enrol();
  t.checkLedger();
  assert.equal(t.mine().kind, "extended");
  t.checkLedger();
  assert.deepEqual(t.hold(t.day(meter), t.day(meter)), ["held", "held"]);
  t.reload();
  assert.equal(t.ledger.heldCount(), 2);
  t.checkLedger();
  t.mine();
  assert.equal(t.ledger.heldCount(), 0);
  t.checkLedger();
  t.reload();
  t.checkLedger();
  const receipt = parseReceipt(t.ledger.receipt(3, 2) ?? "");
  assert.equal(receipt.index, 3);
  assert.equal(receipt.old, 2);
});

test("enrol and the first day may share a block", () => {
  const meter = t.enrol();
  assert.deepEqual(t.hold(t.day(meter)), ["held"]);
  t.mine();
  assert.equal(t.ledger.tip().logSize, 3);
  t.checkLedger();
});

test("an empty block extends the chain without changing the log", () => {
  const before = t.ledger.tip();
  assert.equal(t.mine().kind, "extended");
  const after = t.ledger.tip();
  assert.equal(after.height, before.height + 1);
  assert.equal(after.logSize, before.logSize);
  t.checkLedger();
});

test("the same record again is a duplicate, before and after its block, and names its place", () => {
  const meter = t.enrol();
  t.mine();
  const days = [t.day(meter), t.day(meter), t.day(meter)] as const;
  assert.deepEqual(t.hold(...days), ["held", "held", "held"]);
  const [waiting] = t.ledger.hold([days[1]]);
  assert.equal(waiting?.code, "duplicate");
  assert.equal(waiting?.position, undefined);
  t.mine();
  t.reload();
  days.forEach((day, i) => {
    const [outcome] = t.ledger.hold([day]);
    assert.equal(outcome?.code, "duplicate");
    assert.equal(outcome?.position, 2 + i);
    assert.equal(outcome?.last, days[2].record.line1);
  });
  assert.equal(t.ledger.heldCount(), 0);
  t.checkLedger();
});

test("a gap is answered with the seq that comes next and the newest record", () => {
  const meter = t.enrol();
  t.mine();
  const first = t.day(meter);
  const second = t.day(meter);
  const third = t.day(meter);
  const [early] = t.ledger.hold([third]);
  assert.deepEqual([early?.code, early?.want, early?.last], ["resend", 1, undefined]);
  t.hold(first);
  const [late] = t.ledger.hold([third]);
  assert.deepEqual([late?.code, late?.want, late?.last], ["resend", 2, first.record.line1]);
  assert.deepEqual(t.hold(second, third), ["held", "held"]);
  t.mine();
  t.checkLedger();
});

test("a record by an unknown key, with another prev, from the future or overlapping is refused", () => {
  const meter = t.enrol();
  t.mine();
  const stranger = t.addMeter("352999999");
  stranger.prev = meter.prev;
  assert.deepEqual(t.hold(t.day(stranger)), ["refused-unknown-key"]);
  const wrongPrev = t.day(meter, { prev: t.ledger.state.chain.id, keepPlace: true });
  assert.deepEqual(t.hold(wrongPrev), ["refused-prev"]);
  const future = t.day(meter, { keepPlace: true });
  t.clock.setWall(meter.from * 1000);
  assert.deepEqual(t.hold(future), ["refused-future"]);
  meter.from += 86_400;
  const second = t.day(meter);
  assert.deepEqual(t.hold(second), ["held"]);
  meter.from -= 2 * 86_400;
  assert.deepEqual(t.hold(t.day(meter, { keepPlace: true })), ["refused-period"]);
  assert.equal(t.ledger.heldCount(), 1);
  t.mine();
  t.checkLedger();
});

for (const mined of [false, true]) {
  test(`two records with one seq become evidence and freeze the key (${mined ? "mined" : "held"})`, () => {
    const meter = t.enrol();
    const other = t.enrol();
    t.mine();
    const first = t.day(meter, { keepPlace: true });
    const second = t.day(meter, { keepPlace: true, wh: Array.from({ length: 96 }, () => 7) });
    assert.deepEqual(t.hold(first), ["held"]);
    if (mined) t.mine();
    assert.deepEqual(t.hold(second, first), ["frozen", "duplicate"]);
    meter.seq = 1;
    meter.prev = first.record.leaf;
    meter.from += 86_400;
    assert.deepEqual(t.hold(t.day(meter), t.day(other)), ["frozen", "held"]);
    t.reload();
    assert.deepEqual(t.hold(second), ["frozen"]);
    t.mine();
    assert.equal(t.ledger.state.get("device", meter.key.kid)?.status, "frozen");
    const size = t.ledger.tip().logSize;
    const records = Array.from({ length: size }, (_, position) =>
      parseRecord(nodeSuite, t.ledger.line1(position) ?? ""),
    );
    const evidence = records.filter(({ typ }) => typ === "evidence");
    assert.equal(evidence.length, 1, "evidence is issued once");
    assert.equal(records.filter(({ kid }) => kid === meter.key.kid).length, 1);
    t.checkLedger();
  });
}

test("a block takes at most 64 records of one meter key; the rest waits its turn", () => {
  const meter = t.enrol();
  t.mine();
  const days = Array.from({ length: 70 }, () => t.day(meter));
  assert.ok(t.hold(...days).every((code) => code === "held"));
  t.mine();
  assert.equal(t.ledger.heldCount(), 6);
  t.mine();
  assert.equal(t.ledger.heldCount(), 0);
  t.checkLedger();
});

test("records behind 64 others are refused, not lost, when evidence is mined before them", () => {
  const meter = t.enrol();
  t.mine();
  const days = Array.from({ length: 66 }, () => t.day(meter));
  t.hold(...days);
  const last = days[65];
  assert.ok(last);
  meter.seq = 65;
  meter.prev = days[64]?.record.leaf ?? "";
  meter.from -= 86_400;
  assert.deepEqual(t.hold(t.day(meter, { wh: Array.from({ length: 96 }, () => 9) })), ["frozen"]);
  const { dropped } = t.mine();
  assert.deepEqual(
    dropped.map(({ leaf, code, meter: id }) => [leaf, code, id]),
    days.slice(64).map(({ record }) => [record.leaf, "frozen", meter.id]),
  );
  assert.equal(t.ledger.heldCount(), 0);
  const blobs = t.ledger.db.prepare("SELECT count(*) AS n FROM blob").get() as { n: number };
  assert.equal(blobs.n, 64, "a dropped record takes its line 2 along");
  t.checkLedger();
});

test("own records follow each other through the mempool, and a refused one changes nothing", () => {
  const body = { kind: "flat" };
  t.ledger.issue("tariff", { id: "flat", ver: 1, body });
  t.ledger.issue("tariff", { id: "flat", ver: 2, body });
  assert.throws(
    () => t.ledger.issue("tariff", { id: "flat", ver: 2, body }),
    (error) => isCoded(error, "tariff"),
  );
  t.reload();
  t.ledger.issue("tariff", { id: "flat", ver: 3, body });
  assert.equal(t.ledger.heldCount(), 3);
  t.mine();
  assert.equal(t.ledger.state.get("tariff", "flat")?.ver, 3);
  t.checkLedger();
});

test("a receipt exists for final sizes only and for any old size", () => {
  const meters = Array.from({ length: 5 }, () => t.enrol());
  t.mine();
  for (let day = 0; day < 8; day++) {
    t.hold(...meters.map((meter) => t.day(meter)));
    t.mine();
  }
  const { logSize } = t.ledger.tip();
  assert.equal(t.ledger.receipt(logSize, 0), undefined);
  assert.equal(t.ledger.receipt(0, logSize + 1), undefined);
  for (let old = 0; old <= logSize; old++) {
    assert.equal(parseReceipt(t.ledger.receipt(old % logSize, old) ?? "").old, old);
  }
  t.checkLedger();
});

test("a block that breaks a rule is refused with its code and leaves no trace", () => {
  t.enrol();
  const block = t.seal();
  const seal = block.seal.slice();
  seal[5] = (seal[5] ?? 0) ^ 1;
  const header = block.header.slice();
  header[70] = (header[70] ?? 0) ^ 1;
  const before = t.ledger.tip();
  assert.throws(
    () => t.ledger.append({ ...block, seal }),
    (error) => isCoded(error, "seal"),
  );
  assert.throws(
    () => t.ledger.append({ ...block, header }),
    (error) => isCoded(error),
  );
  assert.throws(
    () => t.ledger.append({ ...block, records: [] }),
    (error) => isCoded(error, "root"),
  );
  assert.deepEqual(t.ledger.tip(), before);
  t.checkLedger();
  assert.equal(t.ledger.append(block).kind, "extended");
  assert.equal(t.ledger.append(block).kind, "duplicate");
  t.checkLedger();
});

test("several own records are held together or not at all", () => {
  const meter = t.addMeter();
  const enrol = {
    key: meter.key.jwk,
    point: meter.point,
    to: [{ key: t.keys.utility.jwk, use: "utility" as const }],
    req: signRequest(nodeSuite, meter.key, {
      chain: t.ledger.state.chain.id,
      token: new Uint8Array(32).fill(7),
    }),
  };
  const assign = { point: meter.point, tariff: "none-such", from: 0 };
  assert.throws(
    () =>
      t.ledger.issueAll([
        { typ: "enrol", payload: enrol },
        { typ: "assign", payload: assign },
      ]),
    (error) => isCoded(error, "tariff"),
  );
  assert.equal(t.ledger.heldCount(), 0);
  assert.equal(t.ledger.pending.get("device", meter.key.kid), undefined);
  t.reload();
  assert.equal(t.ledger.heldCount(), 0);
  assert.equal(t.ledger.issueAll([{ typ: "enrol", payload: enrol }]).length, 1);
  t.mine();
  t.checkLedger();
});

test("a gateway that is no member answers a conflict with a code, and the records beside it are held", () => {
  const [honest, cloned] = [t.enrol(), t.enrol()];
  t.mine();
  const conflict = t.day(cloned, { keepPlace: true, wh: Array.from({ length: 96 }, () => 9) });
  assert.deepEqual(t.hold(t.day(cloned)), ["held"]);
  t.mine();
  const keys = { ...t.keys, signing: createSigningKey(nodeSuite, seededBytes("stranger")) };
  Object.assign(t, { keys });
  t.reload();
  assert.deepEqual(t.hold(conflict, t.day(honest)), ["refused-unknown-key", "held"]);
});
