/** Two periods beside each other: what is paired, what differs, what is offered, and who may compare what. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareColumns, meanWh, percentMore } from "../../../gateway/web/compare.ts";
import type { Column } from "../../../gateway/web/history.ts";
import { choicesOf, isLong, periodBefore } from "../../../gateway/web/page/compare-sides.ts";
import { TestBrowser, TestGate } from "../../support/test-gate.ts";
import { createTestPortal, FIRST_METER } from "../../support/test-portal.ts";

const OTHER = "352522712";
const column = (key: string, wh: number, kind: Column["kind"] = "solid"): Column => ({
  ...{ key, wh, kind, conditions: {}, days: [] },
  slots: { total: 1, measured: 1, partial: 0, recovered: 0, substituted: 0, gap: 0, missing: 0 },
});

describe("pairs", () => {
  test("the first against the first; a difference only where both were measured", () => {
    const left = [column("1", 500), column("2", 0, "gap"), column("3", 700, "partial")];
    const right = [column("a", 200), column("b", 300)];
    const { pairs, ...totals } = compareColumns(left, right);
    assert.deepEqual(
      pairs.map((pair) => [pair.left?.key, pair.right?.key, pair.differenceWh]),
      [
        ["1", "a", 300],
        ["2", "b", undefined],
        ["3", undefined, undefined],
      ],
    );
    assert.deepEqual(totals, {
      left: { wh: 1200, measured: 2, gaps: 1 },
      right: { wh: 500, measured: 2, gaps: 0 },
    });
    assert.equal(meanWh(totals.left), 600);
    assert.equal(meanWh({ wh: 0, measured: 0, gaps: 3 }), undefined);
  });

  test("percent against nothing is nothing", () => {
    assert.equal(percentMore(110, 100)?.toFixed(6), "10.000000");
    assert.equal(percentMore(1, 0), undefined);
  });

  test("months where days would be too many", () => {
    assert.equal(isLong({ from: "2024-01-01", to: "2024-02-29" }), false);
    assert.equal(isLong({ from: "2024-01-01", to: "2024-03-02" }), false);
    assert.equal(
      isLong({ from: "2024-01-01", to: "2024-01-02" }, { from: "2023-01-01", to: "2023-12-31" }),
      true,
    );
  });
});

describe("what is offered", () => {
  const offered = (newest: string): string[] =>
    choicesOf(newest).map(({ left, right }) =>
      [left.from, left.to, "|", right.from, right.to].join(" "),
    );

  test("a month that runs is compared with as much of the other one", () => {
    assert.deepEqual(offered("2024-03-14"), [
      "2024-03-01 2024-03-14 | 2024-02-01 2024-02-14",
      "2024-03-01 2024-03-14 | 2023-03-01 2023-03-14",
      "2024-01-01 2024-03-14 | 2023-01-01 2023-03-14",
      "2024-03-08 2024-03-14 | 2024-03-01 2024-03-07",
    ]);
  });

  test("a whole month with a whole month, however long; the 29th of February with the 28th", () => {
    assert.equal(offered("2024-03-31")[0], "2024-03-01 2024-03-31 | 2024-02-01 2024-02-29");
    assert.equal(offered("2024-03-30")[0], "2024-03-01 2024-03-30 | 2024-02-01 2024-02-29");
    assert.deepEqual(offered("2024-02-29").slice(0, 3), [
      "2024-02-01 2024-02-29 | 2024-01-01 2024-01-31",
      "2024-02-01 2024-02-29 | 2023-02-01 2023-02-28",
      "2024-01-01 2024-02-29 | 2023-01-01 2023-02-28",
    ]);
  });

  test("before days as many days, before months as many months", () => {
    const before = (from: string, to: string): string =>
      Object.values(periodBefore({ from, to })).join(" ");
    assert.equal(before("2024-03-05", "2024-03-11"), "2024-02-27 2024-03-04");
    assert.equal(before("2024-03-01", "2024-03-31"), "2024-02-01 2024-02-29");
    assert.equal(before("2024-01-01", "2024-12-31"), "2023-01-01 2023-12-31");
  });
});

describe("the page", () => {
  const app = createTestPortal({ meters: 2, days: 62, silentDates: ["2024-02-05", "2024-02-06"] });
  const get = async (query: string): Promise<string> => {
    const response = await app.request(`/compare?${query}`, { headers: { host: "localhost" } });
    assert.equal(response.status, 200);
    return (await response.text()).replaceAll("\u00a0", " ");
  };
  const MONTHS = "from=2024-02-01&to=2024-02-29&with_from=2024-01-01&with_to=2024-01-31";

  test("says energy, the difference by day and in money, and what is missing", async () => {
    const text = await get(`meter=${FIRST_METER}&${MONTHS}`);
    assert.match(text, /February 2024: [\d.]+ kWh; January 2024: [\d.]+ kWh\. Day by day that is/);
    assert.match(text, /EUR (more|less) in all/);
    assert.match(text, /2 days of February 2024 without readings/);
    assert.equal(text.match(/class="pair pair-left"/g)?.length, 27);
    assert.equal(text.match(/class="pair pair-right"/g)?.length, 31);
    assert.equal(text.match(/<tr><th scope="row">/g)?.length, 31, "the longer side in the table");
    assert.match(text, /In money/);
    assert.doesNotMatch(text, /NaN|undefined/);
  });

  test("the second month is the one before unless it is asked for, of two meters the same days", async () => {
    const text = await get(`meter=${FIRST_METER}&from=2024-02-01&to=2024-02-29`);
    assert.match(text, /name="with_from" type="date" required value="2024-01-01"/);
    const two = await get(`meter=${FIRST_METER}&with=${OTHER}&from=2024-02-01&to=2024-02-29`);
    assert.match(two, /name="with_from" type="date" required value="2024-02-01"/);
    assert.match(two, /meter 352\s522\s712, February 2024/i);
  });

  test("years by month; nothing to compare is said, not drawn", async () => {
    const years = "from=2024-01-01&to=2024-12-31&with_from=2023-01-01&with_to=2023-12-31";
    const text = await get(`meter=${FIRST_METER}&${years}`);
    assert.match(text, /month by month/);
    assert.match(text, /2023 has no readings to compare with/);
    const none = await get("from=2031-01-01&to=2031-01-31&with_from=2031-02-01&with_to=2031-02-28");
    assert.match(none, /Both periods lie outside/);
  });

  test("a period that is none is refused, naming the part", async () => {
    for (const [query, part] of [
      ["from=2024-02-01", "to"],
      ["from=2024-02-10&to=2024-02-01", "to"],
      ["from=2024-02-01&to=2024-02-30", "to"],
      ["with=12", "meter"],
      ["from=1999-01-01&to=2024-01-01", "to"],
    ]) {
      const response = await app.request(`/compare?${query}`, { headers: { host: "localhost" } });
      assert.equal(response.status, 400, query);
      assert.match(await response.text(), new RegExp(`${part} must be`, "i"), query);
    }
  });

  test("an operator compares any two meters, a customer own ones only, an auditor none", async () => {
    const gate = new TestGate();
    await gate.addUser("olga", "operator");
    await gate.addUser("carl", "customer", [FIRST_METER]);
    await gate.addUser("adam", "auditor");
    const closed = createTestPortal({ meters: 2, days: 40 }, { gate: gate.gate });
    const expected: readonly (readonly [user: string, two: number, own: number])[] = [
      ["olga", 200, 200],
      ["carl", 404, 200],
      ["adam", 403, 403],
    ];
    for (const [user, two, own] of expected) {
      const browser = new TestBrowser(closed);
      await browser.signIn(user);
      const statusOf = async (path: string): Promise<number> => (await browser.get(path)).status;
      assert.equal(await statusOf(`/compare?meter=${FIRST_METER}&with=${OTHER}`), two, user);
      assert.equal(await statusOf(`/compare?meter=${OTHER}`), two, user);
      assert.equal(await statusOf("/compare"), own, user);
    }
    const carl = new TestBrowser(closed);
    await carl.signIn("carl");
    assert.doesNotMatch(await (await carl.get("/compare")).text(), new RegExp(OTHER));
  });
});
