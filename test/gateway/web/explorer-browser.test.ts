// "Verify in this browser" in a real browser: it verifies there, names what a lying gateway serves wrongly, remembers, stops.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, type TestContext, test } from "node:test";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type RunningPortal, startPortal } from "../../../gateway/web/portal.ts";
import { launchChromium } from "../../support/browser.ts";
import { hasSystemPart, requireSystemPart } from "../../support/system-part.ts";
import { TamperingProxy } from "../../support/tampering-proxy.ts";
import { createTestPortal } from "../../support/test-portal.ts";

const DAY = 40;

let portal: RunningPortal;
let proxy: TamperingProxy;
let url: string;
let browser: Browser | undefined;
before(async () => {
  if (!hasSystemPart("chromium")) return;
  portal = await startPortal({ app: createTestPortal({ meters: 5, days: 30 }), port: 0 });
  proxy = new TamperingProxy(portal.url);
  url = await proxy.start();
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await portal?.close();
});
beforeEach(() => {
  if (proxy !== undefined) proxy.tamper = (_, text) => text;
});

async function open(t: TestContext): Promise<BrowserContext | undefined> {
  if (!requireSystemPart(t, "chromium") || browser === undefined) return undefined;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  t.after(() => context.close());
  return context;
}

interface Walked {
  readonly titles: readonly string[];
  readonly verdict: string;
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Opens a page, presses the button and waits for the end. */
async function walk(context: BrowserContext, path: string): Promise<Walked> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(request.url());
  });
  await page.goto(url + path);
  await page.click("[data-walk] [data-start]");
  await page.waitForSelector(".walk-verdict p");
  const titles = await page.locator(".walk-steps h3").allTextContents();
  const verdict = (await page.textContent(".walk-verdict")) ?? "";
  return { titles, verdict, page, complaints };
}

/** Another character at a place of a member of the answers below this path. */
function flip(below: string, member: string, at: number) {
  return (path: string, text: string): string => {
    if (!path.startsWith(`/api/v1${below}`)) return text;
    const start = text.indexOf(`"${member}":"`) + member.length + 4 + at;
    const other = text.charAt(start) === "A" ? "B" : "A";
    return text.slice(0, start) + other + text.slice(start + 1);
  };
}

describe("verify in this browser", () => {
  test("a record, a block and the whole chain hold, each step with its bytes", async (t) => {
    const context = await open(t);
    if (context === undefined) return;
    for (const [path, steps] of [
      [`/records/${DAY}`, 8],
      ["/blocks/9", 6],
      ["/chain", 5],
    ] as const) {
      const { titles, verdict, page, complaints } = await walk(context, path);
      assert.match(verdict, /^All of it holds\./, path);
      assert.equal(titles.length, steps, path);
      assert.ok(titles.every((title) => title.endsWith("holds")));
      assert.ok((await page.locator(".walk-steps details pre").count()) > 0);
      for (const [button, isShown] of [
        ["start", true],
        ["stop", false],
        ["forget", false],
      ] as const) {
        assert.equal(await page.isVisible(`[data-${button}]`), isShown, button);
      }
      assert.deepEqual(complaints, []);
      await page.close();
    }
  });

  test("the gateway's own verdict plays no part: with a served byte changed the page says so, red and by its code", async (t) => {
    const context = await open(t);
    if (context === undefined) return;
    const lies: readonly (readonly [string, ReturnType<typeof flip>, string, string])[] = [
      [`/records/${DAY}`, flip(`/records/${DAY}`, "line2", 30), "Sealed part", "ct"],
      [`/records/${DAY}`, flip(`/records/${DAY}`, "seal", 30), "Block", "seal"],
      [`/records/${DAY}`, flip(`/records/${DAY}`, "note", 2), "Checkpoint", "checkpoint"],
      [`/records/${DAY}`, flip("/records/0", "line1", 700), "Beginning of the chain", ""],
      ["/blocks/9", flip("/lines", "line1", 90), "Its records", ""],
      ["/blocks/9", flip("/blocks/8", "header", 100), "Link to the block before it", "work"],
      ["/chain", flip("/headers", "nonce", 5), "Every block", "work"],
    ];
    for (const [path, tamper, title, code] of lies) {
      proxy.tamper = tamper;
      const { verdict, page } = await walk(context, path);
      const named = new RegExp(`^This does not hold\\. Ended at “${title}” \\(${code || ".+"}\\)`);
      assert.match(verdict, named, `${path} ${title}`);
      const last = page.locator(".walk-steps > li").last();
      assert.match((await last.getAttribute("class")) ?? "", /step-fails/);
      const ink = await page.evaluate(
        `getComputedStyle(document.querySelector(".walk-steps > li:last-child p")).color`,
      );
      assert.equal(ink, "rgb(176, 42, 30)", "red");
      await page.close();
    }
  });

  test("it remembers where a walk ended, sees a changed past, and forgets only when told", async (t) => {
    const context = await open(t);
    if (context === undefined) return;
    const first = await walk(context, "/chain");
    assert.match(
      (await first.page.textContent(".walk-steps li:last-child p")) ?? "",
      /now remembers/,
    );
    await first.page.close();
    const second = await walk(context, "/chain");
    const told = await second.page.textContent(".walk-steps li:last-child p");
    assert.match(told ?? "", /Nothing has changed up to block 31/);
    await second.page.evaluate(
      `localStorage.setItem("wattproof-walked", localStorage.getItem("wattproof-walked").replace(/"hash":"..../, '"hash":"ffff'))`,
    );
    await second.page.close();
    const third = await walk(context, "/chain");
    assert.match(third.verdict, /past-changed/);
    await third.page.click("[data-forget]");
    await third.page.waitForSelector(".walk-verdict .notice-good");
    await third.page.close();
  });

  test("a long walk shows how far it has come and stops when told", async (t) => {
    const context = await open(t);
    if (context === undefined) return;
    const page = await context.newPage();
    let release: (() => void) | undefined;
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route("**/api/v1/headers*", async (route) => {
      await waiting;
      await route.continue().catch(() => undefined);
    });
    await page.goto(`${url}/chain`);
    await page.focus("[data-start]");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".walk-steps li");
    assert.equal(await page.getAttribute("[data-walk]", "aria-busy"), "true");
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Stop");
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      `document.querySelector(".walk-status").textContent === "Stopped before the end."`,
    );
    release?.();
    assert.equal(await page.locator(".walk-verdict p").count(), 0);
    assert.equal(await page.evaluate("document.activeElement.hasAttribute('data-start')"), true);
    await page.close();
  });

  test("the walked pages pass the accessibility check and fit a phone, right or wrong, light or dark", async (t) => {
    const context = await open(t);
    if (context === undefined) return;
    for (const tamper of [undefined, flip(`/records/${DAY}`, "line2", 30)]) {
      if (tamper !== undefined) proxy.tamper = tamper;
      const { page } = await walk(context, `/records/${DAY}`);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width: colorScheme === "dark" ? 390 : 1280, height: 900 });
        await page.emulateMedia({ colorScheme });
        const found = await page.evaluate(
          `${axe.source}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html))`,
        );
        assert.deepEqual(found, []);
        assert.equal(
          await page.evaluate("document.documentElement.scrollWidth > innerWidth"),
          false,
        );
      }
      await page.close();
    }
  });
});
