/**
 * One meter of many parts, as a process: energy from a P1 port that speaks by itself, a second circuit from a slave on
 * another line, a third part that is only watched; then the main meter is exchanged for another one.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { Journal } from "../../../device/journal/journal.ts";
import { askStatus } from "../../../device/run/status-server.ts";
import { crc16Arc } from "../../../hardware/driver/crc16.ts";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import { prepareMeterFolder } from "../../support/meter-folder.ts";
import { startCli } from "../../support/process.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { createTtyPair, startLinePlayer, startPymodbusSlaves } from "../../support/tty-pair.ts";
import { waitFor } from "../../support/wait.ts";

/** A telegram of version 5 of the meter with this serial number. */
function telegram(serial: string, kwh: string): string {
  const hex = Buffer.from(serial).toString("hex").toUpperCase();
  const lines = [
    "/ISK5\\2M550T-1012",
    "",
    "1-3:0.2.8(50)",
    `0-0:96.1.1(${hex})`,
    `1-0:1.8.1(${kwh}*kWh)`,
    "1-0:1.8.2(000000.000*kWh)",
    "1-0:2.8.1(000003.000*kWh)",
    "1-0:2.8.2(000000.000*kWh)",
    "1-0:1.7.0(00.518*kW)",
    "1-0:32.7.0(230.1*V)",
    "!",
  ];
  const body = lines.join("\r\n");
  const crc = crc16Arc(encodeUtf8(body)).toString(16).toUpperCase().padStart(4, "0");
  return `${body}${crc}\r\n`;
}

const pzem = (wh: number) => ({ input: { ...[2257, 108, 0, 244, 0, wh, 0, 500, 100, 0] } });

test("a P1 port, a second circuit that adds, a part that is watched, an exchanged meter", async (t) => {
  if (!requireSystemPart(t, "socat", "pymodbus")) return;
  const [p1, bus] = [await createTtyPair(t), await createTtyPair(t)];
  const player = startLinePlayer(t, p1.far);
  const end = await startPymodbusSlaves(t, bus.far, { 2: pzem(40), 3: pzem(900) });
  const line = { kind: "pzem-004t", port: bus.near };
  const sources = [
    { kind: "dsmr-p1", port: p1.near, name: "house" },
    { ...line, address: 2, use: "add", name: "garage", calibration: { ct_ratio: [200, 5] } },
    { ...line, address: 3, use: "watch" },
  ];
  const { folder, socket, journal: file, config } = prepareMeterFolder("352522395", { sources });
  const first = startCli(t, "device", ["run", "--data", folder, "--log", "json"]);
  const part = async (name: string) =>
    (await askStatus(socket))?.parts.find((one) => one.part === name)?.reading;
  const speak = async (serial: string, kwh: string, wh: number): Promise<void> => {
    await waitFor(`${kwh} of ${serial}`, async () => {
      await player.play({ text: telegram(serial, kwh) });
      return (await part("house"))?.register === wh;
    });
  };
  await speak("E0001", "001234.567", 1_234_567);
  await waitFor("the others", async () => (await part("pzem-004t 2")) !== undefined);
  assert.equal((await part("garage"))?.register, 1_600);
  assert.equal((await part("house"))?.counter, "dsmr-p1 E0001");
  assert.equal((await part("pzem-004t 2"))?.counts, false);
  await speak("E0001", "001234.570", 1_234_570);
  await end();
  await startPymodbusSlaves(t, bus.far, { 2: pzem(41), 3: pzem(901) });
  await waitFor(
    "a Wh more behind the transformer",
    async () => (await part("garage"))?.register === 1_640,
  );
  await speak("E0002", "000001.000", 1_000);
  await speak("E0002", "000001.002", 1_002);
  assert.equal((await first.stop()).code, 0);

  const journal = new Journal(file, { readOnly: true });
  const state = journal.readState<{ register: number; open?: { wh: number }; out?: number }>(
    "sampler",
  );
  // 3 of the first meter, 40 of the garage, 2 of the second meter.
  const slots = journal.get<{ wh: number }>("SELECT coalesce(sum(wh), 0) AS wh FROM slot");
  assert.equal((state?.register ?? 0) + (state?.open?.wh ?? 0), 45);
  assert.ok((slots?.wh ?? 0) <= 45);
  const swaps = journal.all<{ before: string; after: string }>(
    "SELECT before, after FROM notice WHERE code = 'part-swap'",
  );
  assert.deepEqual(swaps, [
    {
      before: "house: dsmr-p1 E0001 at 1234570 Wh",
      after: "house: dsmr-p1 E0002 at 1000 Wh",
    },
    // Of what flows out, the register of its own.
    {
      before: "house out: dsmr-p1 E0001 at 3000 Wh",
      after: "house out: dsmr-p1 E0002 at 3000 Wh",
    },
  ]);
  journal.close();

  // Another ratio is a signed event, with before and after.
  const changed = [sources[0], { ...sources[1], calibration: { ct_ratio: [100, 5] } }, sources[2]];
  writeFileSync(config, JSON.stringify({ sources: changed }));
  const second = startCli(t, "device", ["run", "--data", folder, "--log", "json"]);
  await waitFor("the second start", async () => (await part("garage"))?.register === 820);
  await second.stop();
  const after = new Journal(file, { readOnly: true });
  const notice = after.get<{ before: string; after: string }>(
    "SELECT before, after FROM notice WHERE code = 'calibration'",
  );
  assert.match(notice?.before ?? "", /^garage .*"ct_ratio":\[200,5\]/);
  assert.match(notice?.after ?? "", /^garage .*"ct_ratio":\[100,5\]/);
  after.close();
});
