/**
 * Test only: takes pictures of the portal over the seeded read model in a real browser, for people to look at.
 * `node .build/x/test/support/portal-shots.js [part of a name …]` writes PNG files to output/screenshots/.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Browser } from "playwright-core";
import { startPortal } from "../../gateway/web/portal.ts";
import { launchChromium } from "./browser.ts";
import { makeFakeLive } from "./fake-live.ts";
import { createFakeReadModel } from "./fake-read-model.ts";
import type { FakeOptions } from "./fake-village.ts";
import { projectRoot } from "./project-root.ts";
import { createTestPortal } from "./test-portal.ts";

const february = Array.from({ length: 29 }, (_, i) => `2024-02-${String(i + 1).padStart(2, "0")}`);
const VILLAGE: FakeOptions = {
  days: 76,
  partialDates: ["2024-03-06", "2024-01-18"],
  silentDates: ["2024-03-08", "2024-03-09"],
  labels: ["Ground floor, left"],
  correctedDates: ["2024-03-12"],
  wholeDays: true,
  alarms: [
    {
      id: 2,
      atSeconds: 1_710_400_000,
      kind: "record",
      code: "pt",
      meter: "352522395",
      position: 120,
      detail: "the plaintext is another one than the record names",
      state: "open",
    },
    {
      id: 1,
      atSeconds: 1_709_400_000,
      kind: "no-data",
      code: "no-data",
      meter: "352522712",
      detail: "offline since 1 Mar 2024; the last day is 29 Feb 2024",
      state: "acknowledged",
      acknowledged: { atSeconds: 1_709_450_000, by: "olga", note: "The caretaker looks at it." },
    },
  ],
};

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly widths?: readonly number[];
  readonly dark?: boolean;
  readonly open?: boolean;
  /** Lets the browser check what the page shows, to the end. */
  readonly walk?: boolean;
}

interface Album {
  readonly name: string;
  readonly options: FakeOptions;
  readonly dir?: "rtl";
  /** Meters say what they measure now. */
  readonly live?: boolean;
  readonly shots: readonly Shot[];
}

const ALL = [390, 820, 1440];
const METER = "/meters/352522395";

const ALBUMS: readonly Album[] = [
  {
    name: "six",
    options: VILLAGE,
    shots: [
      { name: "overview", path: "/", widths: ALL },
      { name: "overview-dark", path: "/", widths: [390, 1440], dark: true },
      { name: "month", path: METER, widths: ALL },
      { name: "month-dark", path: METER, dark: true },
      { name: "month-table", path: `${METER}?month=2024-03`, widths: [390, 1440], open: true },
      { name: "year", path: `${METER}?year=2024`, widths: [390, 1440] },
      { name: "day", path: `${METER}/days/2024-03-13`, widths: ALL },
      { name: "day-partial", path: `${METER}/days/2024-03-06`, widths: [390, 1440] },
      { name: "day-silent", path: `${METER}/days/2024-03-08` },
      { name: "day-whole", path: "/meters/352523980/days/2024-03-13" },
      { name: "bills", path: "/bills", widths: [390, 1440] },
      { name: "bills-meter", path: "/bills?meter=352522395" },
      {
        name: "statement",
        path: `${METER}/statement?from=2024-02-20&to=2024-03-20`,
        widths: ALL,
      },
      { name: "statement-dark", path: `${METER}/statement`, widths: [390, 1440], dark: true },
      { name: "statement-refused", path: `${METER}/statement?from=2024-03-02&to=2024-03-01` },
      { name: "bill", path: "/bills/352-2024-02-352522395", widths: ALL },
      { name: "bill-dark", path: "/bills/352-2024-02-352522395", dark: true },
      { name: "chain", path: "/chain", widths: ALL },
      { name: "chain-dark", path: "/chain", dark: true },
      { name: "block", path: "/blocks/40", widths: [390, 1440] },
      { name: "record", path: "/records/200", widths: ALL },
      { name: "record-open", path: "/records/200", open: true },
      { name: "record-walk", path: "/records/200", walk: true, widths: ALL },
      { name: "record-walk-dark", path: "/records/200", walk: true, dark: true },
      { name: "block-walk", path: "/blocks/40", walk: true, widths: [390, 1440] },
      { name: "chain-walk", path: "/chain", walk: true, widths: [390, 1440] },
      { name: "performance", path: "/performance", widths: [390, 1440] },
      { name: "performance-days", path: "/performance?by=day", dark: true },
      { name: "alarms", path: "/alarms", widths: [390, 1440] },
      { name: "missing", path: "/meters/999999999", widths: [390, 1440] },
    ],
  },
  {
    name: "live",
    options: VILLAGE,
    live: true,
    shots: [
      { name: "overview", path: "/", widths: ALL },
      { name: "meter", path: METER, widths: ALL },
      { name: "meter-dark", path: METER, widths: [390, 1440], dark: true },
    ],
  },
  {
    name: "compare",
    options: VILLAGE,
    shots: [
      { name: "months", path: `/compare?meter=352522395`, widths: ALL },
      { name: "months-dark", path: `/compare?meter=352522395`, dark: true, widths: [390, 1440] },
      {
        name: "gaps",
        path: "/compare?meter=352522395&from=2024-03-01&to=2024-03-16&with_from=2024-02-01&with_to=2024-02-29",
        open: true,
      },
      {
        name: "meters",
        path: "/compare?meter=352522395&from=2024-02-01&to=2024-02-29&with=352522712&with_from=2024-02-01&with_to=2024-02-29",
      },
    ],
  },
  {
    name: "zoom",
    options: VILLAGE,
    shots: [
      { name: "days", path: `${METER}?from=2024-03-01&to=2024-03-14`, widths: [390, 1440] },
      { name: "corrected", path: `${METER}/days/2024-03-12`, widths: [390, 1440] },
      { name: "slots", path: `${METER}/days/2024-03-06?slots=24-71`, widths: [390, 1440] },
    ],
  },
  {
    name: "rtl",
    options: { ...VILLAGE, labels: ["קומת קרקע, שמאל", "الطابق الأول (يمين)"] },
    dir: "rtl",
    shots: [
      { name: "overview", path: "/", widths: [390, 1440] },
      { name: "month", path: METER, widths: [390, 1440] },
      { name: "day", path: `${METER}/days/2024-03-13` },
      { name: "bills", path: "/bills", widths: [390, 1440] },
      { name: "bill", path: "/bills/352-2024-02-352522395" },
      { name: "chain", path: "/chain", walk: true },
      { name: "record", path: "/records/200", walk: true, widths: [390, 1440] },
      { name: "alarms", path: "/alarms", widths: [390, 1440] },
      { name: "performance", path: "/performance" },
    ],
  },
  {
    name: "broken",
    options: { days: 40, gapDates: february, brokenDate: "2024-01-20", unusableDate: "2024-01-25" },
    shots: [
      { name: "gaps", path: `${METER}?month=2024-02`, widths: [390, 1440] },
      { name: "month", path: `${METER}?month=2024-01` },
      { name: "day", path: `${METER}/days/2024-01-20`, widths: [390, 1440] },
      { name: "unusable", path: `${METER}/days/2024-01-25` },
      { name: "bill", path: "/bills/352-2024-01-352522395" },
    ],
  },
  {
    name: "gap-bill",
    options: { days: 62, gapDates: february.slice(9, 14), unsettled: true },
    shots: [
      { name: "month", path: `${METER}?month=2024-02`, widths: [390, 1440] },
      { name: "bill", path: "/bills/352-2024-02-352522395" },
      { name: "overview-unsettled", path: "/" },
    ],
  },
  {
    name: "one",
    options: { meters: 1, days: 3 },
    shots: [
      { name: "overview", path: "/" },
      { name: "month", path: METER },
    ],
  },
  {
    name: "none",
    options: { meters: 0, days: 0 },
    shots: [
      { name: "overview", path: "/" },
      { name: "bills", path: "/bills" },
      { name: "chain", path: "/chain" },
      { name: "alarms", path: "/alarms" },
    ],
  },
  {
    name: "thousand",
    options: { meters: 1000, days: 4 },
    shots: [
      { name: "overview", path: "/", widths: [390, 1440] },
      { name: "block", path: "/blocks/3" },
    ],
  },
];

async function shootAlbum(
  browser: Browser,
  album: Album,
  wanted: readonly string[],
): Promise<void> {
  const shots = album.shots.filter((shot) => {
    const name = `${album.name}-${shot.name}`;
    return wanted.length === 0 || wanted.some((part) => name.includes(part));
  });
  if (shots.length === 0) return;
  const readModel = createFakeReadModel(album.options);
  const fake = album.live === true ? makeFakeLive(readModel) : undefined;
  const app = createTestPortal(album.options, {
    ...{ readModel, ...fake },
    dir: album.dir ?? "ltr",
    onError: (error) => console.error(error),
  });
  const portal = await startPortal({ app, port: 0 });
  const folder = path.join(projectRoot(), "output", "screenshots");
  mkdirSync(folder, { recursive: true });
  for (const shot of shots) {
    for (const width of shot.widths ?? [1440]) {
      const page = await browser.newPage({
        viewport: { width, height: 900 },
        colorScheme: shot.dark === true ? "dark" : "light",
      });
      if (fake !== undefined) await page.addInitScript(LAST_MINUTES);
      await page.goto(`${portal.url}${shot.path}`);
      if (fake !== undefined) await page.waitForTimeout(2500);
      if (shot.open === true) {
        await page.evaluate(
          'document.querySelectorAll("details").forEach((d) => { d.open = true; })',
        );
      }
      if (shot.walk === true) {
        await page.click("[data-start]");
        await page.waitForSelector(".walk-verdict p");
      }
      const file = path.join(folder, `${album.name}-${shot.name}-${width}.png`);
      await page.screenshot({ path: file, fullPage: true });
      console.log(path.relative(projectRoot(), file));
      await page.close();
    }
  }
  fake?.events.close();
  await portal.close();
}

/** What the page has seen while it was open, as its own script keeps it. */
const LAST_MINUTES = `sessionStorage.setItem("wattproof-live-352522395", JSON.stringify(
  Array.from({ length: 140 }, (_, i) => {
    const ms = Date.now() - (140 - i) * 2000;
    const s = Math.floor(ms / 1000);
    return { ms, milliWatt: 180000 + 60000 * Math.sin(s / 17) + (s % 90 < 12 ? 1850000 : 0) };
  })))`;

const browser = await launchChromium();
for (const album of ALBUMS) await shootAlbum(browser, album, process.argv.slice(2));
await browser.close();
