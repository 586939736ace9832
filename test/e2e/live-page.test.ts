/**
 * Live values from a real meter over a real gateway into open pages of a real browser: they move without being loaded again, go
 * on when the gateway was restarted, believe no forged message, and are there, standing still, without scripts.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { connectAsync } from "mqtt";
import type { Browser, Page } from "playwright-core";
import { findFreePort } from "../../deploy/demo/port.ts";
import { parseJoin } from "../../shared/message/join.ts";
import { formatMeterTopic } from "../../shared/message/topic.ts";
import { launchChromium } from "../support/browser.ts";
import {
  addMeter,
  configureGateway,
  type GatewayHandle,
  simulatedClock,
  startGateway,
  startMeter,
} from "../support/e2e-house.ts";
import { forgeLive } from "../support/live-meter.ts";
import { makeTestFolder, waitFor } from "../support/process.ts";
import { projectRoot } from "../support/project-root.ts";
import { requireSystemPart } from "../support/system-part.ts";

const METER = "352100017";
/** 2024-01-01 in Berlin; a day passes in four seconds. */
const START_S = 1_704_063_600;
const RATE = 21_600;

interface House {
  readonly gateway: GatewayHandle;
  readonly data: string;
  readonly clock: string;
  readonly meterFolder: string;
}

async function openHouse(t: TestContext): Promise<House> {
  const folder = makeTestFolder();
  const data = path.join(folder, "gateway");
  const meterFolder = path.join(folder, "meter");
  // Fixed, so that an open page finds the gateway again after a restart.
  const [portal_port, broker_port] = [await findFreePort(0), await findFreePort(0)];
  configureGateway(data, { portal_port, broker_port, live_per_minute: 6000 });
  const clock = simulatedClock(START_S, RATE);
  const gateway = await startGateway(t, data, clock);
  await addMeter(gateway, meterFolder, {
    meter: METER,
    zone: "Europe/Berlin",
    location: "52.5384,13.4124",
    label: "flat",
    config: { sources: [{ kind: "mock", seed: 1 }] },
  });
  const config = path.join(meterFolder, "meter.json");
  const kept = existsSync(config) ? JSON.parse(readFileSync(config, "utf8")) : {};
  const quick = { live_interval_ms: 1000, retry_ms: 500, reconnect_most_ms: 500, rejoin_ms: 100 };
  writeFileSync(
    config,
    JSON.stringify({ ...kept, sources: [{ kind: "mock", seed: 1 }], ...quick }),
  );
  startMeter(t, meterFolder, clock);
  return { gateway, data, clock, meterFolder };
}

/** A page that counts how often it was loaded and collects what it complains of. */
async function openPage(browser: Browser, address: string, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const loads: string[] = [];
  const errors: string[] = [];
  page.on("framenavigated", (frame) => loads.push(frame.url()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(address);
  return { page, loads, errors };
}

const power = (page: Page): Promise<string> => page.locator('[data-live="power"] .num').innerText();
const tip = async (page: Page): Promise<number> =>
  Number(await page.locator("#tip .num").innerText());

function shoot(page: Page, name: string): Promise<unknown> {
  const folder = path.join(projectRoot(), "output", "screenshots");
  mkdirSync(folder, { recursive: true });
  return page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

/** How often intake came to an outcome with live messages. */
async function countOf(gateway: GatewayHandle, code: string): Promise<number> {
  const text = await (await fetch(`${gateway.portal}metrics`)).text();
  return Number(new RegExp(`code="${code}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

test("pages move by themselves, over a restart of the gateway too", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const house = await openHouse(t);
  const { gateway } = house;
  const browser = await launchChromium();
  t.after(() => browser.close());
  const base = gateway.portal.replace(/\/$/, "");
  const meter = await openPage(browser, `${base}/meters/${METER}`);
  const overview = await openPage(browser, `${base}/`);

  // Before the first day there is a meter that waits; what it measures now is there all the same.
  await waitFor("live power", 30_000, () => meter.page.locator("#live").isVisible());
  const first = await power(meter.page);
  await waitFor("another power", 20_000, async () => (await power(meter.page)) !== first);
  await waitFor("a line of the last minutes", 20_000, () =>
    meter.page.locator("#live-figure path.live-line").first().isVisible(),
  );
  assert.match(await meter.page.locator("#live-age").innerText(), /^measured (now|\d+ s ago)$/);

  // Sealed days arrive in the page, and in the overview with a column of what is measured now.
  await waitFor("a sealed day in the meter's page", 30_000, () =>
    meter.page.locator("#chart-energy .bar").first().isVisible(),
  );
  const row = overview.page.locator(`[data-live-row="${METER}"]`);
  await waitFor("power in the overview", 30_000, () => row.locator(".live-value").isVisible());
  const height = await tip(overview.page);
  await waitFor("another block", 20_000, async () => (await tip(overview.page)) > height);
  const link = await overview.page.locator("#tip").getAttribute("href");
  assert.match(link ?? "", /^\/blocks\/\d+$/);
  await shoot(meter.page, "live-meter");
  await shoot(overview.page, "live-overview");

  // Without scripts: the same figures, standing still, and nothing that only a script could fill.
  const still = await openPage(browser, `${base}/meters/${METER}`, { javaScriptEnabled: false });
  assert.match(await power(still.page), /^[\d,]+$/);
  assert.equal(await still.page.locator("#live-figure").isVisible(), false);
  await still.page.close();

  // What nobody signed moves nothing.
  const taken = await countOf(gateway, "live-refused-unknown-key");
  await forge(house);
  await waitFor("the forged message to be counted", 20_000, async () => {
    return (await countOf(gateway, "live-refused-unknown-key")) === taken + 1;
  });

  // The gateway goes and comes back: the pages say so, and go on where they were.
  await gateway.process.stop();
  await waitFor("the page to notice", 20_000, async () =>
    (await meter.page.locator("#live-age").innerText()).includes("not connected"),
  );
  const before = await tip(overview.page);
  await startGateway(t, house.data, house.clock);
  await waitFor("the page to be connected again", 60_000, async () => {
    const age = await meter.page.locator("#live-age").innerText();
    return /^measured (now|\d s ago)$/.test(age);
  });
  const resumed = await power(meter.page);
  await waitFor("power to go on", 20_000, async () => (await power(meter.page)) !== resumed);
  await waitFor("blocks to go on", 60_000, async () => (await tip(overview.page)) > before);
  assert.equal(meter.loads.length, 1, "the page was never loaded again");
  assert.equal(overview.loads.length, 1, "the page was never loaded again");
  assert.deepEqual([...meter.errors, ...overview.errors], []);
});

/** A message on the meter's topic that a key nobody enrolled has signed. */
async function forge({ meterFolder }: House): Promise<void> {
  const join = parseJoin(readFileSync(path.join(meterFolder, "join.json"), "utf8"));
  const client = await connectAsync(join.broker, { reconnectPeriod: 0 });
  const { net, zone } = join;
  const topic = formatMeterTopic({ net, zone, meter: METER, channel: "live" });
  await client.publishAsync(topic, Buffer.from(forgeLive({ line1: { chain: join.chain } })));
  await client.endAsync();
}
