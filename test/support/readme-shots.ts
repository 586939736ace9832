/**
 * `npm run screenshots`: the pictures of the README, from the real thing. Starts the demo in a folder of its own, lets ten weeks
 * pass, and takes pictures of its pages in Chromium; the offline verifier reads a bundle that the demo handed out.
 * in: a built tree → out: docs/images/*.png, each small enough for a page that loads at once.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { startChild } from "../../deploy/demo/child.ts";
import { findFreePort } from "../../deploy/demo/port.ts";
import { launchChromium } from "./browser.ts";
import { projectRoot } from "./project-root.ts";

const DEMO = fileURLToPath(new URL("../../deploy/demo.js", import.meta.url));
const IMAGES = path.join(projectRoot(), "docs", "images");
const MAX_BYTES = 150_000;
/** Last day that the pictures should know of, and the longest wait for it. */
const UNTIL = "2024-03-10";
const PATIENCE_MS = 600_000;
const WIDTH = 1280;
/** Households; the recording of the paper ends after some days. */
const SENDING = 5;
const LIVE_MS = 40_000;

interface Bill {
  readonly no: string;
  readonly meter: string;
  readonly month: string;
}

interface Overview {
  readonly tip: { readonly chainId: string; readonly logSize: number };
  readonly recentDays: readonly { readonly date: string; readonly meters: number }[];
  readonly held: number;
  readonly meters: number;
  readonly online: number;
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as T;
}

/** The upper part of a page, as much as tells what it is. */
async function shoot(page: Page, name: string, height: number): Promise<void> {
  await page.setViewportSize({ width: WIDTH, height });
  const file = path.join(IMAGES, `${name}.png`);
  await page.screenshot({ path: file });
  const { size } = statSync(file);
  console.log(`docs/images/${name}.png  ${Math.round(size / 1000)} kB`);
  if (size > MAX_BYTES) throw new Error(`${name}.png is larger than ${MAX_BYTES} bytes`);
}

async function shootPortal(browser: Browser, portal: string, folder: string): Promise<void> {
  const api = `${portal}/api/v1`;
  const { rows: bills } = await ask<{ rows: readonly Bill[] }>(`${api}/bills?limit=100`);
  // A simulated household: the replayed rows of the paper end after four days.
  const bill = bills.find(({ month, meter }) => month === "2024-02" && meter !== "352522395");
  if (bill === undefined) throw new Error("no bill for February");
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 900 } });
  await page.goto(portal);
  await shoot(page, "overview", 1060);
  await page.goto(`${portal}/meters/${bill.meter}?month=2024-02`);
  await shoot(page, "meter", 1420);
  await page.goto(`${portal}/bills/${bill.no}`);
  await shoot(page, "bill", 900);
  const { rows: days } = await ask<{ rows: readonly { position?: number }[] }>(
    `${api}/meters/${bill.meter}/days?from=2024-02-14&limit=1`,
  );
  await page.goto(`${portal}/records/${days[0]?.position ?? 1}`);
  await page.click("[data-walk] [data-start]");
  await page.waitForSelector(".walk-verdict p");
  await page.setViewportSize({ width: WIDTH, height: 1100 });
  await page.evaluate('document.querySelector(".walk").scrollIntoView({ block: "start" })');
  await shoot(page, "explorer", 1100);
  await page.close();

  const bundle = path.join(folder, "bill.bundle.json");
  const response = await fetch(`${portal}/bills/${bill.no}.bundle.json`);
  writeFileSync(bundle, Buffer.from(await response.arrayBuffer()));
  const { tip } = await ask<Overview>(`${api}/overview`);
  const offline = await browser.newContext({ offline: true });
  const verifier = await offline.newPage();
  const file = path.join(projectRoot(), "dist", "browser", "verify-bill.html");
  await verifier.goto(pathToFileURL(file).href);
  await verifier.fill("#chain", tip.chainId);
  await verifier.setInputFiles("#file", bundle);
  await verifier.waitForSelector(".verdict h2:not(:has-text('Checking'))");
  await verifier.evaluate("document.activeElement.blur()");
  await shoot(verifier, "offline-verifier", 1000);
  await offline.close();
}

const folder = mkdtempSync(path.join(tmpdir(), "wattproof-shots-"));
const [portalPort, brokerPort] = [await findFreePort(0), await findFreePort(0)];
const portal = `http://127.0.0.1:${portalPort}`;

/** Runs the demo at a pace until the work is done. */
async function withDemo(daySeconds: string, work: () => Promise<void>): Promise<void> {
  const demo = startChild({
    name: "demo",
    script: DEMO,
    args: [
      ...["--data", path.join(folder, "demo"), "--day-seconds", daySeconds],
      ...["--portal-port", String(portalPort), "--broker-port", String(brokerPort)],
    ],
  });
  try {
    await work();
  } finally {
    await demo.stop();
  }
}

async function waitUntil(holds: (overview: Overview) => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const overview = await ask<Overview>(`${portal}/api/v1/overview`).catch(() => undefined);
    if (overview !== undefined && holds(overview)) return;
    if (performance.now() > end) throw new Error(`the demo has only come to ${newestOf(overview)}`);
    await sleep(1_000);
  }
}

function newestOf(overview: Overview | undefined): string {
  return overview?.recentDays.at(-1)?.date ?? "";
}

try {
  await withDemo(process.argv[2] ?? "2", () =>
    waitUntil((overview) => newestOf(overview) >= UNTIL),
  );
  // So slowly that every meter has sent what it has, and some minutes of live values are there.
  await withDemo("14400", async () => {
    await waitUntil(({ recentDays, held, meters, online }) => {
      return held === 0 && online === meters && recentDays.at(-1)?.meters === SENDING;
    });
    await sleep(LIVE_MS);
    mkdirSync(IMAGES, { recursive: true });
    const browser = await launchChromium();
    try {
      await shootPortal(browser, portal, folder);
    } finally {
      await browser.close();
    }
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
