import assert from "node:assert/strict";
import { test } from "node:test";
import { type Commit, CommitQueue } from "../../../gateway/app/commit-queue.ts";
import type { AdmittedItem } from "../../../gateway/intake/admitted-batch.ts";
import type { Candidate, HoldOutcome } from "../../../gateway/ledger/candidate.ts";
import { waitFor } from "../../support/wait.ts";

const METER = "352522395";

function makeItem(seq: number, more: Partial<AdmittedItem> = {}): AdmittedItem {
  const leaf = `leaf-${seq}`;
  const payload = { v: 1, seq, prev: "p", ct: "c", pt: "q", from: 0, to: 1 } as const;
  const record = {
    typ: "day",
    kid: "k",
    seq,
    prev: "p",
    leaf,
    line1: `line-${seq}`,
    payload,
  } as const;
  const candidate: Candidate = {
    record,
    line2: "two",
    meter: METER,
    opened: { packed: new Uint8Array([seq]) },
  };
  return { meter: METER, epoch: 1, packetId: seq, leaf, candidate, ...more };
}

/** A ledger that knows one rule: seq goes up by one. */
function createLedger() {
  const batches: Candidate[][] = [];
  let newest = 0;
  return {
    batches,
    hold(candidates: readonly Candidate[]): HoldOutcome[] {
      batches.push([...candidates]);
      return candidates.map(({ record: { seq, leaf } }) => {
        if (seq === newest + 1) {
          newest = seq;
          return { code: "held", leaf };
        }
        return seq > newest
          ? { code: "resend", leaf, want: newest + 1 }
          : { code: "duplicate", leaf };
      });
    },
  };
}

function createQueue(more: { commitRecords?: number; maxParked?: number; newest?: number } = {}) {
  const ledger = createLedger();
  const commits: Commit[] = [];
  const opened: number[] = [];
  const queue = new CommitQueue({
    ledger,
    open: (record) => {
      opened.push(record.seq);
      return { unusable: "pt" };
    },
    recipientsOf: () => [],
    newestOf: () => more.newest ?? 0,
    commitRecords: more.commitRecords ?? 512,
    commitMs: 5,
    maxParked: more.maxParked ?? 32,
    onCommit: (commit) => commits.push(commit),
  });
  return { ledger, commits, opened, queue };
}

const codesOf = (commits: readonly Commit[]): string[] =>
  commits.flatMap(({ outcomes }) => outcomes.map(({ code, leaf }) => `${leaf} ${code}`));

test("commits at its size at once, and what is left after its time; acknowledges by connection", async () => {
  const { ledger, commits, queue } = createQueue({ commitRecords: 2 });
  queue.add([makeItem(1), makeItem(2, { epoch: 2 })]);
  queue.add([makeItem(3)]);
  assert.deepEqual(
    ledger.batches.map((batch) => batch.length),
    [2],
  );
  await waitFor("the rest", () => commits.length === 2);
  assert.deepEqual(
    commits.map(({ acknowledge }) => [...acknowledge]),
    [
      [
        [1, [1]],
        [2, [2]],
      ],
      [[1, [3]]],
    ],
  );
});

test("a batch is not divided, and is done with when it is committed", () => {
  const { ledger, commits, queue } = createQueue({ commitRecords: 3 });
  const done: string[] = [];
  const add = (name: string, ...numbers: number[]): void => {
    queue.add(
      numbers.map((n) => makeItem(n)),
      () => done.push(`${name} after ${commits.length}`),
    );
  };
  add("a", 1, 2);
  add("b", 3, 4);
  assert.deepEqual(done, ["a after 1"]);
  add("none");
  add("c", 5, 6, 7, 8);
  assert.deepEqual(done, ["a after 1", "b after 2", "none after 2", "c after 3"]);
  assert.deepEqual(
    ledger.batches.map((batch) => batch.length),
    [2, 2, 4],
  );
});

test("an envelope that came at QoS 0 is reported done as well, so that it no longer counts as taken in", () => {
  const { commits, queue } = createQueue();
  queue.add([makeItem(1, { packetId: 0 })]);
  queue.flush();
  assert.deepEqual([...(commits[0]?.acknowledge ?? [])], [[1, [0]]]);
});

test("refusals are acknowledged with the commit and never reach the ledger", () => {
  const { ledger, commits, queue } = createQueue();
  const { candidate: _none, ...refused } = makeItem(1, { refused: "signature" });
  const { candidate: _too, ...frozen } = makeItem(2, { refused: "frozen" });
  queue.add([refused, frozen]);
  queue.flush();
  assert.deepEqual(codesOf(commits), ["leaf-1 refused-signature", "leaf-2 frozen"]);
  assert.deepEqual(ledger.batches, []);
});

test("parks what is ahead and holds it when the gap is filled, at most so many of a key", () => {
  const { commits, queue } = createQueue({ maxParked: 2 });
  queue.add([makeItem(3), makeItem(5), makeItem(4), makeItem(3)]);
  queue.flush();
  assert.equal(queue.parked, 2);
  queue.add([makeItem(1), makeItem(2)]);
  queue.flush();
  assert.deepEqual(codesOf(commits), [
    "leaf-3 resend",
    "leaf-5 resend",
    "leaf-4 resend",
    "leaf-3 resend",
    "leaf-1 held",
    "leaf-2 held",
    "leaf-3 held",
  ]);
  assert.equal(queue.parked, 1, "5 waits for 4, for which there was no room");
  const outcomes = commits.flatMap((commit) => commit.outcomes);
  const ended = outcomes.filter(({ parked }) => parked === undefined).map(({ leaf }) => leaf);
  assert.deepEqual(ended.sort(), ["leaf-1", "leaf-2", "leaf-3", "leaf-3", "leaf-4"], "5 has not");
});

test("what is parked does not lie in its batch, and an empty line 2 is one", () => {
  const { ledger, queue } = createQueue();
  const memory = Uint8Array.of(1, 2, 3);
  const withLine2 = (seq: number, line2: Partial<Candidate>): AdmittedItem => {
    const item = makeItem(seq);
    const { line2: _two, ...candidate } = item.candidate as Candidate;
    return { ...item, candidate: { ...candidate, ...line2 } };
  };
  queue.add([withLine2(2, { packedLine2: memory }), withLine2(3, { line2: "" })], () => {
    memory.fill(0xee);
  });
  queue.flush();
  assert.equal(memory[0], 0xee);
  queue.add([makeItem(1)]);
  queue.flush();
  const held = ledger.batches.flat().slice(-2);
  assert.deepEqual(
    held.map(({ record, packedLine2, line2 }) => [record.seq, packedLine2, line2]),
    [
      [2, Uint8Array.of(1, 2, 3), undefined],
      [3, undefined, ""],
    ],
  );
});

test("opens what a worker skipped only if it is to be held after all", () => {
  const { opened, ledger, queue } = createQueue({ newest: 1 });
  queue.add([makeItem(1, { unopened: true }), makeItem(2, { unopened: true })]);
  queue.flush();
  assert.deepEqual(opened, [2]);
  assert.deepEqual(ledger.batches[0]?.[1]?.opened, { unusable: "pt" });
});
