/** A whole meter on an S0 input, down to gpiomon as a process: pulses become its register, through kills. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { test } from "node:test";
import { Journal } from "../../../device/journal/journal.ts";
import { askStatus } from "../../../device/run/status-server.ts";
import { readStatus } from "../../../device/status.ts";
import { createFakeGpiod, untilGone } from "../../support/fake-gpiod.ts";
import { prepareMeterFolder } from "../../support/meter-folder.ts";
import { startCli } from "../../support/process.ts";
import { waitFor } from "../../support/wait.ts";

/** Pulses of 40 ms, one a second by the kernel's time. */
async function pulse(input: FileHandle, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) await input.write(`0 ${i} 0\n1 ${i} 40000000\n`);
}

test("pulses are counted into the meter's register; killing what counts them loses none that was saved", async (t) => {
  const gpiod = createFakeGpiod(t);
  process.env["PATH"] = `${gpiod.tools}:${process.env["PATH"]}`;
  const { folder, socket, journal } = prepareMeterFolder("352522395", {
    interval_s: 1,
    // Pulses come faster here than any house could pay for.
    max_power_w: 10_000_000,
    sources: [{ kind: "s0", pin: 17, pulses_per_kwh: 1_000, save_s: 1 }],
    pins: { led: 4 },
  });
  const child = startCli(t, "device", ["run", "--data", folder, "--log", "json"]);
  const register = async (): Promise<number | undefined> =>
    (await askStatus(socket))?.parts[0]?.reading?.register;
  const saved = (): string => readFileSync(`${folder}/pulses-gpio17.count`, "latin1");

  await waitFor("a reading", async () => (await register()) === 0);
  const first = await gpiod.input();
  await pulse(first, 20);
  await waitFor("20 Wh", async () => (await register()) === 20);
  await waitFor("the count on the card", () => saved().includes("wattproof-count 1 20 "));
  // This machine has no header: the light is reported, and costs nothing else.
  const light = child.events.find(({ event }) => event === "pin");
  assert.equal(light?.["pin"], "led");

  const [counting = 0] = gpiod.pids();
  const { pid = 0 } = (await askStatus(socket)) ?? {};
  const [sensors] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  process.kill(Number(sensors), "SIGKILL");
  await untilGone([counting]);
  await first.close();
  await waitFor("another gpiomon", () => gpiod.pids().length === 2);
  const second = await gpiod.input();
  await pulse(second, 5);
  await waitFor("25 Wh", async () => (await register()) === 25);

  await child.stop();
  await second.close();
  await untilGone(gpiod.pids());
  assert.ok(saved().includes("wattproof-count 1 25 "));
  const kept = new Journal(journal, { readOnly: true });
  const { register: own } = readStatus(kept, "Europe/Berlin");
  kept.close();
  assert.equal(own, 25);
});
