// Right to left: the layout is mirrored, words of another script stay whole, charts and digits keep their order.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { type RunningPortal, startPortal } from "../../../gateway/web/portal.ts";
import { ROUTES } from "../../../gateway/web/routes.ts";
import { launchChromium } from "../../support/browser.ts";
import { projectRoot } from "../../support/project-root.ts";
import { hasSystemPart, requireSystemPart } from "../../support/system-part.ts";
import { createTestPortal, FIRST_METER } from "../../support/test-portal.ts";

const HEBREW = "קומת קרקע, שמאל (12)";
const ARABIC = "الطابق الأول (يمين) 3";
const VILLAGE = {
  meters: 4,
  days: 34,
  partialDates: ["2024-01-18"],
  labels: [HEBREW, ARABIC],
  alarms: [
    {
      ...({ id: 1, kind: "tamper", code: "tamper", state: "acknowledged" } as const),
      ...{ atSeconds: 1, meter: FIRST_METER, detail: HEBREW },
      acknowledged: { atSeconds: 2, by: "olga", note: ARABIC },
    },
  ],
};

const PAGES = [
  "/",
  `/meters/${FIRST_METER}`,
  `/meters/${FIRST_METER}?year=2024`,
  `/meters/${FIRST_METER}/days/2024-01-18`,
  "/bills",
  `/bills/352-2024-01-${FIRST_METER}`,
  "/tariffs",
  "/chain",
  "/blocks/9",
  "/records/40",
  "/performance",
  "/alarms",
];

test("the style sheet names no side of the page but where a direction is meant", () => {
  const folder = path.join(projectRoot(), "gateway", "web", "assets", "style");
  const physical =
    /(?<![\w-])(?:(?:margin|padding|border)-(?:left|right|top|bottom)|left|right|top|bottom|text-align: (?:left|right)|float|clear|width|height|(?:min|max)-(?:width|height))\s*:|text-align: (?:left|right)/;
  const found = readdirSync(folder).flatMap((file) =>
    readFileSync(path.join(folder, file), "utf8")
      .split("\n")
      .map((line, i) => `${file}:${i + 1}: ${line.replace(/\/\*.*/, "").trim()}`)
      .filter((line) => physical.test(line.replace(/@media.*/, "").replace(/^[^ ]+ /, ""))),
  );
  // Bytes run from left to right everywhere; English blocks of a mirrored page and its numbers keep to the outer side.
  const allowed = ["base.css", "base.css", "proof.css"];
  assert.deepEqual(
    found.map((line) => line.split(":")[0]),
    allowed,
    found.join("\n"),
  );
});

describe("a portal that runs from right to left", () => {
  let portals: { readonly rtl: RunningPortal; readonly ltr: RunningPortal } | undefined;
  let browser: Browser | undefined;
  before(async () => {
    if (!hasSystemPart("chromium")) return;
    portals = {
      rtl: await startPortal({ app: createTestPortal(VILLAGE, { dir: "rtl" }), port: 0 }),
      ltr: await startPortal({ app: createTestPortal(VILLAGE), port: 0 }),
    };
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await portals?.rtl.close();
    await portals?.ltr.close();
  });

  async function open(t: TestContext, width = 1280): Promise<Page | undefined> {
    if (!requireSystemPart(t, "chromium") || browser === undefined) return undefined;
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    t.after(() => page.close());
    return page;
  }
  const url = (dir: "ltr" | "rtl") => portals?.[dir].url ?? "";

  /** Distance of an element's middle from the left edge, as a share of the window. */
  async function placeOf(page: Page, selector: string): Promise<number> {
    return (await page.evaluate(
      `(() => { const { left, right } = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect(); return (left + right) / 2 / innerWidth; })()`,
    )) as number;
  }

  test("every page is tested here", () => {
    const shown = PAGES.map((page) => page.split("?")[0]?.split("/")[1]);
    const files = /csv|xml|pdf|json|find|compare|statement|corrections|credits/;
    for (const { path: route } of ROUTES) {
      if (!files.test(route)) assert.ok(shown.includes(route.split("/")[1]), route);
    }
  });

  test("what begins at the left begins at the right, and the other way round", async (t) => {
    const page = await open(t);
    if (page === undefined) return;
    const parts: readonly (readonly [string, string])[] = [
      ["/", ".brand"],
      ["/", "a.tip"],
      ["/", "main h1"],
      ["/", "table.cards tbody th a"],
      ["/", "table.cards tbody td.last a"],
      [`/bills/352-2024-01-${FIRST_METER}`, ".receipt"],
      ["/records/40", ".step svg"],
      ["/alarms", ".alarm h3"],
    ];
    for (const [address, selector] of parts) {
      await page.goto(url("ltr") + address);
      const left = await placeOf(page, selector);
      await page.goto(url("rtl") + address);
      assert.equal(await page.getAttribute("html", "dir"), "rtl");
      const right = await placeOf(page, selector);
      assert.ok(Math.abs(left + right - 1) < 0.06, `${address} ${selector}: ${left} and ${right}`);
    }
  });

  test("names of another script stand by themselves: what follows them keeps its place", async (t) => {
    const page = await open(t);
    if (page === undefined) return;
    for (const dir of ["ltr", "rtl"] as const) {
      for (const [address, words] of [
        [`/meters/${FIRST_METER}`, HEBREW],
        ["/", ARABIC],
        ["/alarms", HEBREW],
        ["/alarms", ARABIC],
      ] as const) {
        await page.goto(url(dir) + address);
        assert.ok(
          (await page.locator("bdi", { hasText: words }).count()) > 0,
          `${dir} ${address}: ${words}`,
        );
      }
    }
    await page.goto(`${url("rtl")}/meters/${FIRST_METER}`);
    const first = (await page.evaluate(`(() => {
      const facts = document.querySelectorAll(".head .lead bdi");
      const range = document.createRange();
      const text = facts[1].firstChild;
      const at = (i) => { range.setStart(text, i); range.setEnd(text, i + 1); return range.getBoundingClientRect().left; };
      return [at(0), at(text.length - 1)];
    })()`)) as [number, number];
    assert.ok(first[0] < first[1], "the digits of the place run from left to right");
  });

  test("charts keep time from left to right, amounts their digits", async (t) => {
    const page = await open(t);
    if (page === undefined) return;
    await page.goto(`${url("rtl")}/meters/${FIRST_METER}`);
    const ticks = (await page.evaluate(
      `[...document.querySelectorAll("#chart-energy .tick")].map((t) => t.getBoundingClientRect().left)`,
    )) as number[];
    assert.ok(ticks.length > 3 && ticks.every((x, i) => i === 0 || x > (ticks[i - 1] ?? 0)));
    await page.goto(`${url("rtl")}/bills/352-2024-01-${FIRST_METER}`);
    const [amount, unit] = (await page.evaluate(
      `[".num", ".unit"].map((part) => document.querySelector(".receipt tfoot .measure " + part).getBoundingClientRect().left)`,
    )) as [number, number];
    assert.ok(amount < unit, "65.15 EUR, not EUR 65.15");
    const how = (await page.evaluate(
      `getComputedStyle(document.querySelector(".receipt .how")).unicodeBidi`,
    )) as string;
    assert.equal(how, "plaintext");
  });

  test("no page overflows a phone or a desk, and each passes the accessibility check", async (t) => {
    for (const width of [390, 1280]) {
      const page = await open(t, width);
      if (page === undefined) return;
      for (const address of PAGES) {
        await page.goto(url("rtl") + address);
        assert.equal(
          await page.evaluate("document.documentElement.scrollWidth > innerWidth"),
          false,
          `${address} at ${width}`,
        );
        if (width !== 390) continue;
        const found: unknown = await page.evaluate(
          `${axe.source}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html))`,
        );
        assert.deepEqual(found, [], address);
      }
    }
  });
});
