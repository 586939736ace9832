/** The hub of page events: who is told what, what a reader missed, and the bounds on readers that are many, slow or gone. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { LiveValue } from "../../../../gateway/live/live-values.ts";
import {
  EventHub,
  type EventHubOptions,
  STREAM_BUFFER_BYTES,
  type StreamRequest,
} from "../../../../gateway/web/live/event-hub.ts";
import { codeOf } from "../../../support/code-of.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";
import { StreamReader } from "../../../support/stream-reader.ts";
import { waitFor } from "../../../support/wait.ts";

const ONE = "352522395";
const TWO = "352522712";
const liveValue = (meter: string, powerMilliWatt: number): LiveValue => ({
  ...{ meter, powerMilliWatt, atSeconds: 1, ageMs: 0 },
});

function makeHub(t: TestContext, changes: Partial<EventHubOptions> = {}) {
  let standing = createFakeReadModel({ meters: 2, days: 2 }).overview();
  const hub = new EventHub({
    ...{ overview: () => standing, run: "run", tickMs: 5, heartbeatTicks: 2 },
    ...changes,
  });
  t.after(() => hub.close());
  const open = (request: Partial<StreamRequest> = {}): StreamReader =>
    new StreamReader(
      hub.open({
        ...{ owner: "olga", meters: [], isValid: () => true },
        sight: { operations: true, money: true, seesMeter: () => true },
        ...request,
      }),
    );
  const change = (part: Partial<typeof standing>): void => {
    standing = { ...standing, ...part };
  };
  const grow = (): void => {
    const height = standing.tip.height + 1;
    change({ tip: { ...standing.tip, height, finalHeight: height } });
  };
  return { hub, open, change, grow, overview: () => standing };
}

test("a stream begins with where things stand, and then tells what is added", async (t) => {
  const { open, grow, change, overview } = makeHub(t);
  const reader = open();
  await reader.hear("alarms");
  assert.deepEqual(reader.names(), ["hello", "tip", "alarms"]);
  assert.deepEqual(reader.of("hello")[0], { refresh: 0 });
  assert.equal(reader.of("tip")[0]?.["height"], overview().tip.height);
  grow();
  await reader.hear("news");
  assert.deepEqual(reader.of("news")[0], { topics: ["block", "day"] });
  assert.equal(reader.of("tip").at(-1)?.["height"], overview().tip.height);
  change({ openAlarms: 4 });
  await reader.hear("news", 2);
  assert.deepEqual(reader.of("news")[1], { topics: ["alarm"] });
  assert.deepEqual(reader.of("alarms").at(-1), { open: 4 });
  change({ bills: 99, held: 7 });
  await reader.hear("news", 3);
  assert.deepEqual(reader.of("news")[2], { topics: ["day", "bill"] });
  await waitFor("heartbeats", () => reader.heartbeats > 2);
});

test("live values go to those who asked and may see, the newest of each meter", async (t) => {
  const { hub, open } = makeHub(t);
  const both = open({ meters: [ONE, TWO] });
  const one = open({ meters: [ONE] });
  const own = { operations: false, money: true, seesMeter: (meter: string) => meter === TWO };
  const customer = open({ meters: [ONE, TWO], sight: own });
  const auditor = open({
    ...{ meters: [ONE, TWO], sight: { operations: true, money: true, seesMeter: () => false } },
  });
  hub.value(liveValue(ONE, 1));
  hub.value(liveValue(ONE, 2));
  hub.value(liveValue(TWO, 3));
  await both.hear("live");
  assert.deepEqual(both.of("live")[0], { values: [liveValue(ONE, 2), liveValue(TWO, 3)] });
  await customer.hear("live");
  assert.deepEqual(customer.of("live")[0], { values: [liveValue(TWO, 3)] });
  await one.hear("live");
  assert.deepEqual(one.of("live")[0], { values: [liveValue(ONE, 2)] });
  await waitFor("some ticks", () => auditor.heartbeats > 2);
  assert.equal(auditor.of("live").length, 0);
});

test("whoever looks is shown the newest values at once", async (t) => {
  const live = { newest: (meter: string) => (meter === ONE ? liveValue(ONE, 5) : undefined) };
  const { open } = makeHub(t, { live });
  const reader = open({ meters: [ONE, TWO] });
  await reader.hear("live");
  assert.deepEqual(reader.of("live"), [{ values: [liveValue(ONE, 5)] }]);
});

test("a customer hears of the own meters and of no alarm of others", async (t) => {
  const { hub, open, change } = makeHub(t);
  const seesMeter = (meter: string): boolean => meter === ONE;
  const customer = open({ sight: { operations: false, money: true, seesMeter } });
  const auditor = open({
    sight: { operations: true, money: true, seesMeter: () => false },
  });
  await customer.hear("tip");
  hub.presence(ONE);
  hub.presence(TWO);
  change({ openAlarms: 9 });
  await customer.hear("news");
  assert.deepEqual(customer.of("news"), [{ topics: [`meter:${ONE}`] }]);
  assert.equal(customer.of("alarms").length, 0);
  await auditor.hear("news");
  assert.deepEqual(auditor.of("news"), [{ topics: ["alarm"] }]);
});

test("many meters that come online at once are told as one", async (t) => {
  const { hub, open } = makeHub(t);
  const reader = open();
  for (let i = 0; i < 500; i++) hub.presence(String(352_000_000 + i));
  await reader.hear("news");
  assert.deepEqual(reader.of("news")[0], { topics: ["meters"] });
});

test("who comes back is told whether anything was missed", async (t) => {
  const { hub, open, grow } = makeHub(t);
  const first = open();
  await first.hear("tip");
  const seen = first.events.at(-1)?.id;
  await first.cancel();
  const same = open({ last: seen });
  await same.hear("hello");
  assert.deepEqual(same.of("hello"), [{ refresh: 0 }]);
  await same.cancel();
  grow();
  const later = open({ last: seen });
  await later.hear("hello");
  assert.deepEqual(later.of("hello"), [{ refresh: 1 }], "a block came while nobody looked");
  const id = later.events.at(-1)?.id;
  await later.cancel();
  hub.presence(ONE);
  const again = open({ last: id });
  await again.hear("hello");
  assert.deepEqual(again.of("hello"), [{ refresh: 1 }], "a meter spoke while nobody looked");
  const other = open({ last: "of-another-run.3" });
  await other.hear("hello");
  assert.deepEqual(other.of("hello"), [{ refresh: 1 }]);
});

test("streams are bounded, in all and of one owner; one that ends makes room", async (t) => {
  const { hub, open } = makeHub(t, { maxStreams: 3, maxStreamsOfOwner: 2 });
  const first = open();
  open();
  assert.equal(
    codeOf(() => open()),
    "busy",
  );
  open({ owner: "carl" });
  assert.equal(
    codeOf(() => open({ owner: "adam" })),
    "busy",
  );
  await first.cancel();
  assert.equal(hub.size, 2);
  open({ owner: "adam" });
});

test("a reader that does not read is dropped when its buffer is full, and never holds more", async (t) => {
  const { hub, open } = makeHub(t);
  const quick = open({ owner: "quick", meters: [ONE] });
  let bytes = 0;
  const stream = hub.open({
    ...{ owner: "slow", meters: [ONE], isValid: () => true },
    sight: { operations: true, money: true, seesMeter: () => true },
  });
  assert.equal(hub.size, 2);
  for (let power = 0; hub.size > 1; power++) {
    hub.value(liveValue(ONE, power));
    await new Promise((resolve) => setTimeout(resolve, 1));
    bytes += 1;
    assert.ok(bytes < 20_000, "the slow reader is still there");
  }
  await assert.rejects(async () => {
    for await (const chunk of stream) void chunk;
  }, /too slow/);
  assert.ok(STREAM_BUFFER_BYTES < 100_000);
  assert.equal(quick.state, "open");
});

test("a stream ends with its session, with its viewer and with the gateway", async (t) => {
  const { hub, open } = makeHub(t);
  let isValid = true;
  const signedOut = open({ session: "a" });
  const dropped = open({ session: "b", isValid: () => isValid });
  const stays = open({ session: "c" });
  hub.endSession("a");
  await signedOut.ended();
  assert.equal(signedOut.state, "ended");
  isValid = false;
  await dropped.ended();
  assert.equal(hub.size, 1);
  hub.close();
  await stays.ended();
  assert.equal(
    codeOf(() => open()),
    "busy",
  );
});

test("a store that cannot be read for a moment ends no stream", async (t) => {
  let isBroken = false;
  const errors: unknown[] = [];
  const { overview, ...rest } = makeHub(t);
  const hub = new EventHub({
    overview: () => {
      if (isBroken) throw new Error("locked");
      return overview();
    },
    ...{ run: "x", tickMs: 5, onError: (error) => errors.push(error) },
  });
  t.after(() => hub.close());
  const reader = new StreamReader(
    hub.open({
      ...{ owner: "o", meters: [ONE], isValid: () => true },
      sight: { operations: true, money: true, seesMeter: () => true },
    }),
  );
  isBroken = true;
  await waitFor("an error", () => errors.length > 0);
  hub.value(liveValue(ONE, 1));
  await reader.hear("live");
  isBroken = false;
  rest.grow();
  await reader.hear("news");
});
