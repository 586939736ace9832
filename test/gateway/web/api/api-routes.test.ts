import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { API_ROUTES } from "../../../../gateway/web/api/api-routes.ts";
import { makeFakeLive } from "../../../support/fake-live.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";
import { createTestPortal, FIRST_METER } from "../../../support/test-portal.ts";

const readModel = createFakeReadModel({ meters: 3, days: 33 });
const { live } = makeFakeLive(readModel);
const app = createTestPortal({}, { readModel, live });

async function read(path: string): Promise<Record<string, unknown>> {
  const response = await app.request(`/api/v1${path}`);
  assert.equal(response.status, 200, path);
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  return (await response.json()) as Record<string, unknown>;
}

describe("JSON interface", () => {
  const examples: Readonly<Record<string, string>> = {
    ":meter": FIRST_METER,
    ":date": "2024-01-05",
    ":no": `352-2024-01-${FIRST_METER}`,
    ":height": "3",
    ":position": "9",
  };
  for (const route of API_ROUTES) {
    test(`GET ${route.path}`, async () => {
      const answer = await read(route.path.replace(/:\w+/g, (name) => examples[name] ?? ""));
      assert.ok(Object.keys(answer).length > 0);
    });
  }

  test("a day carries its slots in Wh and its quality", async () => {
    const { rows } = (await read(`/meters/${FIRST_METER}/days/2024-01-05`)) as {
      rows: { slotWh: number[]; quality: string; wh: number }[];
    };
    const [day] = rows;
    assert.equal(day?.slotWh.length, 96);
    assert.equal(day?.quality.length, 96);
    assert.equal(
      day?.wh,
      day?.slotWh.reduce((sum, wh) => sum + wh, 0),
    );
  });

  test("what a meter measures now; nothing of one that says nothing, and of none that is not here", async () => {
    const one = (await read(`/meters/${FIRST_METER}/live`)) as { live: Record<string, unknown> };
    assert.deepEqual(Object.keys(one["live"]), [
      ...["meter", "atSeconds", "ageMs", "powerMilliWatt", "voltageMilliVolt", "currentMilliAmp"],
      ...["temperatureMilliCelsius", "humidityCentiPercent", "registerWh"],
    ]);
    const silent = readModel.meters().rows.at(-1)?.meter;
    assert.deepEqual(await read(`/meters/${silent}/live`), {});
    assert.equal((await app.request("/api/v1/meters/999999999/live")).status, 404);
  });

  test("lists are windows", async () => {
    const page = (await read("/meters?offset=1&limit=1")) as { rows: unknown[]; total: number };
    assert.equal(page.rows.length, 1);
    assert.equal(page.total, 3);
    const blocks = (await read("/blocks?before=5&limit=2")) as { rows: { height: number }[] };
    assert.deepEqual(
      blocks.rows.map((block) => block.height),
      [4, 3],
    );
  });

  test("bytes are base64url", async () => {
    const block = await read("/blocks/3");
    assert.match(String(block["header"]), /^[\w-]{208}$/);
  });
});
