// Branches and reorganisation between two gateways: whatever the order of blocks, the state is the fold of the winning
// branch, no record of a meter is lost or counted twice, and own records find a new place.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import type { SealedBlock } from "../../../shared/chain/block.ts";
import {
  decodeHeader,
  encodeHeader,
  hashBlock,
  hashHeader,
  signSeal,
} from "../../../shared/chain/block.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { meetsTarget } from "../../support/meets-target.ts";
import { foundHouse, TestLedger, type TestMeter } from "../../support/test-ledger.ts";

/** Two gateways of one chain, two meters enrolled in their common past. */
class Village {
  readonly a: TestLedger;
  readonly b: TestLedger;
  readonly meters: TestMeter[] = [];

  constructor() {
    const house = foundHouse(2);
    this.a = new TestLedger(house, 0);
    this.b = new TestLedger(house, 1);
    for (const id of ["352000001", "352000002"]) {
      const meter = this.a.addMeter(id);
      this.b.open(meter);
      this.meters.push(this.a.enrol(meter));
    }
    this.a.mine();
    this.deliver(this.a, this.b);
  }

  /** Every main block of one gateway that the other lacks, with its second lines. */
  deliver(from: TestLedger, to: TestLedger): string[] {
    const kinds: string[] = [];
    for (let height = 1; height <= from.ledger.tip().height; height++) {
      const block = from.ledger.block(height);
      assert.ok(block);
      const { kind } = to.ledger.append(block, from.lines2(height));
      if (kind !== "duplicate") kinds.push(kind);
    }
    return kinds;
  }

  /** The meter's next day reaches both gateways. */
  day(meter: TestMeter): void {
    const day = this.a.day(meter);
    this.b.clock.setWall(this.a.clock.wallMs());
    for (const t of [this.a, this.b]) {
      const [outcome] = t.ledger.hold([day]);
      assert.ok(outcome?.code === "held" || outcome?.code === "duplicate", outcome?.code);
    }
  }

  check(): void {
    this.a.checkLedger();
    this.b.checkLedger();
  }

  close(): void {
    this.a.close();
    this.b.close();
  }
}

function inVillage(work: (village: Village) => void): void {
  const village = new Village();
  try {
    work(village);
  } finally {
    village.close();
  }
}

const [FIRST, SECOND] = [0, 1];

test("with two gateways nothing is final yet, so there is no receipt", () => {
  inVillage(({ a }) => {
    assert.equal(a.ledger.tip().final, 0);
    assert.equal(a.ledger.receipt(0, 0), undefined);
  });
});

test("the first seen of two equal branches stays; the longer one wins", () => {
  inVillage((village) => {
    const { a, b, meters } = village;
    village.day(meters[FIRST] as TestMeter);
    a.mine();
    village.day(meters[SECOND] as TestMeter);
    b.mine();
    const [tipA, tipB] = [a.ledger.tip().hash, b.ledger.tip().hash];
    assert.deepEqual(village.deliver(a, b), ["side"]);
    assert.deepEqual(village.deliver(b, a), ["side"]);
    assert.deepEqual([a.ledger.tip().hash, b.ledger.tip().hash], [tipA, tipB]);
    village.check();
    b.mine();
    assert.deepEqual(village.deliver(b, a), ["reorganised"]);
    assert.deepEqual(a.ledger.tip().hash, b.ledger.tip().hash);
    village.check();
    a.reload();
    village.check();
    // The old branch can come back.
    assert.equal(a.ledger.heldCount(), 0);
  });
});

test("meter records of the losing branch go back to the mempool and are mined again", () => {
  inVillage((village) => {
    const { a, b, meters } = village;
    const day = a.day(meters[FIRST] as TestMeter);
    a.hold(day);
    a.mine();
    b.clock.setWall(a.clock.wallMs());
    b.mine();
    b.mine();
    assert.deepEqual(village.deliver(b, a), ["side", "reorganised"]);
    assert.equal(a.ledger.heldCount(), 1);
    village.check();
    a.mine();
    assert.equal(a.ledger.heldCount(), 0);
    village.deliver(a, b);
    village.check();
    assert.deepEqual(b.hold(day), ["duplicate"]);
  });
});

test("own records that lost their place keep it or are signed again, once each", () => {
  inVillage((village) => {
    const { a, b } = village;
    a.ledger.issue("tariff", { id: "one", ver: 1, body: { n: 1 } });
    a.mine();
    a.ledger.issue("tariff", { id: "two", ver: 1, body: { n: 2 } });
    b.ledger.issue("tariff", { id: "one", ver: 1, body: { n: 9 } });
    b.mine();
    b.mine();
    const result = a.ledger.append(b.ledger.block(2) as SealedBlock);
    assert.equal(result.kind, "side");
    const { kind, dropped } = a.ledger.append(b.ledger.block(3) as SealedBlock);
    assert.equal(kind, "reorganised");
    // "one" exists already by b's hand; "two" moves up into its place.
    assert.deepEqual(
      dropped.map(({ code }) => code),
      ["refused-tariff"],
    );
    assert.equal(a.ledger.heldCount(), 1);
    village.check();
    a.mine();
    assert.equal(a.ledger.state.get("tariff", "two")?.ver, 1);
    village.deliver(a, b);
    village.check();
  });
});

test("a bad block in a better branch leaves the old tip and marks the branch", () => {
  inVillage((village) => {
    const { a, b, meters } = village;
    village.day(meters[FIRST] as TestMeter);
    a.mine();
    a.mine();
    const tip = a.ledger.tip();
    b.ledger.issue("tariff", { id: "flat", ver: 1, body: {} });
    b.mine();
    const good = b.ledger.block(2) as SealedBlock;
    // Height 3 claims another log: only its place can show that.
    const bad = remine(b, b.seal(), { logRoot: new Uint8Array(32) });
    const top = remine(b, bad, { height: 4, prev: hashOf(bad) });
    assert.equal(a.ledger.append(good).kind, "side");
    assert.equal(a.ledger.append(bad).kind, "side");
    assert.throws(
      () => a.ledger.append(top),
      (error) => isCoded(error, "root"),
    );
    assert.deepEqual(a.ledger.tip(), tip);
    a.checkLedger();
    const marked = a.ledger.db
      .prepare("SELECT hash, code FROM side_block ORDER BY height")
      .all() as { hash: Uint8Array; code: string | null }[];
    assert.deepEqual(
      marked.map(({ hash, code }) => [encodeBase64url(hash), code]),
      [
        [encodeBase64url(hashOf(good)), null],
        [encodeBase64url(hashOf(bad)), "root"],
        [encodeBase64url(hashOf(top)), "root"],
      ],
    );
    // What stands on a marked block is refused at once; the good part of the branch can still win.
    const child = remine(b, bad, { height: 5, prev: hashOf(top) });
    assert.throws(
      () => a.ledger.append(child),
      (error) => isCoded(error, "parent"),
    );
    b.mine();
    b.mine();
    assert.deepEqual(village.deliver(b, a).at(-1), "reorganised");
    village.check();
  });
});

test("a block without a known parent, and one below the last final block, is refused", () => {
  inVillage(({ b }) => {
    b.mine();
    const block = b.seal();
    const orphan = remine(b, block, { prev: new Uint8Array(32).fill(7) });
    assert.throws(
      () => b.ledger.append(orphan),
      (error) => isCoded(error, "parent"),
    );
  });
  const alone = new TestLedger();
  try {
    const rival = alone.seal();
    alone.mine();
    assert.throws(
      () => alone.ledger.append(rival),
      (error) => isCoded(error, "parent"),
    );
    alone.checkLedger();
  } finally {
    alone.close();
  }
});

test("any order of mining and delivery ends in one chain with every record once", () => {
  const step = fc.record({
    op: fc.constantFrom("day", "mine", "deliver", "issue", "reload"),
    who: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 18 }), (script) => {
      inVillage((village) => {
        const { a, b, meters } = village;
        let issued = 0;
        for (const { op, who } of script) {
          const [one, other] = who ? [a, b] : [b, a];
          if (op === "day") village.day(meters[who ? FIRST : SECOND] as TestMeter);
          else if (op === "mine") one.mine();
          else if (op === "deliver") village.deliver(one, other);
          else if (op === "reload") one.reload();
          else one.ledger.issue("tariff", { id: `t-${issued++}`, ver: 1, body: {} });
        }
        village.check();
        // Both see everything, then one goes ahead and the other follows, until nothing is held.
        for (let round = 0; round < 4; round++) {
          for (const [one, other] of [
            [a, b],
            [b, a],
          ] as const) {
            village.deliver(other, one);
            one.mine();
            one.mine();
            village.deliver(one, other);
            assert.deepEqual(one.ledger.tip().hash, other.ledger.tip().hash);
          }
        }
        village.check();
        assert.deepEqual([a.ledger.heldCount(), b.ledger.heldCount()], [0, 0]);
        for (let n = 0; n < issued; n++) {
          assert.equal(a.ledger.state.get("tariff", `t-${n}`)?.ver, 1, `tariff ${n}`);
        }
        for (const meter of meters) {
          assert.equal(b.ledger.state.get("device", meter.key.kid)?.seq, meter.seq);
        }
      });
    }),
    { numRuns: 12, seed: 20240101 },
  );
});

function hashOf(block: SealedBlock): Uint8Array {
  return hashBlock(nodeSuite, hashHeader(nodeSuite, block.header), block.nonce);
}

/** The block with another header, worked and sealed as a gateway that breaks the rules would. */
function remine(
  t: TestLedger,
  block: SealedBlock,
  changes: Partial<ReturnType<typeof decodeHeader>>,
): SealedBlock {
  const header = encodeHeader({ ...decodeHeader(block.header), ...changes });
  const headerHash = hashHeader(nodeSuite, header);
  for (let n = 0; ; n++) {
    const nonce = new Uint8Array(32);
    nonce[31] = n;
    const hash = hashBlock(nodeSuite, headerHash, nonce);
    if (!meetsTarget(hash, decodeHeader(header).bits)) continue;
    return { ...block, header, nonce, seal: signSeal(nodeSuite, t.keys.signing, hash) };
  }
}
