/**
 * Held records against a plain list: whatever is added, put back in front, signed again, taken out or undone, the maps and, read
 * again, the table hold the same records in the same order.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { createDatabase, type Db } from "../../../gateway/ledger/database.ts";
import { decodeHeld, encodeHeld, type StoredHeld } from "../../../gateway/ledger/held-row.ts";
import { type Held, Mempool, type NewHeld } from "../../../gateway/ledger/mempool.ts";
import { createSigningKey, type SigningKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type ParsedRecord, parseRecord, signRecord } from "../../../shared/record/record.ts";

const KEYS: readonly SigningKey[] = [1, 2, 3].map(() => createSigningKey(nodeSuite, randomBytes));

const HASH = "A".repeat(43);

/** Records of three keys, as many as a run needs; what they say does not matter here. */
const RECORDS: readonly ParsedRecord[] = Array.from({ length: 400 }, (_, n) =>
  parseRecord(
    nodeSuite,
    signRecord(nodeSuite, KEYS[n % KEYS.length] as SigningKey, n % 7 === 0 ? "event" : "day", {
      ...{ v: 1, seq: n + 1, prev: HASH, ct: HASH, pt: HASH },
      ...(n % 7 === 0 ? { at: 1_700_000_000 } : { from: 1_700_000_000, to: 1_700_086_400 }),
    } as never),
  ),
);

interface Model {
  readonly leaf: string;
  readonly blob: number | null;
  readonly meter: string | undefined;
  readonly own: boolean;
  readonly at: number;
}

const action = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant("restore" as const), count: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ kind: fc.constant("mine" as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant("remove" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("replace" as const), at: fc.nat() }),
);
const transaction = fc.record({
  actions: fc.array(action, { minLength: 1, maxLength: 5 }),
  end: fc.constantFrom("commit", "commit", "commit", "undo", "reopen"),
});

type ValueOf<A> = A extends fc.Arbitrary<infer V> ? V : never;
type Action = ValueOf<typeof action>;

class Bench {
  readonly db: Db;
  mempool: Mempool;
  model: Model[] = [];
  #next = 0;

  constructor(folder: string) {
    this.db = createDatabase(join(folder, "store.db"));
    this.mempool = new Mempool(this.db, nodeSuite);
  }

  run(actions: readonly Action[], end: string): void {
    const before = [...this.model];
    try {
      this.db.transaction(() => {
        for (const one of actions) this.#act(one);
        this.mempool.write();
        if (end === "undo") throw new Error("undone");
      })();
    } catch (error) {
      assert.match(`${error}`, /undone/);
      this.model = before;
      this.mempool.load();
    }
    if (end === "reopen") {
      this.mempool = new Mempool(this.db, nodeSuite);
      this.mempool.load();
    }
    this.check(this.mempool);
    const fresh = new Mempool(this.db, nodeSuite);
    fresh.load();
    this.check(fresh);
  }

  check(mempool: Mempool): void {
    const seen = [...mempool.values()];
    assert.deepEqual(
      seen.map(({ record, blob, meter, own, at }) => ({ leaf: record.leaf, blob, meter, own, at })),
      this.model,
    );
    assert.equal(mempool.size, this.model.length);
    for (const [i, held] of seen.entries()) {
      assert.ok(i === 0 || (seen[i - 1] as Held).id < held.id);
      assert.equal(mempool.get(held.record.leaf), held);
      assert.equal(mempool.find(held.record.kid, held.record.seq), held);
      assert.ok(mempool.ofKey(held.record.kid).includes(held));
      assert.equal(Buffer.from(held.leafHash).toString("base64url"), held.record.leaf);
      assert.equal(held.line1Chars, held.record.line1.length);
    }
    const others = seen.filter(({ record }) => record.typ !== "day");
    assert.deepEqual(new Set(mempool.others()), new Set(others));
    const stored = this.db.prepare(
      "SELECT coalesce(sum(records), 0) AS n, coalesce(min(records), 1) > 0 AS full FROM held",
    );
    assert.deepEqual(stored.get(), { n: this.model.length, full: 1 });
  }

  #make(): NewHeld {
    const n = this.#next++;
    const record = RECORDS[n % RECORDS.length] as ParsedRecord;
    const meter = n % 3 === 0 ? undefined : `35200000${n % 10}`;
    return { record, blob: n % 4 === 0 ? null : n * 1000, meter, own: n % 5 === 0, at: 1.7e9 + n };
  }

  #act(one: Action): void {
    const { mempool, model } = this;
    const values = [...mempool.values()];
    if (one.kind === "add") {
      for (let i = 0; i < one.count; i++) {
        const held = this.#make();
        mempool.add(held);
        model.push(modelOf(held));
      }
    } else if (one.kind === "restore") {
      const held = Array.from({ length: one.count }, () => this.#make());
      mempool.restore(held);
      model.unshift(...held.map(modelOf));
    } else if (one.kind === "mine") {
      for (const held of values.slice(0, one.count)) mempool.remove(held);
      model.splice(0, one.count);
    } else if (values.length > 0) {
      const at = one.at % values.length;
      if (one.kind === "remove") {
        mempool.remove(values[at] as Held);
        model.splice(at, 1);
      } else {
        const by = this.#make();
        mempool.replace(values[at] as Held, by);
        mempool.sort();
        model[at] = modelOf(by);
      }
    }
  }
}

function modelOf({ record, blob, meter, own, at }: NewHeld): Model {
  return { leaf: record.leaf, blob, meter, own, at };
}

/** What comes back from a block next must not take the number of a row whose first records are gone. */
const ROW_THAT_LOST_ITS_FIRST: ValueOf<typeof transaction>[] = [
  { actions: [{ kind: "restore", count: 3 }], end: "commit" },
  { actions: [{ kind: "mine", count: 2 }], end: "reopen" },
  { actions: [{ kind: "restore", count: 2 }], end: "commit" },
];

test("maps and table hold what a plain list holds, after every transaction, undone or not", () => {
  fc.assert(
    fc.property(fc.array(transaction, { minLength: 1, maxLength: 12 }), (transactions) => {
      const folder = mkdtempSync(join(tmpdir(), "wattproof-mempool-"));
      const bench = new Bench(folder);
      try {
        for (const { actions, end } of transactions) bench.run(actions, end);
      } finally {
        bench.db.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60, examples: [[ROW_THAT_LOST_ITS_FIRST]] },
  );
});

test("a row gives its records again", () => {
  const stored = fc.record(
    {
      id: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      packed: fc.uint8Array({ minLength: 1, maxLength: 600 }),
      blob: fc.option(fc.integer({ min: 1, max: 2 ** 50 })),
      meter: fc.option(fc.stringMatching(/^\d{9}$/), { nil: undefined }),
      own: fc.boolean(),
      at: fc.integer({ min: 0, max: 2 ** 40 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(stored, { maxLength: 20 }), (records: StoredHeld[]) => {
      const again = decodeHeld(encodeHeld(records), records.length).map((one) => ({
        ...one,
        packed: Uint8Array.from(one.packed),
      }));
      assert.deepEqual(again, records);
    }),
  );
});
