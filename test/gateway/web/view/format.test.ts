import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { daysCsv } from "../../../../gateway/web/view/csv.ts";
import { html } from "../../../../gateway/web/view/html.ts";
import {
  CURRENT,
  ENERGY,
  formatMeterId,
  formatMinor,
  formatNano,
  formatNumber,
  formatQuantity,
  HUMIDITY,
  TEMPERATURE,
  VOLTAGE,
} from "../../../../gateway/web/view/number.ts";
import { formatPlace } from "../../../../gateway/web/view/parts.ts";
import {
  addDays,
  addMonths,
  datesOfMonth,
  formatLongDate,
  formatMonth,
  monthsBetween,
  zonedTime,
} from "../../../../gateway/web/view/time.ts";
import { countSlots } from "../../../support/fake-household.ts";

describe("months", () => {
  test("are counted from one to another, to the last year that a text can name", () => {
    assert.deepEqual(monthsBetween("2023-11", "2024-02"), [
      "2023-11",
      "2023-12",
      "2024-01",
      "2024-02",
    ]);
    assert.deepEqual(monthsBetween("2024-02", "2024-01"), []);
    assert.equal(monthsBetween("9999-01", "9999-12").length, 12);
  });
});

describe("numbers", () => {
  test("a row of the paper's table 3 comes out to the printed digit", () => {
    assert.equal(formatQuantity(ENERGY, 10_470), "10.47");
    assert.equal(formatQuantity(CURRENT, 47_880), "47.88");
    assert.equal(formatQuantity(VOLTAGE, 194_900), "194.90");
    assert.equal(formatQuantity(TEMPERATURE, 3_720), "3.72");
    assert.equal(formatQuantity(HUMIDITY, 2_852), "28.52");
    assert.equal(
      formatPlace({ latitudeE7: 374_217_636, longitudeE7: -1_220_846_140 }),
      "37.4217636, \u2212122.084614",
    );
  });

  test("signs, thousands, money and rates", () => {
    assert.equal(formatNumber(-1_234.5, 1), "\u22121,234.5");
    assert.equal(formatMinor(936, 2), "9.36");
    assert.equal(formatMinor(-5, 2), "\u22120.05");
    assert.equal(formatMinor(936, 0), "936");
    assert.equal(formatNano(14_000_000), "0.014");
    assert.equal(formatNano(1_500_000_000), "1.50");
    assert.equal(formatNano(1), "0.000000001");
    assert.equal(formatNano(-410_000_000), "\u22120.41");
    assert.equal(formatMeterId("352522395"), "352\u2009522\u2009395");
  });
});

describe("dates", () => {
  test("civil dates never meet a zone", () => {
    assert.equal(addDays("2024-02-28", 1), "2024-02-29");
    assert.equal(addDays("2024-01-01", -1), "2023-12-31");
    assert.equal(addMonths("2024-01", -1), "2023-12");
    assert.equal(addMonths("2023-12", 1), "2024-01");
    assert.equal(datesOfMonth("2024-02").length, 29);
    assert.equal(formatLongDate("2024-01-14"), "Sunday 14 January 2024");
    assert.equal(formatMonth("2024-01"), "January 2024");
  });

  test("instants are shown in their zone, with UTC on hover", () => {
    const berlin = zonedTime("Europe/Berlin");
    assert.equal(berlin.clock(1_711_846_800), "03:00");
    assert.equal(berlin.clock(1_711_846_799), "01:59");
    assert.match(String(berlin.stamp(1_711_846_800)), /title="2024-03-31 01:00:00 UTC"/);
    assert.equal(berlin.isoDate(1_711_839_600), "2024-03-31");
  });

  test("an unknown zone is shown in UTC instead of failing", () => {
    assert.equal(zonedTime("Mars/Olympus").zone, "UTC");
  });
});

describe("templates and CSV", () => {
  test("strings are escaped in text and in attributes, markup only from a template", () => {
    const text = `<b a="1" c='2'>&`;
    const page = String(html`<p title="${text}">${text}${html`<i>${text}</i>`}${[text]}</p>`);
    const escaped = "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;";
    assert.equal(page, `<p title="${escaped}">${escaped}<i>${escaped}</i>${escaped}</p>`);
    assert.equal(String(html`${undefined}${false}${0}`), "0");
  });

  test("CSV quotes what needs it, keeps all digits, leaves the unknown empty", () => {
    const csv = daysCsv(
      [
        {
          meter: "352522395",
          date: "2024-01-01",
          zone: "America/Los_Angeles",
          fromSeconds: 0,
          toSeconds: 86_400,
          stepSeconds: 0,
          wh: 10_471,
          slots: countSlots("M"),
          state: "final",
          leaf: "abc",
          position: 7,
          height: 2,
          temperatureMilliCelsius: { mean: -3_725, min: -3_725, max: -3_725 },
        },
      ],
      "37.4217636,-122.084614",
    );
    assert.equal(
      csv.split("\r\n")[1],
      '352522395,"37.4217636,-122.084614",2024-01-01,10.471,,,-3.725,,America/Los_Angeles,1,1,0,,final,7,abc,',
    );
  });
});
