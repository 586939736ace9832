// The portal as a whole, without a browser: every page answers, every parameter is refused with a code, nothing
// is printed unescaped, nothing but reading is possible.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { EXPORT_ROUTES } from "../../../gateway/web/export-routes.ts";
import { startPortal } from "../../../gateway/web/portal.ts";
import { ROUTES } from "../../../gateway/web/routes.ts";
import { ManualClock } from "../../../shared/base/clock.ts";
import { createFakeReadModel } from "../../support/fake-read-model.ts";
import { createTestPortal, FIRST_METER, HOSTILE_TEXT } from "../../support/test-portal.ts";

const METER = `/meters/${FIRST_METER}`;
const VILLAGE = { meters: 3, days: 34, partialDates: ["2024-01-18"], silentDates: ["2024-01-20"] };
const app = createTestPortal(VILLAGE);
/** Routes that answer with no page. */
const FILES = [
  "/find",
  "/meters/:meter/days.csv",
  "/meters/:meter/statements.csv",
  "/meters/:meter/statement.pdf",
  ...EXPORT_ROUTES.map(({ path }) => path),
];

async function get(
  path: string,
  from = app,
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await from.request(path);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe("pages", () => {
  const pages: readonly (readonly [path: string, expected: RegExp])[] = [
    ["/", /<h1>Meters<\/h1>/],
    ["/?q=3525&page=1", /Meters matching “3525”/],
    [METER, /February 2024/],
    [`${METER}?month=2024-01`, /January 2024/],
    [`${METER}?year=2024`, /kWh by month/],
    [`${METER}?month=2031-01`, /lies outside the days/],
    [`${METER}?from=2024-01-15&to=2024-01-24`, /15 – 24 Jan 2024/],
    [`${METER}?from=2023-06-01&to=2024-05-31`, /kWh by month/],
    [`${METER}/days/2024-01-18`, /a part of the day was not measured/],
    [`${METER}/days/2024-01-18?slots=24-47`, /06:00 to 12:00/],
    [`/compare?meter=${FIRST_METER}`, /Last 7 days and the 7 before/],
    [`${METER}/days/2024-01-20`, /Nothing was sealed/],
    ["/bills", /3 bills/],
    [`/bills?meter=${FIRST_METER}`, /Bills of/],
    [`/bills?meter=${FIRST_METER}`, /1\.00\u00a0EUR to be paid/],
    [`/bills?meter=${FIRST_METER}`, /Payment<\/a> <bdi>transfer 1<\/bdi> for <a href/],
    [`/bills/352-2024-01-${FIRST_METER}`, /class="receipt"/],
    [`/bills/352-2024-01-${FIRST_METER}`, /Day by day/],
    [`/bills?meter=${FIRST_METER}`, /Statement of any days/],
    [`${METER}/statement`, /1 Feb 2024 to 3 Feb 2024/],
    [`${METER}/statement?from=2024-01-15&to=2024-02-20`, /1,728 slots without a usable record/],
    [`${METER}/statement?from=2024-02-02&to=2024-02-01`, /cannot be computed: there is no period/],
    ["/tariffs", /home-flat, version 1/],
    ["/tariffs", /0\.412 EUR a kWh, 16:00 to 21:00 on Monday to Friday in November, December/],
    ["/tariffs", /0\.29 EUR a kWh above 200 kWh a month, at all other times/],
    ["/tariffs", /19 % of standing/],
    ["/chain", /What if somebody changed an old reading/],
    ["/chain?before=5", /Blocks before 5/],
    ["/blocks/0", /the chain begins here/],
    ["/blocks/12", /This block/],
    ["/records/0", /the beginning of the chain/],
    ["/records/20", /8 of 8 steps hold/],
    ["/alarms", /All quiet/],
    ["/alarms?state=closed", /No alarm has been closed/],
    ["/performance", /Mining time, ms/],
    ["/performance?by=day", /mean of the day/],
    ["/blocks/3", /What it proves/],
    ["/records/9", /Verify in this browser/],
    ["/chain", /Walk it in this browser/],
  ];
  for (const [path, expected] of pages) {
    test(`${path} answers`, async () => {
      const { status, text, headers } = await get(path);
      assert.equal(status, 200);
      assert.match(text, expected);
      assert.match(headers.get("content-type") ?? "", /^text\/html; charset=utf-8/);
      assert.match(headers.get("cache-control") ?? "", /no-store/);
      // Keys, hashes and what is sealed spell any three letters by chance.
      const words = text.replace(/[\w-]{22,}/g, "");
      assert.doesNotMatch(words, /NaN|undefined|Infinity|\[object/);
    });
  }

  test("every page of the table is reachable by these tests", () => {
    for (const route of ROUTES) {
      const form = new RegExp(`^${route.path.replace(/:\w+/g, "[^/?]+")}(?:\\?.*)?$`);
      const covered = pages.some(([path]) => form.test(path));
      assert.ok(covered || FILES.includes(route.path), route.path);
    }
  });

  test("the first page with style sheet and script stays under 100 KB on the wire with fifty meters", async () => {
    const sixty = createTestPortal({ meters: 60, days: 1 });
    const page = (await get("/", sixty)).text;
    const files = [...page.matchAll(/(?:href|src)="(\/assets\/portal\.[\w.?=-]+)"/g)];
    assert.equal(files.length, 2, "the style sheet and the script");
    let bytes = 0;
    for (const path of ["/", ...files.map(([, file = ""]) => file)]) {
      const headers = { "accept-encoding": "gzip", host: "localhost" };
      const response = await sixty.request(path, { headers });
      assert.equal(response.headers.get("content-encoding"), "gzip", path);
      bytes += (await response.arrayBuffer()).byteLength;
    }
    assert.ok(bytes < 100_000 / 3, `${bytes} bytes`);
  });

  test("an empty gateway says what to do next", async () => {
    const empty = createTestPortal({ meters: 0, days: 0 });
    assert.match((await get("/", empty)).text, /No meter yet/);
    assert.match((await get("/bills", empty)).text, /No bill yet/);
    assert.equal((await get("/chain", empty)).status, 200);
  });

  test("a meter that has sealed nothing is waiting", async () => {
    const { text } = await get(METER, createTestPortal({ meters: 1, days: 0 }));
    assert.match(text, /Waiting for the first day/);
  });

  test("a day of gaps is never a zero", async () => {
    const { text } = await get(
      `${METER}?month=2024-01`,
      createTestPortal({
        meters: 1,
        days: 3,
        gapDates: ["2024-01-01", "2024-01-02", "2024-01-03"],
      }),
    );
    assert.match(text, /No readings: 3 days in a gap/);
    assert.doesNotMatch(text, />0\.00</);
    assert.equal(text.match(/class="gap"/g)?.length, 1);
    assert.equal(text.match(/class="bar bar-/g), null);
  });

  test("a record that was altered in the store is called out at the top of its day", async () => {
    const broken = createTestPortal({ meters: 1, days: 6, brokenDate: "2024-01-04" });
    const { text } = await get(`${METER}/days/2024-01-04`, broken);
    assert.match(text, /Do not rely on this day/);
    assert.match(text, /<code class="flag flag-bad">ct<\/code>/);
    assert.match(text, /badge-broken/);
  });

  test("a meter that has sealed nothing for three days is pointed out", async () => {
    const village = { meters: 1, days: 4 };
    const tip = createFakeReadModel(village).overview().tip.timeSeconds;
    for (const [days, silent] of [
      [2, false],
      [3, true],
    ] as const) {
      const clock = new ManualClock((tip + days * 86_400) * 1000);
      const { text } = await get("/", createTestPortal(village, { clock }));
      assert.equal(text.includes("silent for 3 days"), silent);
    }
  });

  test("the overview points out a day with fewer meters than its neighbours, not a meter that ended", async () => {
    const inner = createFakeReadModel({ meters: 2, days: 6 });
    const counts = [2, 1, 2, 1, 1, 1];
    const readModel: ReadModel = {
      ...inner,
      overview: () => {
        const overview = inner.overview();
        const recentDays = overview.recentDays.map((day, i) => ({
          ...day,
          meters: counts[i] ?? 0,
        }));
        return { ...overview, recentDays };
      },
    };
    const { text } = await get("/", createTestPortal({}, { readModel }));
    assert.equal(text.match(/class="bar bar-partial"/g)?.length, 2);
    assert.equal(text.match(/class="bar bar-solid"/g)?.length, 4);
  });

  test("an unusable day names its code", async () => {
    const village = { meters: 1, days: 3, unusableDate: "2024-01-02" };
    const { text } = await get(`${METER}/days/2024-01-02`, createTestPortal(village));
    assert.match(text, /cannot be used \(<code>schema<\/code>\)/);
  });

  test("what a meter told of itself is listed, escaped, with a code of a newer meter too", async () => {
    const events = [
      { position: 3, atSeconds: 1_704_200_000, code: "tamper", after: "open" },
      { position: 2, atSeconds: 1_704_100_000, code: "of-tomorrow", before: "<b>", after: "&" },
    ];
    const { text } = await get(METER, createTestPortal({ meters: 1, days: 3, events }));
    assert.match(text, /What the meter told/);
    assert.match(text, /<a href="\/records\/3">.*?flag-warn">tamper<.*?The tamper switch.*?open/s);
    assert.match(text, /flag">of-tomorrow<.*?does not know.*?&lt;b&gt; → &amp;/s);
    const { text: quiet } = await get(METER, createTestPortal({ meters: 1, days: 3 }));
    assert.doesNotMatch(quiet, /What the meter told/);
  });
});

describe("what a day costs", () => {
  const january = `/bills/352-2024-01-${FIRST_METER}`;
  const rowOf = (text: string, day: string): string =>
    new RegExp(`<tr><th scope="row"><a[^>]*>${day}</a>.*?</tr>`).exec(text)?.[0] ?? "";
  const sumOf = (text: string): string =>
    /<tfoot><tr><th scope="row">Together.*/s.exec(text)?.[0] ?? "";
  const words = (markup: string): string => markup.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");

  test("a bill lists its days; the sum is that of the exact amounts", async () => {
    const readModel = createFakeReadModel(VILLAGE);
    const bill = readModel.bill(`352-2024-01-${FIRST_METER}`);
    assert.ok(bill);
    const { text } = await get(january);
    for (const day of bill.daily) {
      const row = words(rowOf(text, `${Number(day.date.slice(8))} Jan`));
      assert.ok(row.includes((day.amountMinor / 100).toFixed(2)), row);
      assert.ok(row.includes((day.wh / 1000).toFixed(2)), row);
    }
    const exact = bill.lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    assert.match(words(sumOf(text)), new RegExp(`Together [\\d.]+ ${(exact / 100).toFixed(2)} `));
    const shown = bill.daily.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    assert.notEqual(shown, exact);
    assert.doesNotMatch(text, /charge by the month/);
    const lines = bill.lines.map((line) => ({ ...line, unit: "month" }));
    const monthly: ReadModel = { ...readModel, bill: () => ({ ...bill, lines }) };
    const other = await get(january, createTestPortal({}, { readModel: monthly }));
    assert.match(other.text, /A charge by the month falls on its first day/);
    assert.ok(text.includes(`as printed they add up to ${(shown / 100).toFixed(2)}, exactly to`));
  });

  test("a day of gaps has no energy, a day that could not be used only its charge", async () => {
    const portal = createTestPortal({
      ...{ meters: 1, days: 31, gapDates: ["2024-01-04"], unusableDate: "2024-01-07" },
    });
    const { text } = await get(january, portal);
    assert.match(words(rowOf(text, "4 Jan")), /4 Jan – none 0\.41/);
    assert.equal(rowOf(text, "7 Jan"), "");
    assert.match(words(text), /Days without a usable record 0\.41/);
  });

  test("a month that runs says what it costs so far, a billed one leads to its bill", async () => {
    const running = (await get(METER)).text;
    const days = createFakeReadModel(VILLAGE).statements(FIRST_METER, "2024-02");
    const pico = days.reduce((sum, { exactPico }) => sum + BigInt(exactPico), 0n);
    const cost = (Number(pico) / 1e12).toFixed(2);
    assert.match(
      running,
      new RegExp(`<strong>${cost.replace(".", "\\.")}\u00a0EUR</strong> so far`),
    );
    assert.match(running, /The cost is provisional: 3 days/);
    const billed = (await get(`${METER}?month=2024-01`)).text;
    assert.match(billed, new RegExp(`<a href="${january}">Billed</a> with [\\d.]+\u00a0EUR`));
    assert.doesNotMatch(billed, /so far/);
  });

  test("a meter without a tariff costs nothing, so nothing is said", async () => {
    const readModel: ReadModel = { ...createFakeReadModel(VILLAGE), statements: () => [] };
    const { text } = await get(METER, createTestPortal({}, { readModel }));
    assert.doesNotMatch(text, /so far|EUR/);
  });

  test("the statements of a month as CSV, exact and rounded", async () => {
    const { text, headers } = await get(`${METER}/statements.csv?month=2024-01`);
    assert.match(headers.get("content-type") ?? "", /^text\/csv/);
    const [head, first, ...rest] = text.trimEnd().split("\r\n");
    assert.equal(
      head,
      "meter_id,date,energy_kwh,currency,amount,amount_exact,provisional,bill,position",
    );
    const [day] = createFakeReadModel(VILLAGE).statements(FIRST_METER, "2024-01");
    assert.ok(day);
    const kwh = (day.wh / 1000).toFixed(3);
    const fields = first?.split(",") ?? [];
    assert.deepEqual(fields.slice(0, 2), [FIRST_METER, "2024-01-01"]);
    assert.equal(Number(fields[2]).toFixed(3), kwh);
    assert.deepEqual(fields.slice(3, 5), ["EUR", (day.amountMinor / 100).toFixed(2)]);
    assert.equal(fields[5]?.replace(".", "").replace(/^0+/, ""), day.exactPico);
    assert.deepEqual(fields.slice(6, 8), ["no", `352-2024-01-${FIRST_METER}`]);
    assert.equal(rest.length, 29);
    const newest = await get(`${METER}/statements.csv`);
    assert.match(newest.text, /2024-02-01,[\d.]+,EUR,[\d.]+,[\d.]+,yes,,\d+/);
  });
});

describe("refusals", () => {
  const refused: readonly (readonly [path: string, status: number, code: string])[] = [
    ["/meters/35252239", 400, "parameter"],
    ["/meters/35252239x", 400, "parameter"],
    ["/meters/999999999", 404, "not-found"],
    [`${METER}?month=2024-13`, 400, "parameter"],
    [`${METER}?year=24`, 400, "parameter"],
    [`${METER}/days/2024-02-30`, 400, "parameter"],
    [`${METER}/days/yesterday`, 400, "parameter"],
    [`${METER}/days.csv?from=1`, 400, "parameter"],
    ["/?page=0", 400, "parameter"],
    ["/?page=1e9", 400, "parameter"],
    [`/?q=${"9".repeat(101)}`, 400, "parameter"],
    [`${METER}/statements.csv?month=2024`, 400, "parameter"],
    ["/api/v1/meters/352522395/statements?month=1", 400, "parameter"],
    ["/bills?meter=1", 400, "parameter"],
    ["/bills/none", 404, "not-found"],
    ["/bills/%00", 400, "parameter"],
    ["/chain?before=-1", 400, "parameter"],
    ["/blocks/007", 400, "parameter"],
    ["/blocks/4294967296", 400, "parameter"],
    ["/blocks/99999", 404, "not-found"],
    ["/records/1.5", 400, "parameter"],
    ["/records/99999", 404, "not-found"],
    ["/find?q=abc", 400, "parameter"],
    [`/find?q=${"A".repeat(43)}`, 404, "not-found"],
    ["/nothing", 404, "not-found"],
    ["/api/v1/nothing", 404, "not-found"],
    ["/api/v1/meters/x", 400, "parameter"],
    ["/api/v1/blocks?limit=1001", 400, "parameter"],
  ];
  for (const [path, status, code] of refused) {
    test(`${path} is ${status} ${code}`, async () => {
      const answer = await get(path);
      assert.equal(answer.status, status);
      if (path.startsWith("/api/")) assert.equal(JSON.parse(answer.text).code, code);
      else assert.match(answer.text, new RegExp(`problem-code"><code>${code}</code>`));
    });
  }

  test("nothing but reading is answered", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const response = await app.request("/", { method });
      assert.equal(response.status, 405, method);
      assert.match(await response.text(), /<code>method<\/code>/);
    }
    assert.equal((await app.request("/", { method: "HEAD" })).status, 200);
  });

  test("another host name is refused, so that DNS rebinding reads nothing", async () => {
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
      const response = await app.request("/", { headers: { host } });
      assert.equal(response.status, 421, host);
      assert.doesNotMatch(await response.text(), new RegExp(FIRST_METER));
    }
    for (const host of ["localhost:8088", "127.0.0.1", "[::1]:8088", "LOCALHOST"]) {
      assert.equal((await app.request("/", { headers: { host } })).status, 200, host);
    }
  });

  test("a failing store gives a page without a word of its insides, and is reported", async () => {
    const seen: unknown[] = [];
    const readModel = new Proxy({} as ReadModel, {
      get: () => () => {
        throw new Error("SQLITE_CORRUPT at /var/lib/secret.db");
      },
    });
    const failing = createTestPortal({}, { readModel, onError: (error) => seen.push(error) });
    for (const path of ["/", "/api/v1/overview"]) {
      const { status, text, headers } = await get(path, failing);
      assert.equal(status, 500);
      assert.match(text, /internal/);
      assert.doesNotMatch(text, /SQLITE|secret/);
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
    }
    assert.equal(seen.length, 2);
  });
});

describe("safety", () => {
  test("every answer carries the security headers", async () => {
    for (const path of ["/", "/nothing", "/assets/portal.css", "/api/v1/overview", "/find?q=1"]) {
      const { headers } = await get(path);
      const policy = headers.get("content-security-policy") ?? "";
      assert.match(
        policy,
        /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'/,
        path,
      );
      assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("referrer-policy"), "same-origin");
    }
  });

  test("hostile text from a store or an address comes out as text", async () => {
    const alarm = { id: 1, kind: "record", atSeconds: 1, state: "open" } as const;
    const alarms = [{ ...alarm, code: HOSTILE_TEXT, detail: HOSTILE_TEXT }];
    const inner = createFakeReadModel({ meters: 2, days: 2, labels: [HOSTILE_TEXT], alarms });
    const readModel: ReadModel = {
      ...inner,
      overview: () => {
        const overview = inner.overview();
        return { ...overview, tip: { ...overview.tip, origin: HOSTILE_TEXT } };
      },
      block: (height) => {
        const block = inner.block(height);
        return block && { ...block, gatewayName: HOSTILE_TEXT };
      },
      records: (from, limit) =>
        inner.records(from, limit).map((record) => ({
          ...record,
          typ: HOSTILE_TEXT,
          signer: HOSTILE_TEXT,
          subject: HOSTILE_TEXT,
        })),
    };
    const hostile = createTestPortal({}, { readModel });
    const paths = ["/", METER, "/alarms", "/blocks/1", "/chain", "/records/3"];
    for (const path of [...paths, `/?q=${encodeURIComponent(HOSTILE_TEXT.slice(0, 90))}`]) {
      const { text } = await get(path, hostile);
      assert.doesNotMatch(text, /<img|<script(?! src="\/assets\/)|onerror="/i, path);
    }
    assert.match((await get(METER, hostile)).text, /&quot;&gt;&lt;img src=x/);
  });

  test("no page holds inline script or style, or an address elsewhere", async () => {
    for (const path of ["/", METER, `${METER}/days/2024-01-18`, "/chain", "/records/20"]) {
      const { text } = await get(path);
      assert.doesNotMatch(
        text,
        /<script(?! src="\/assets\/)|<style| style=| on[a-z]+="|javascript:/i,
        path,
      );
      assert.doesNotMatch(text, /(?:href|src|action)="(?!\/|#)/, path);
    }
  });

  test("assets are names, never paths", async () => {
    for (const name of [
      "../package.json",
      "..%2fpackage.json",
      "%2e%2e%2f%2e%2e%2fpackage.json",
      "..%5cportal.ts",
      "/etc/passwd",
      "%2fetc%2fpasswd",
      "portal.css%00.svg",
      "__proto__",
      "constructor",
    ]) {
      const { status, text } = await get(`/assets/${name}`);
      assert.ok(status === 404 || status === 400, `${name}: ${status}`);
      assert.doesNotMatch(text, /"dependencies"|root:/);
    }
  });

  test("the style sheet is kept by its content", async () => {
    const { headers } = await get("/assets/portal.css");
    const etag = headers.get("etag") ?? "";
    assert.match(headers.get("cache-control") ?? "", /immutable/);
    const again = await app.request("/assets/portal.css", { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304);
  });
});

describe("finding and taking along", () => {
  test("a height or a record's hash leads to its page", async () => {
    const byHeight = await app.request("/find?q=12");
    assert.equal(byHeight.status, 303);
    assert.equal(byHeight.headers.get("location"), "/blocks/12");
    const leaf = createFakeReadModel(VILLAGE).records(7, 1)[0]?.leaf ?? "";
    const fresh = await get(`/api/v1/records?from=7&limit=1`);
    const served = JSON.parse(fresh.text).rows[0].leaf as string;
    assert.equal(served.length, leaf.length);
    const byLeaf = await app.request(`/find?q=${served}`);
    assert.equal(byLeaf.headers.get("location"), "/records/7");
  });

  test("the days of a meter as CSV, a row a record", async () => {
    const { text, headers } = await get(`${METER}/days.csv?from=2024-01-17&to=2024-01-21`);
    assert.match(headers.get("content-type") ?? "", /^text\/csv/);
    assert.match(
      headers.get("content-disposition") ?? "",
      /attachment; filename="wattproof-352522395-2024-01-17-2024-01-21\.csv"/,
    );
    const lines = text.trimEnd().split("\r\n");
    assert.match(lines[0] ?? "", /^meter_id,location,timestamp,energy_kwh/);
    assert.equal(lines.length, 1 + 4);
    assert.match(lines[1] ?? "", /^352522395,"52\.4217636,13\.084614",2024-01-17,\d+\.\d\d/);
  });
});

test("the portal listens on loopback and stops", async () => {
  const portal = await startPortal({ app, port: 0 });
  assert.match(portal.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(portal.url);
  assert.equal(response.status, 200);
  await response.text();
  await portal.close();
  await assert.rejects(fetch(portal.url));
});
