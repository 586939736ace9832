// Meters are missed by the clock alone, and not missed any more when they have caught up.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  GRACE_MS,
  openSilenceDesk,
  SilenceDesk,
  type SilenceOptions,
} from "../../../gateway/app/silence-desk.ts";
import type { RegistryEntry } from "../../../gateway/intake/registry.ts";
import { TestLedger } from "../../support/test-ledger.ts";

const HOUR = 3600;
const METER = "352000001";

let log: string[];
let now: number;
let ms: number;
let heard: Map<string, number>;
beforeEach(() => {
  log = [];
  now = 1_000_000;
  ms = 0;
  heard = new Map([["kid-0", now - 2 * HOUR]]);
});

function entry(i: number, state: RegistryEntry["state"] = "active"): RegistryEntry {
  return { kid: `kid-${i}`, meter: String(352_000_001 + i), state } as unknown as RegistryEntry;
}

function open(entries: readonly RegistryEntry[], options: Partial<SilenceOptions> = {}) {
  const desk = new SilenceDesk({
    alarms: {
      raise: ({ meter, detail }) => log.push(`raise ${meter} ${detail}`),
      end: (_, meter) => log.push(`end ${meter}`),
    },
    entries: () => entries,
    heardUntil: (kid) => heard.get(kid),
    missed: [],
    presences: [],
    now: () => now,
    realMs: () => ms,
    silentAfterS: 36 * HOUR,
    offlineAfterS: 12 * HOUR,
    transact: (work) => {
      log.push("commit");
      work();
    },
    ...options,
  });
  ms += GRACE_MS;
  return desk;
}

/** All meters once more. */
function round(desk: SilenceDesk, ticks = 1): string[] {
  log = [];
  ms += 60_000;
  for (let i = 0; i < ticks; i++) desk.pump();
  return log;
}

describe("the silence desk", () => {
  test("a meter whose newest day ended too long ago is missed, once, until its data is back", () => {
    const desk = open([entry(0)]);
    assert.deepEqual(round(desk), []);
    now += 34 * HOUR - 1;
    assert.deepEqual(round(desk), []);
    now += 1;
    assert.deepEqual(round(desk), [
      "commit",
      `raise ${METER} the last data ends ${new Date((now - 36 * HOUR) * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`,
    ]);
    assert.deepEqual(round(desk), []);
    heard.set("kid-0", now - 40 * HOUR);
    assert.deepEqual(round(desk), [], "some of it is back, not all");
    heard.set("kid-0", now - 3 * HOUR);
    assert.deepEqual(round(desk), ["commit", `end ${METER}`]);
  });

  test("a meter that has been offline too long is missed; the same status again does not begin anew", () => {
    const desk = open([entry(0)]);
    desk.note({ meter: METER, online: false, at: now });
    now += 11 * HOUR;
    desk.note({ meter: METER, online: false, at: now });
    assert.deepEqual(round(desk), []);
    now += HOUR;
    assert.match(round(desk)[1] ?? "", /^raise 352000001 offline since /);
    desk.note({ meter: METER, online: true, at: now });
    assert.deepEqual(round(desk), ["commit", `end ${METER}`]);
  });

  test("nobody is missed in the first minutes after a start, whatever the civil clock does meanwhile", () => {
    const desk = open([entry(0)]);
    ms -= 1;
    now += 400 * HOUR;
    desk.pump();
    assert.deepEqual(log, []);
    ms += 1;
    desk.pump();
    assert.equal(log.length, 2);
  });

  test("what was open before a restart is not raised again and ends", () => {
    const desk = open([entry(0)], {
      missed: [METER],
      presences: [{ meter: METER, online: false, at: now - 20 * HOUR }],
    });
    assert.deepEqual(round(desk), []);
    desk.note({ meter: METER, online: true, at: now });
    assert.deepEqual(round(desk), ["commit", `end ${METER}`]);
  });

  test("a frozen key is no missing meter; the key that a meter had before says nothing", () => {
    now += 400 * HOUR;
    const desk = open([entry(0, "frozen"), { ...entry(1, "inactive"), meter: METER }], {
      missed: [METER],
    });
    assert.deepEqual(round(desk), ["commit", `end ${METER}`]);
  });

  test("0 hours: never", () => {
    now += 400 * HOUR;
    const desk = open([entry(0)], {
      silentAfterS: 0,
      offlineAfterS: 0,
      presences: [{ meter: METER, online: false, at: 0 }],
    });
    assert.deepEqual(round(desk), []);
  });

  test("many meters are looked at slice by slice, with one commit a slice", () => {
    const entries = Array.from({ length: 1_200 }, (_, i) => entry(i));
    heard = new Map(entries.map(({ kid }) => [kid, 0]));
    const desk = open(entries);
    const said = round(desk, 3);
    assert.equal(said.filter((line) => line === "commit").length, 3);
    assert.equal(new Set(said.filter((line) => line !== "commit")).size, 1_200);
    desk.pump();
    assert.equal(log.length, said.length, "the next round comes later");
  });
});

test("over a real ledger: a meter without a day for 36 hours is an alarm until its days are in", () => {
  const house = new TestLedger();
  try {
    const [meter, other] = [house.enrol(), house.enrol()];
    house.mine();
    const keys = [meter, other].map(({ key, id }) => {
      return { kid: key.kid, meter: id, state: "active" } as unknown as RegistryEntry;
    });
    const desk = openSilenceDesk({
      ledger: house.ledger,
      config: { no_data_hours: 36, offline_hours: 12 },
      clock: house.clock,
      realMs: () => ms,
      entries: () => keys,
    });
    const missed = (): readonly string[] => house.ledger.alarms.metersOf("no-data");
    ms += GRACE_MS;
    for (let day = 0; day < 4; day++) {
      house.hold(house.day(other));
      house.mine();
      round(desk);
      assert.deepEqual(missed(), day < 1 ? [] : [meter.id], `day ${day}`);
    }
    for (let day = 0; day < 4; day++) house.hold(house.day(meter));
    house.mine();
    round(desk);
    assert.deepEqual(missed(), []);
  } finally {
    house.close();
  }
});
