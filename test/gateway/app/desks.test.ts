import assert from "node:assert/strict";
import { test } from "node:test";
import { ReceiptDesk } from "../../../gateway/app/receipt-desk.ts";
import { ReplyDesk } from "../../../gateway/app/reply-desk.ts";

const METER = "352522395";

function createReplies() {
  const time = { now: 0 };
  const desk = new ReplyDesk({
    sign: ({ code, leaf, want }) => `${code} ${leaf}${want === undefined ? "" : ` ${want}`}`,
    topicOf: (meter) => meter,
    heldReplyAfterMs: 100,
    monotonicMs: () => time.now,
  });
  return { time, desk };
}

test("refusals are answered at once, held only when no receipt came in time", () => {
  const { time, desk } = createReplies();
  const replies = desk.answer([
    { meter: METER, leaf: "a", code: "held" },
    { meter: METER, leaf: "b", code: "held" },
    { meter: METER, leaf: "c", code: "refused-seq" },
    { meter: "", leaf: "d", code: "refused-topic" },
  ]);
  assert.deepEqual(replies, [{ topic: METER, payload: "refused-seq c" }]);
  desk.settled("a");
  assert.deepEqual(desk.due(10), []);
  time.now = 100;
  assert.deepEqual(desk.due(10), [{ topic: METER, payload: "held b" }]);
  assert.deepEqual(desk.due(10), []);
  assert.equal(desk.deferred, 0);
});

test("one gap is asked for once in a while, another one at once", () => {
  const { time, desk } = createReplies();
  const ask = (want: number) =>
    desk.answer([{ meter: METER, leaf: "x", code: "resend", want }]).length;
  assert.deepEqual([ask(3), ask(3), ask(4), ask(4)], [1, 0, 1, 0]);
  time.now = 2000;
  assert.equal(ask(4), 1);
});

test("a flood from one meter is answered once in a while, every other refusal at once", () => {
  const { time, desk } = createReplies();
  const say = (code: "refused-rate" | "refused-size" | "refused-seq", meter = METER) =>
    desk.answer([{ meter, leaf: "x", code }]).length;
  assert.deepEqual([say("refused-rate"), say("refused-rate"), say("refused-size")], [1, 0, 0]);
  assert.deepEqual(
    [say("refused-rate", "352522396"), say("refused-seq"), say("refused-seq")],
    [1, 1, 1],
  );
  time.now = 2000;
  assert.equal(say("refused-size"), 1);
});

function createReceipts(finalSize = 10_000) {
  const seen = new Map<string, number>();
  let made: string[] = [];
  const desk = new ReceiptDesk({
    make({ position }, old) {
      if (position >= finalSize) return false;
      made.push(`${position} from ${old}`);
      return true;
    },
    seenOf: (meter) => seen.get(meter) ?? 0,
    setSeen: (meter, size) => seen.set(meter, size),
    finalSize: () => finalSize,
    rootAt: () => new Uint8Array(32),
  });
  /** The receipts made in one go. */
  const next = (): string[] => {
    made = [];
    assert.equal(desk.next(), made.length);
    return made;
  };
  return { desk, seen, next };
}

const note = (size: number, root = 0): string =>
  `origin\n${size}\n${Buffer.alloc(32, root).toString("base64")}\n\n\u2014 gateway ${Buffer.alloc(68).toString("base64")}\n`;

test("receipts lead from what the meter has seen; a meter that saw something else gets them again", () => {
  const { desk, next } = createReceipts();
  desk.seen(METER, note(5));
  desk.owe([7, 8].map((position) => ({ meter: METER, position })));
  assert.deepEqual(next(), ["7 from 5", "8 from 5"]);
  desk.seen(METER, note(5));
  assert.deepEqual(next(), []);
  desk.seen(METER, note(8));
  assert.deepEqual(next(), ["8 from 8"], "7 lies in what it saw");
});

test("a note that is none changes nothing, one beyond the log or of another one is handed back to be judged", () => {
  const { desk, seen } = createReceipts(100);
  assert.equal(desk.seen(METER, "nonsense"), undefined);
  assert.deepEqual(desk.seen(METER, note(101)), { kind: "beyond", size: 101 });
  assert.deepEqual(desk.seen(METER, note(99, 7)), { kind: "forked", size: 99 });
  assert.equal(seen.size, 0);
  assert.equal(desk.seen(METER, note(99)), undefined);
  assert.equal(seen.get(METER), 99);
  // The empty log has no root that anybody could disagree about.
  assert.equal(desk.seen(METER, note(0, 7)), undefined);
});

test("no more receipts are made than the broker takes", () => {
  const { desk, next } = createReceipts(100_000);
  desk.owe(Array.from({ length: 5000 }, (_, position) => ({ meter: METER, position })));
  let made = 0;
  for (let n = next().length; n > 0; n = next().length) made += n;
  assert.equal(made, 2048);
  desk.published(2048);
  assert.ok(next().length > 0);
});
