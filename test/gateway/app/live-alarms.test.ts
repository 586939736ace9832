// Alarms and costs of a whole running gateway: a bad day alarms, a program acknowledges it through the portal, a restart knows;
// what the blocks took is there some seconds later.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { test } from "node:test";
import type { AlarmRow } from "../../../gateway/projection/alarm-types.ts";
import type { BlockCostRow } from "../../../gateway/projection/cost-types.ts";
import { LiveGateway } from "../../support/live-gateway.ts";
import { makeTestFolder } from "../../support/process.ts";
import { waitFor } from "../../support/wait.ts";

test("from a bad day to an acknowledged alarm, over a restart", async (t) => {
  const root = makeTestFolder();
  const gateway = new LiveGateway(root, { portal_access: "sign-in" });
  t.after(async () => {
    await gateway.stop();
    rmSync(root, { recursive: true, force: true });
  });
  await gateway.start();
  const token = `wpt_${randomBytes(32).toString("base64url")}`;
  const hash = createHash("sha256").update(token).digest("base64url");
  await gateway.ask("token-put", { name: "desk", role: "operator", meters: [], hash });
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const ready = gateway.events.findLast(({ event }) => event === "ready");
    const headers = { authorization: `Bearer ${token}` };
    return fetch(new URL(`/api/v1${path}`, String(ready?.["portal"])), { ...init, headers });
  };
  const rowsOf = async <T>(path: string): Promise<readonly T[]> =>
    ((await (await call(path)).json()) as { rows: readonly T[] }).rows;

  const meter = await gateway.enrol("352522395");
  const good = meter.sealDay();
  await gateway.publish(gateway.topic(meter.id), good.envelope);
  const bad = meter.sealDay({ meter: "352522396" });
  await gateway.publish(gateway.topic(meter.id), bad.envelope);
  await waitFor("both receipts", () => gateway.receipts.get(meter.id)?.length === 2);
  const [alarm, ...more] = await rowsOf<AlarmRow>("/alarms?state=open");
  assert.deepEqual(more, []);
  assert.deepEqual([alarm?.meter, alarm?.kind], [meter.id, "record"]);

  const path = `/alarms/${alarm?.id}/acknowledge`;
  const post = { method: "POST", body: JSON.stringify({ note: "seen" }) };
  assert.equal((await call(path, post)).status, 200);
  assert.equal((await call(path, post)).status, 409, "somebody was faster");
  assert.equal((await call("/alarms/999/close", post)).status, 404);

  await gateway.stop();
  await gateway.start();
  const [known] = await rowsOf<AlarmRow>("/alarms");
  assert.equal(known?.state, "acknowledged");
  assert.deepEqual([known?.acknowledged?.by, known?.acknowledged?.note], ["desk", "seen"]);
  assert.equal((await call(`/alarms/${alarm?.id}/close`, { method: "POST" })).status, 200);
  assert.deepEqual(await rowsOf("/alarms?state=open"), []);

  const costs = await rowsOf<BlockCostRow>("/performance/blocks");
  assert.ok(costs.length >= 1, "stored at the end of the first run at the latest");
  for (const cost of costs) {
    assert.ok(cost.miningMicros > 0 && cost.checkMicros > 0 && cost.writeMicros > 0);
  }
  const days = await rowsOf<{ blocks: number }>("/performance/days");
  assert.equal(
    days.reduce((sum, { blocks }) => sum + blocks, 0),
    costs.length,
  );
});
