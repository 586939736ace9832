/** The offline verifier in a real browser without a network: opened from a file, it finds a bill right or says why not. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { launchChromium } from "../../support/browser.ts";
import { type CreditedHouse, makeCreditedHouse } from "../../support/credited-house.ts";
import { projectRoot } from "../../support/project-root.ts";
import { requireSystemPart } from "../../support/system-part.ts";

const PAGE = path.join(projectRoot(), "dist", "browser", "verify-bill.html");
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let house: BilledHouse;
let credited: CreditedHouse;
let folder: string;
let browser: Browser | undefined;
before(() => {
  house = makeBilledHouse();
  credited = makeCreditedHouse();
  folder = mkdtempSync(path.join(tmpdir(), "wattproof-offline-"));
});
after(async () => {
  await browser?.close();
  house.ledger.close();
  credited.ledger.close();
  rmSync(folder, { recursive: true });
});

/** The page with a bundle in it, and every address that it asked for. */
async function openPage(text: string, chain = ""): Promise<{ page: Page; requests: string[] }> {
  browser ??= await launchChromium();
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(pathToFileURL(PAGE).href);
  if (chain !== "") await page.fill("#chain", chain);
  const file = path.join(folder, "bill.bundle.json");
  writeFileSync(file, text);
  await page.setInputFiles("#file", file);
  await page.waitForSelector(".verdict h2:not(:has-text('Checking'))");
  return { page, requests };
}

test("a right bill is right, with its lines and its readings", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const { page, requests } = await openPage(house.text, house.ledger.ledger.state.chain.id);
  assert.equal(await page.textContent(".verdict h2"), "This bill is right");
  assert.equal(await page.locator("table.bill tbody tr").count(), 7);
  assert.equal(await page.locator("section:has(h2:text('Readings')) tbody tr").count(), 31);
  assert.match((await page.textContent("#report")) ?? "", /The chain is the one that you know\./);
  assert.deepEqual(
    requests,
    [pathToFileURL(PAGE).href],
    "nothing but the page itself was asked for",
  );
  await page.context().close();
});

test("a credit is right, with what it takes back, why, the swap and the corrected days", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const { page } = await openPage(credited.text(credited.numbers[2]));
  assert.equal(await page.textContent(".verdict h2"), "This credit is right");
  assert.match((await page.textContent(".verdict p")) ?? "", /0\.24 EUR; .* 73\.22 EUR in all/);
  assert.deepEqual(await page.locator("table.bill .part").allTextContents(), [
    "Taken back",
    "Set anew",
  ]);
  assert.equal(await page.locator("table.sums tbody tr").count(), 3);
  const causes = await page.locator("table.changes td:last-child").allTextContents();
  assert.deepEqual(causes, [
    "corrected by gw-1: unreadable",
    "filled by gw-1: meter swap",
    "filled by gw-1: no contact",
    "came, and replaces what stood for it",
  ]);
  assert.match((await page.textContent(".swap")) ?? "", /Both are the registers of the days/);
  assert.equal(await page.locator("tr.corrected").count(), 2);
  await page.click("text=31 Jan 2024 >> nth=-1");
  assert.match((await page.textContent("#report")) ?? "", /Instead of 6\.640 kWh, 96 substituted/);
  await page.context().close();
});

test("a bill with slots missing lists them", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const { page } = await openPage(credited.text(credited.numbers[0]));
  assert.deepEqual(await page.locator(".missing li").allTextContents(), [
    "No reading from 5 Jan 2024, 00:00 to 6 Jan 2024, 00:00",
    "No reading from 15 Jan 2024, 00:00 to 16 Jan 2024, 00:00",
    "No reading from 31 Jan 2024, 00:00 to 1 Feb 2024, 00:00",
  ]);
  await page.context().close();
});

test("a changed bill is not right, and the page says where", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const { page } = await openPage(house.text.replace('"total":', '"total":1'));
  assert.equal(await page.textContent(".verdict h2"), "This bill is not right");
  assert.match((await page.textContent(".verdict p")) ?? "", /^record \d+: .*\(opened\)$/);
  assert.equal(await page.locator("#report > *").count(), 0);
  await page.context().close();
});

test("a file that is no bundle, and a bundle of another chain, are told apart", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const garbage = await openPage("<script>alert(1)</script>");
  assert.match((await garbage.page.textContent(".verdict p")) ?? "", /\(bundle\)$/);
  const other = await openPage(house.text, "A".repeat(43));
  assert.match((await other.page.textContent(".verdict p")) ?? "", /\(chain\)$/);
  await garbage.page.context().close();
  await other.page.context().close();
});

test("the page passes the accessibility check, wide and narrow, light and dark", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const { page } = await openPage(credited.text(credited.numbers[2]));
  for (const [width, colorScheme] of [
    [1280, "light"],
    [390, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    // The page's policy admits no script but its own, so the checker enters by the debugger.
    const source = readFileSync(AXE, "utf8");
    const violations = await page.evaluate(
      `${source}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html))`,
    );
    assert.deepEqual(violations, []);
    const isWider = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
    assert.equal(isWider, false);
  }
  await page.context().close();
});
