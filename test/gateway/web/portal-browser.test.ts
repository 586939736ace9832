// The portal in a real browser: it renders, keeps its content security policy, runs nothing hostile, fits a
// phone, and passes an accessibility check in light and dark.
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { type RunningPortal, startPortal } from "../../../gateway/web/portal.ts";
import { launchChromium } from "../../support/browser.ts";
import { type FakeLive, makeFakeLive } from "../../support/fake-live.ts";
import { createFakeReadModel } from "../../support/fake-read-model.ts";
import { hasSystemPart, requireSystemPart } from "../../support/system-part.ts";
import { createTestPortal, FIRST_METER, HOSTILE_TEXT } from "../../support/test-portal.ts";

const METER = `/meters/${FIRST_METER}`;
const OPEN = { kind: "record", state: "open" } as const;
const VILLAGE = {
  meters: 14,
  days: 40,
  partialDates: ["2024-01-18"],
  silentDates: ["2024-01-20", "2024-01-21"],
  gapDates: ["2024-01-23"],
  brokenDate: "2024-01-25",
  correctedDates: ["2024-01-27"],
  wholeDays: true,
  unsettled: true,
  labels: [HOSTILE_TEXT],
  alarms: [{ id: 1, atSeconds: 1, code: "pt", detail: HOSTILE_TEXT, ...OPEN }],
};
const PAGES = [
  "/",
  `${METER}?month=2024-01`,
  `${METER}?year=2024`,
  `${METER}?from=2024-01-10&to=2024-01-24`,
  `${METER}/days/2024-01-18`,
  `${METER}/days/2024-01-18?slots=24-47`,
  `${METER}/days/2024-01-20`,
  `${METER}/days/2024-01-25`,
  `${METER}/days/2024-01-27`,
  `/compare?meter=${FIRST_METER}`,
  `/compare?meter=${FIRST_METER}&from=2024-01-10&to=2024-01-24&with_from=2024-01-18&with_to=2024-02-01`,
  "/bills",
  `/bills?meter=${FIRST_METER}`,
  `/meters/${FIRST_METER}/statement?from=2024-01-15&to=2024-02-20`,
  `/bills/352-2024-01-${FIRST_METER}`,
  "/chain",
  "/blocks/12",
  "/records/40",
  "/tariffs",
  "/alarms",
  "/alarms?state=closed",
  "/performance",
  "/performance?by=day",
  "/meters/999999999",
];

/** Opens every disclosure, as a reader would who looks at everything. */
const OPEN_ALL = 'document.querySelectorAll("details").forEach((d) => { d.open = true; })';

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

describe("portal in a browser", () => {
  let portal: RunningPortal;
  let fake: FakeLive | undefined;
  let browser: Browser | undefined;

  before(async () => {
    if (!hasSystemPart("chromium")) return;
    const readModel = createFakeReadModel(VILLAGE);
    fake = makeFakeLive(readModel);
    portal = await startPortal({ app: createTestPortal({}, { readModel, ...fake }), port: 0 });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    fake?.events.close();
    await portal?.close();
  });

  /** A page whose console errors and requests are kept; undefined when the test is skipped. */
  async function open(
    t: TestContext,
    options: Parameters<Browser["newPage"]>[0] = {},
  ): Promise<{ page: Page; complaints: string[]; elsewhere: string[] } | undefined> {
    if (!requireSystemPart(t, "chromium") || browser === undefined) return undefined;
    const page = await browser.newPage(options);
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    page.on("console", (message) => {
      const missing = message.text().includes("status of 404");
      if (message.type() === "error" && !missing) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(portal.url)) elsewhere.push(request.url());
    });
    t.after(() => page.close());
    return { page, complaints, elsewhere };
  }

  test("no page complains, asks elsewhere or runs hostile text", async (t) => {
    const opened = await open(t);
    if (opened === undefined) return;
    const { page, complaints, elsewhere } = opened;
    for (const address of PAGES) {
      await page.goto(portal.url + address);
      assert.match(await page.title(), / · Wattproof$/, address);
      assert.equal(await page.locator("h1").count(), 1, address);
      assert.equal(
        await page.locator("main img, main script, script:not([src^='/assets/'])").count(),
        0,
        address,
      );
    }
    assert.deepEqual(complaints, []);
    assert.deepEqual(elsewhere, []);
  });

  test("the content security policy stops an injected script and style", async (t) => {
    const opened = await open(t);
    if (opened === undefined) return;
    const { page, complaints } = opened;
    await page.goto(portal.url);
    await page.evaluate(
      `(() => { const s = document.createElement("script"); s.textContent = "document.title = 'owned'"; document.body.append(s);
        const i = document.createElement("p"); i.setAttribute("style", "color: red"); document.body.append(i); })()`,
    );
    assert.doesNotMatch(await page.title(), /owned/);
    assert.equal(complaints.filter((text) => text.includes("Content Security Policy")).length, 2);
  });

  test("the month has a bar a measured day, a box a run of gaps, and no line over them", async (t) => {
    const opened = await open(t);
    if (opened === undefined) return;
    const { page } = opened;
    await page.goto(`${portal.url}${METER}?month=2024-01`);
    const chart = page.locator("#chart-energy");
    assert.equal(await chart.locator(".bar").count(), 28);
    assert.equal(await chart.locator(".bar-partial").count(), 1);
    assert.equal(await chart.locator(".gap").count(), 2);
    const heights = await chart
      .locator(".bar .ink")
      .evaluateAll((bars) =>
        (bars as unknown as { getBoundingClientRect(): { height: number } }[]).map(
          (bar) => bar.getBoundingClientRect().height,
        ),
      );
    assert.ok(
      heights.every((height) => height > 4),
      "every bar can be seen",
    );
    for (const id of ["voltage", "current", "temperature", "humidity"]) {
      assert.equal(await page.locator(`#chart-${id} .range`).count(), 28, id);
      assert.equal(await page.locator(`#chart-${id} line.mean`).count(), 25, id);
    }
  });

  test("a day has a bar a slot; the gap in it is one box", async (t) => {
    const opened = await open(t);
    if (opened === undefined) return;
    const { page } = opened;
    await page.goto(`${portal.url}${METER}/days/2024-01-18`);
    assert.equal(await page.locator("#chart-day .bar").count(), 96 - 14);
    assert.equal(await page.locator("#chart-day .gap").count(), 1);
    await page.locator("text=The slots as a table").click();
    assert.equal(await page.locator("#chart-day tbody tr").count(), 96);
  });

  test("a reader gets from a number to its proof by one click, and on by the keyboard", async (t) => {
    const opened = await open(t);
    if (opened === undefined) return;
    const { page } = opened;
    await page.goto(portal.url);
    await page.locator("a.seal-mark").first().click();
    await page.waitForURL(/\/records\/\d+$/);
    assert.equal(await page.locator(".step-holds").count(), 6);
    await page.goto(portal.url);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.className"), "skip");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#main$/);
  });

  for (const width of [320, 390, 820]) {
    test(`nothing is wider than a screen of ${width} pixels, in either direction`, async (t) => {
      const opened = await open(t, { viewport: { width, height: 844 } });
      if (opened === undefined) return;
      const { page } = opened;
      const rtl = await startPortal({ app: createTestPortal(VILLAGE, { dir: "rtl" }), port: 0 });
      t.after(() => rtl.close());
      for (const base of [portal.url, rtl.url]) {
        for (const address of PAGES) {
          await page.goto(base + address);
          await page.evaluate(OPEN_ALL);
          const over = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          assert.equal(over, 0, `${base === rtl.url ? "rtl " : ""}${address}`);
        }
      }
    });
  }

  const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  // Dark differs from light in its colours alone.
  for (const [colorScheme, runOnly] of [
    ["light", STANDARDS],
    ["dark", ["color-contrast"]],
  ] as const) {
    test(`axe finds nothing to mend (${colorScheme})`, async (t) => {
      if (!requireSystemPart(t, "chromium") || browser === undefined) return;
      // The check itself is a script, which the portal's own policy would stop.
      const context = await browser.newContext({ colorScheme, bypassCSP: true });
      t.after(() => context.close());
      const page = await context.newPage();
      for (const address of PAGES) {
        await page.goto(portal.url + address);
        await page.evaluate(OPEN_ALL);
        await page.addScriptTag({ content: axe.source });
        const result = (await page.evaluate(
          `axe.run(document, { runOnly: ${JSON.stringify(runOnly)} })`,
        )) as AxeResult;
        const found = result.violations.map(
          (violation) => `${violation.impact} ${violation.id}: ${violation.nodes[0]?.html}`,
        );
        assert.deepEqual(found, [], address);
      }
    });
  }
});
