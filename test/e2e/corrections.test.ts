// A month in which everything happens: a swap at noon, an outage, a provisional bill, late days, a correction, a kill. The credits
// come by themselves, and every verifier agrees with them.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { dataFolder, readKey } from "../../device/run/data-folder.ts";
import { locateDataFolder } from "../../gateway/app/data-folder.ts";
import { readConfig } from "../../gateway/app/founding.ts";
import { readKeys } from "../../gateway/app/key-file.ts";
import type { MeterAccount } from "../../gateway/projection/account-types.ts";
import type { BillDetail, DayDetail } from "../../gateway/projection/read-model-types.ts";
import { verifyBundle } from "../../shared/bundle/verify-bundle.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { dayBounds } from "../../shared/time/civil-day.ts";
import { makeTestFolder, runCli, startCli, type TrackedChild } from "../support/process.ts";
import { type SealedDay, SealedMeter } from "../support/sealed-meter.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { waitFor } from "../support/wait.ts";

const METER = "352522395";
const NO = `${METER}-2024-01`;
const SETTINGS = {
  ...{ broker_port: 0, portal_port: 0, portal_access: "open", difficulty: 4, mine_after_ms: 50 },
  ...{ tariff_energy_nano: 300_000_000, tariff_month_nano: 0 },
};

interface House {
  readonly data: string;
  readonly folder: string;
  gateway: TrackedChild;
  mqtt: MqttClient;
}

/** Waits for something to be there. */
async function find<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  let found: T | undefined;
  await waitFor(what, async () => {
    found = await look();
    return found !== undefined;
  });
  return found as T;
}

async function start(t: TestContext, folder: string, data: string): Promise<House> {
  const settings = path.join(folder, "settings.json");
  writeFileSync(settings, JSON.stringify(SETTINGS));
  const gateway = startCli(t, "gateway", [
    ...["run", "--data", data, "--config", settings, "--log", "json"],
  ]);
  const ready = await find("ready", () => gateway.events.find(({ event }) => event === "ready"));
  // Before that nobody takes in what is published.
  await find("connected", () => gateway.events.find(({ event }) => event === "connected"));
  const mqtt = await connectAsync(String(ready["mqtt"]), { reconnectPeriod: 0 });
  t.after(() => mqtt.endAsync(true));
  return { data, folder, gateway, mqtt };
}

/** Runs `gateway …` on the house and returns what it prints. */
async function order(house: House, command: string, ...args: string[]): Promise<string> {
  const [first = "", ...words] = command.split(" ");
  const done = await runCli("gateway", [first, ...words, "--data", house.data, ...args]);
  assert.equal(done.code, 0, `${command}: ${done.stderr}`);
  return done.stdout.trim();
}

async function ask<T>({ gateway }: House, route: string): Promise<T | undefined> {
  const ready = gateway.events.findLast(({ event }) => event === "ready");
  const answer = await fetch(new URL(`/api/v1${route}`, String(ready?.["portal"])));
  return answer.ok ? ((await answer.json()) as T) : undefined;
}

async function publish(house: House, ...days: readonly SealedDay[]): Promise<void> {
  const ready = house.gateway.events.findLast(({ event }) => event === "ready");
  const net = Buffer.from(String(ready?.["chain"]), "base64url").subarray(0, 4).toString("hex");
  for (const { envelope } of days) {
    const topic = `wattproof/${net}/352/${METER}/envelope`;
    await house.mqtt.publishAsync(topic, Buffer.from(envelope), { qos: 1 });
  }
  const wanted = days.at(-1)?.plaintext["day"];
  await waitFor(`${wanted} in a block`, async () => {
    const found = await ask<{ rows: DayDetail[] }>(house, `/meters/${METER}/days/${wanted}`);
    return found?.rows.some(({ leaf }) => leaf === days.at(-1)?.leaf) === true;
  });
}

/** A device that made its key and its request with `meter keygen`. */
async function makeDevice(house: House, name: string) {
  const join = path.join(house.folder, `${name}.json`);
  await order(house, "enrol", "--meter", METER, "--out", join);
  const folder = path.join(house.folder, name);
  const request = path.join(house.folder, `${name}.jws`);
  const made = await runCli("device", [
    "keygen",
    "--join",
    join,
    "--data",
    folder,
    "--out",
    request,
  ]);
  assert.equal(made.code, 0, made.stderr);
  const device = new SealedMeter(
    METER,
    seededBytes(name),
    readKey(nobleSuite, dataFolder(folder).key),
  );
  device.request(readFileSync(join, "utf8"));
  const place = locateDataFolder(house.data);
  const { utility } = readKeys(nodeSuite, place.keys, readConfig(place).name);
  const recipients = [{ kid: utility.kid, key: Buffer.from(utility.jwk.x, "base64url") }];
  return { device, request, enrolled: (leaf: string) => device.enrolled(leaf, recipients) };
}

async function credit(house: House, no: string): Promise<BillDetail> {
  return find(no, () => ask<BillDetail>(house, `/bills/${no}`));
}

test("a swap at noon, late days, a correction: bill and credits, verified by every way there is", async (t) => {
  const folder = makeTestFolder();
  let house = await start(t, folder, path.join(folder, "gateway"));
  const old = await makeDevice(house, "old");
  old.enrolled(await order(house, "enrol", "--request", old.request));
  const noon = (dayBounds("Europe/Berlin", "2024-01-15")?.from ?? 0) + 43_200;
  const before = Array.from({ length: 14 }, () => old.device.sealDay());
  await publish(house, ...before, old.device.sealDay({}, false, noon));

  const next = await makeDevice(house, "next");
  assert.equal(next.device.point, old.device.point, "the point stays");
  const refused = await runCli("gateway", [
    "enrol",
    "--data",
    house.data,
    "--request",
    next.request,
  ]);
  assert.match(refused.stderr, /^gateway: enrolment: /);
  await order(
    house,
    "exchange",
    ...["--meter", METER, "--request", next.request, "--at", String(noon)],
    ...["--final", String(old.device.register), "--first", "70", "--reason", "calibration"],
  );
  const enrolment = await find("the new enrolment", async () => {
    const found = await ask<{ rows: { typ: string; leaf: string }[] }>(
      house,
      "/records?from=0&limit=500",
    );
    return found?.rows.filter(({ typ }) => typ === "enrol")[1];
  });
  next.enrolled(enrolment.leaf);
  next.device.putIn(noon, 70);
  await publish(house, ...Array.from({ length: 10 }, () => next.device.sealDay()));

  // The network is down from the 25th on; the bill is wanted nevertheless.
  await order(house, "bill", "--month", "2024-01", "--incomplete");
  const bill = await credit(house, NO);
  assert.deepEqual([bill.slots.missing, bill.complete], [7 * 96, false]);
  const late = Array.from({ length: 7 }, () => next.device.sealDay());
  await publish(house, ...late.slice(0, 3));
  await house.gateway.kill();
  await house.mqtt.endAsync(true);
  house = await start(t, folder, house.data);
  await publish(house, ...late.slice(3));
  const first = await credit(house, `${NO}-c1`);
  assert.deepEqual([first.kind, first.billNo, first.slots.missing], ["credit", NO, 0]);
  assert.ok(first.totalMinor > 0, "what came late is to be paid");

  const file = path.join(folder, "correction.json");
  const wh = Array.from({ length: 96 }, () => 10);
  const correction = { meter: METER, date: "2024-01-10", reason: "wrong-ratio", wh };
  writeFileSync(file, JSON.stringify(correction));
  await order(house, "correct", "--file", file);
  const second = await credit(house, `${NO}-c2`);
  assert.ok(second.totalMinor < 0, "what was counted too much is given back");

  const [day] =
    (await ask<{ rows: DayDetail[] }>(house, `/meters/${METER}/days/2024-01-10`))?.rows ?? [];
  assert.deepEqual([day?.wh, day?.reason, day?.signedBy], [960, "wrong-ratio", "registrar"]);
  assert.equal(day?.replaced[0]?.leaf, before[9]?.leaf);
  const swapped = (await ask<{ rows: DayDetail[] }>(house, `/meters/${METER}/days/2024-01-15`))
    ?.rows;
  assert.deepEqual(
    swapped?.map(({ slotWh }) => slotWh.length),
    [48, 48],
  );
  const now = await credit(house, NO);
  assert.deepEqual(
    now.credits.map(({ no }) => no),
    [`${NO}-c1`, `${NO}-c2`],
  );
  assert.equal(now.inForceMinor, bill.totalMinor + first.totalMinor + second.totalMinor);
  const account = await ask<MeterAccount>(house, `/meters/${METER}/account`);
  assert.deepEqual(
    account?.entries.map(({ kind }) => kind),
    ["bill", "credit", "credit"],
  );
  assert.equal(account?.entries.at(-1)?.balanceMinor, now.inForceMinor);
  await order(
    house,
    "payment",
    "--no",
    NO,
    "--amount",
    (now.inForceMinor / 100).toFixed(2),
    "--ref",
    "t1",
  );
  await waitFor("paid", async () => (await credit(house, NO)).dueMinor === 0);

  await verifyAll(house, [NO, `${NO}-c1`, `${NO}-c2`]);
});

/** The dump with keys, and the bundle of each bill and credit. */
async function verifyAll(house: House, numbers: readonly string[]): Promise<void> {
  const dump = path.join(house.folder, "chain.jsonl");
  await order(house, "dump", "--opened", "--out", dump);
  const verified = await runCli("gateway", ["verify", dump, "--json"]);
  assert.equal(verified.code, 0, verified.stderr);
  const { bills, credits, corrections, unusable } = JSON.parse(verified.stdout);
  assert.deepEqual([bills, credits, corrections, unusable], [1, 2, 1, 0]);
  for (const no of numbers) {
    const file = path.join(house.folder, `${no}.bundle.json`);
    await order(house, "bill export", "--no", no, "--out", file);
    const report = verifyBundle(nodeSuite, readFileSync(file, "utf8"));
    assert.ok(report.days.length > 0, no);
    const pdf = path.join(house.folder, `${no}.pdf`);
    await order(house, "bill pdf", "--no", no, "--out", pdf);
    assert.equal(readFileSync(pdf).subarray(0, 5).toString(), "%PDF-");
  }
  await house.gateway.stop();
  const { stdout } = await runCli("gateway", ["rebuild", "--data", house.data]);
  assert.match(stdout, /^\d+ records\n$/);
}
