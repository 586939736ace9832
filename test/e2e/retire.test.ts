// A meter is taken out at noon and another one put in its place, by the two command lines only: no slot is missing, nothing is
// filled in, and every verifier agrees.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { BillDetail } from "../../gateway/projection/read-model-types.ts";
import { dayBounds } from "../../shared/time/civil-day.ts";
import {
  addMeter,
  configureGateway,
  dumpChain,
  type GatewayHandle,
  readRecords,
  startGateway,
  startMeter,
  verify,
} from "../support/e2e-house.ts";
import { makeTestFolder, runCli, startCli, waitFor } from "../support/process.ts";

const METER = "352300017";
const ZONE = "Europe/Berlin";
const CONFIG = {
  sources: [{ kind: "mock", seed: 3 }],
  reconnect_first_ms: 50,
  reconnect_most_ms: 200,
};
const at = (date: string, hours: number) => (dayBounds(ZONE, date)?.from ?? 0) + hours * 3600;
const BEGIN = at("2024-01-13", 0);
const NOON = at("2024-01-15", 12);
const LATER = at("2024-02-01", 1);

/** A clock that began with the meter, shows `now` and runs as fast as the world. */
const clockOf = (begin: number, now: number) =>
  `simulated:${Date.now() - (now - begin) * 1000}:${begin}:1`;

async function order(program: "device" | "gateway", ...args: string[]): Promise<string> {
  const done = await runCli(program, args);
  assert.equal(done.code, 0, `${args.join(" ")}: ${done.stdout}${done.stderr}`);
  return done.stdout.trim();
}

interface Retired {
  readonly to: number;
  readonly final: number;
  readonly unmetered: number;
  readonly seq: number;
  readonly in_log: boolean;
}

interface House {
  readonly gateway: GatewayHandle;
  readonly data: string;
  readonly folder: string;
  readonly old: string;
  readonly clock: string;
}

async function makeHouse(t: TestContext): Promise<House> {
  const folder = makeTestFolder();
  const data = path.join(folder, "gateway");
  configureGateway(data, { broker_port: 0 });
  const clock = clockOf(BEGIN, NOON + 240);
  const gateway = await startGateway(t, data, clock);
  const old = path.join(folder, "old");
  await addMeter(gateway, old, { meter: METER, zone: ZONE, label: "a house", config: CONFIG });
  writeFileSync(path.join(old, "meter.json"), JSON.stringify(CONFIG));
  return { gateway, data, folder, old, clock };
}

const retire = async ({ old, clock }: House, ...more: string[]): Promise<Retired> =>
  JSON.parse(await order("device", "retire", "--data", old, "--clock", clock, "--json", ...more));

test("retired at noon while it runs, exchanged, billed without a fill", async (t) => {
  const house = await makeHouse(t);
  const { data, folder, old, gateway } = house;
  const meter = startMeter(t, old, house.clock);
  await waitFor("noon", 30_000, async () => {
    const { stdout } = await runCli("device", ["status", "--data", old, "--json"]);
    return stdout !== "" && (JSON.parse(stdout).lastReading ?? 0) >= NOON + 60;
  });
  const retired = await retire(house);
  assert.deepEqual([retired.to, retired.in_log], [NOON, true]);
  assert.ok(retired.final > 0);
  assert.deepEqual(await retire(house), retired, "asked again");
  await meter.kill();
  assert.deepEqual(await retire(house), retired, "asked again, while nothing runs");
  const again = startMeter(t, old, house.clock);
  await waitFor("its word", 20_000, () => again.events.find((one) => one["event"] === "retired"));
  const status = await runCli("device", ["status", "--data", old]);
  assert.match(status.stdout, /retired +nothing is measured after 2024-01-15T11:00:00Z/);

  const next = path.join(folder, "next");
  mkdirSync(next);
  const [join, request] = [path.join(next, "join.json"), path.join(next, "request.jws")];
  await order("gateway", "enrol", "--data", data, "--meter", METER, "--out", join);
  await order("device", "keygen", "--join", join, "--data", next, "--out", request);
  const { final, unmetered } = retired;
  await order(
    "gateway",
    ...["exchange", "--data", data, "--meter", METER, "--request", request, "--at", String(NOON)],
    ...["--final", String(final), "--unmetered", String(unmetered), "--first", "0"],
  );
  const told = await waitFor("its end", 20_000, () =>
    again.events.find((one) => one["code"] === "revoked"),
  );
  assert.equal(told["event"], "alarm");
  const revoked = await runCli("device", ["status", "--data", old]);
  assert.match(revoked.stdout, /TROUBLE +revoked: record \d+ of the log ends this key/);
  await again.stop();
  await gateway.process.stop();

  const late = clockOf(NOON, LATER);
  const second = await startGateway(t, data, late);
  const ready = second.process.events.find((one) => one["event"] === "ready");
  writeFileSync(
    path.join(next, "meter.json"),
    JSON.stringify({ ...CONFIG, broker: String(ready?.["mqtt"]) }),
  );
  const successor = startMeter(t, next, late);
  const bill = await waitFor(
    "the bill",
    60_000,
    async () => {
      const answer = await fetch(new URL(`api/v1/bills/${METER}-2024-01`, second.portal));
      return answer.ok ? ((await answer.json()) as BillDetail) : undefined;
    },
    () => successor.text.join("\n"),
  );
  await successor.stop();
  const days = readRecords(await dumpChain(data)).filter((one) => one.typ === "day");
  const spans = days.map(({ payload }) => [payload.from, payload.to]);
  assert.deepEqual(
    spans.filter(([from = 0]) => from >= NOON - 43_200 && from <= NOON),
    [
      [NOON - 43_200, NOON],
      [NOON, NOON + 43_200],
    ],
  );
  assert.equal(bill.slots.missing, 0);
  const found = await verify("--data", data);
  assert.match(found, /./);
});

test("retired while nothing runs, killed in between: one last day", async (t) => {
  const house = await makeHouse(t);
  const { old, data } = house;
  const meter = startMeter(t, old, house.clock);
  await waitFor("two days", 30_000, () =>
    meter.events.some((one) => one["event"] === "receipt" && one["date"] === "2024-01-14"),
  );
  await meter.kill();
  // Nobody answers: the end is on disk nevertheless.
  for (const delay of [250, 400, 500, 650, 900]) {
    const child = startCli(t, "device", ["retire", "--data", old, "--clock", house.clock]);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await child.kill();
  }
  const retired = await retire(house);
  assert.equal(retired.in_log, true);
  const days = readRecords(await dumpChain(data)).filter((one) => one.typ === "day");
  assert.equal(days.length, 3);
  assert.equal(days.at(-1)?.payload.to, retired.to);
  assert.equal(retired.seq, days.at(-1)?.seq);
});
