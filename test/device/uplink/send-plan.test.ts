/** When what is sent: order, windows, waits, resending, what a new connection does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SendPlan } from "../../../device/uplink/send-plan.ts";
import { ManualClock } from "../../../shared/base/clock.ts";

function start(options: Partial<{ window: number; unanswered: number; perMinute: number }> = {}) {
  const clock = new ManualClock(0);
  const plan = new SendPlan({
    retryMs: 1000,
    retryMostMs: 8000,
    heldRetryMs: 100_000,
    refusedRetryMs: 10_000,
    rejoinMs: 5000,
    window: options.window ?? 8,
    unanswered: options.unanswered ?? 16,
    perMinute: options.perMinute ?? 60_000,
    monotonicMs: () => clock.monotonicMs(),
    random: () => 0.5,
  });
  return { clock, plan };
}

type Row = { seq: number; answer: string | null };
const rows = (...answers: (string | null)[]): Row[] =>
  answers.map((answer, i) => ({ seq: i + 1, answer }));

/** Sends what is due and says what it was. */
function send(
  clock: ManualClock,
  plan: SendPlan,
  list: readonly Row[],
  acknowledge = true,
): number[] {
  const due = plan.next(list, clock.monotonicMs());
  for (const row of list) {
    if (!due.includes(row.seq)) continue;
    plan.sent(row);
    if (acknowledge) plan.acknowledged(row.seq);
  }
  return due;
}

test("in order, as many as the window has room for", () => {
  const { plan, clock } = start({ window: 2 });
  const list = rows(null, null, null);
  assert.deepEqual(send(clock, plan, list, false), [1, 2]);
  assert.deepEqual(send(clock, plan, list), []);
  plan.acknowledged(1);
  assert.deepEqual(send(clock, plan, list), [3]);
});

test("a bounded number is unanswered, and those are repeated after a growing wait", () => {
  const { plan, clock } = start({ unanswered: 2 });
  const list = rows(null, null, null);
  const sent: number[] = [];
  assert.deepEqual(send(clock, plan, list), [1, 2]);
  assert.deepEqual(send(clock, plan, list), []);
  for (let second = 1; second <= 20; second++) {
    clock.advance(1000);
    if (send(clock, plan, rows(null)).length > 0) sent.push(second);
  }
  assert.deepEqual(sent, [1, 3, 6, 11, 16]);
  assert.equal(plan.nextWait(rows(null), clock.monotonicMs()), 500);
});

test("held is repeated after hours, refused now and then with nothing behind it", () => {
  const { plan, clock } = start();
  send(clock, plan, rows(null, null));
  plan.answered(1, "held");
  clock.advance(60_000);
  assert.deepEqual(send(clock, plan, rows("held")), []);
  clock.advance(40_000);
  assert.deepEqual(send(clock, plan, rows("held")), [1]);
  plan.answered(2, "refused-period");
  assert.deepEqual(send(clock, plan, rows("held", "refused-period", null)), []);
  clock.advance(10_000);
  assert.deepEqual(send(clock, plan, rows("held", "refused-period", null)), [2]);
});

test("a new connection sends what has no answer at once, and asks soon for what is held", () => {
  const { plan, clock } = start();
  const list = rows("held", null);
  send(clock, plan, list);
  clock.advance(10);
  plan.reconnected(list);
  assert.deepEqual(send(clock, plan, list), [2]);
  assert.equal(plan.nextWait(list, clock.monotonicMs()), 1000);
  clock.advance(2500);
  assert.ok(plan.next(list, clock.monotonicMs()).includes(1));
});

test("resend goes back to what is missing, once for many requests of the same", () => {
  const { plan, clock } = start();
  const list = rows(null, null, null);
  send(clock, plan, list);
  assert.equal(plan.resendFrom(2, list), true);
  assert.equal(plan.resendFrom(2, list), false);
  assert.deepEqual(send(clock, plan, list), [2, 3]);
  clock.advance(3000);
  assert.equal(plan.resendFrom(2, list), true);
});

test("a receipt for a later record asks soon for an older one that is still held", () => {
  const { plan, clock } = start();
  send(clock, plan, rows(null, null));
  plan.answered(1, "held");
  plan.answered(2, "held");
  plan.released(2);
  clock.advance(1001);
  assert.deepEqual(send(clock, plan, rows("held")), [1]);
});

test("a delayed first sending keeps the order", () => {
  const { plan, clock } = start();
  plan.delay(1, 500);
  const list = rows(null, null);
  assert.deepEqual(send(clock, plan, list), []);
  assert.equal(plan.nextWait(list, clock.monotonicMs()), 500);
  clock.advance(500);
  assert.deepEqual(send(clock, plan, list), [1, 2]);
});

test("what becomes due between the two looks is waited for", () => {
  const { plan, clock } = start();
  const list = rows(null);
  assert.deepEqual(send(clock, plan, list), [1]);
  const now = clock.monotonicMs();
  assert.deepEqual(plan.next(list, now), []);
  clock.advance(60_000);
  assert.ok((plan.nextWait(list, now) ?? 0) > 0, "nobody would look again");
});

test("what an outage has gathered comes at a bounded rate, however fast it is answered", () => {
  const { plan, clock } = start({ unanswered: 4, perMinute: 60 });
  const list = rows(...Array.from({ length: 40 }, () => null));
  const sentAt: number[] = [];
  while (list.some(({ answer }) => answer === null)) {
    for (const seq of send(clock, plan, list)) {
      const row = list[seq - 1] as Row;
      row.answer = "held";
      plan.answered(seq, "held");
      sentAt.push(clock.monotonicMs());
    }
    const waitMs = plan.nextWait(list, clock.monotonicMs());
    assert.ok(waitMs !== undefined && waitMs <= 1000, "it wakes up by itself");
    clock.advance(Math.max(1, waitMs));
  }
  assert.deepEqual(sentAt.slice(0, 5), [0, 0, 0, 0, 1000]);
  // Four at once, then one a second.
  assert.equal(sentAt.at(-1), 36_000);
});
