/** A source over several drivers: asked at the same time, merged by their uses, none held up by a slow one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Driver, Reading } from "../../hardware/driver/driver.ts";
import type { Timing } from "../../hardware/port/timing.ts";
import { createSensorSource, type SourcePart } from "../../hardware/sensor-source.ts";
import { SourceSilent } from "../../hardware/source.ts";
import { WattproofError } from "../../shared/base/error.ts";

const RAW = Uint8Array.of(1);

/** A driver whose readings the test gives one after the other; a read waits for its turn. */
class Scripted implements Driver {
  readonly sensor: string;
  reads = 0;
  readonly #waiting: ((said: Omit<Reading, "raw"> | WattproofError) => void)[] = [];

  constructor(sensor: string) {
    this.sensor = sensor;
  }

  probe = async (): Promise<string> => this.sensor;

  close = async (): Promise<void> => {};

  async read(): Promise<Reading> {
    this.reads += 1;
    const said = await new Promise<Omit<Reading, "raw"> | WattproofError>((resolve) => {
      this.#waiting.push(resolve);
    });
    if (said instanceof WattproofError) throw said;
    return { ...said, raw: RAW };
  }

  say(said: Omit<Reading, "raw"> | WattproofError): void {
    this.#waiting.shift()?.(said);
  }
}

/** Time that passes when the test says so. */
class Steps implements Timing {
  now = 0;
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  monotonicMs = (): number => this.now;

  sleep = (ms: number): Promise<void> =>
    new Promise((wake) => this.#sleepers.push({ until: this.now + ms, wake }));

  pass(ms: number): void {
    this.now += ms;
    for (const { until, wake } of this.#sleepers) if (until <= this.now) wake();
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.now);
  }
}

function build(uses: readonly SourcePart["use"][], patienceMs = 1_000) {
  const timing = new Steps();
  const drivers = uses.map((_, i) => new Scripted(`s${i}`));
  const parts = drivers.map((driver, i): SourcePart => {
    const use = uses[i] ?? "watch";
    return { name: `p${i}`, use, counter: `c${i}`, driver };
  });
  const patience = { timing, ms: patienceMs };
  const source = createSensorSource({ parts, patience, release: async () => {} });
  return { source, drivers, timing };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("all are asked before the first has answered; each use has its place in the sample", async () => {
  const { source, drivers } = build(["climate", "energy", "add", "watch"]);
  const reading = source.read(7);
  await settle();
  assert.deepEqual(
    drivers.map(({ reads }) => reads),
    [1, 1, 1, 1],
  );
  const [climate, main, second, watched] = drivers;
  watched?.say({ energy: "register", register: 4, voltage: [4], temperature: 4 });
  second?.say({ energy: "register", register: 3, voltage: [3], current: [3] });
  main?.say({ energy: "register", register: 2, voltage: [2], identity: "E1" });
  climate?.say({ energy: "none", temperature: 1, humidity: 1 });
  const sample = await reading;
  assert.equal(sample.register, 2);
  assert.deepEqual(sample.voltage, [2]);
  assert.equal(sample.current, undefined, "a second circuit's current is not that of the day");
  assert.equal(sample.temperature, 1);
  assert.deepEqual(
    sample.parts.map(({ part, counter, counts }) => [part, counter, counts]),
    [
      ["p0", "c0", false],
      ["p1", "c1 E1", true],
      ["p2", "c2", true],
      ["p3", "c3", false],
    ],
  );
});

test("a second circuit does not take the place of a main part that fails", async () => {
  const { source, drivers } = build(["energy", "add"]);
  const reading = source.read(1);
  await settle();
  drivers[0]?.say(new WattproofError("sensor-crc", "damaged"));
  drivers[1]?.say({ energy: "register", register: 3, voltage: [3] });
  const sample = await reading;
  assert.equal(sample.energy, "none");
  assert.equal(sample.voltage, undefined);
  assert.deepEqual(sample.faults, [{ part: "p0", sensor: "s0", code: "sensor-crc" }]);
  assert.deepEqual(
    sample.parts.map(({ part, register }) => [part, register]),
    [["p1", 3]],
  );
});

test("a slow part holds up no other, is not asked twice, and its answer comes with the time when it came", async () => {
  const { source, drivers, timing } = build(["energy", "climate"]);
  const [slow, quick] = drivers;
  const first = source.read(1);
  await settle();
  quick?.say({ energy: "none", temperature: 1 });
  await settle();
  timing.pass(1_000);
  const one = await first;
  assert.deepEqual(one.faults, []);
  assert.deepEqual(
    one.parts.map(({ part }) => part),
    ["p1"],
  );
  timing.pass(500);
  slow?.say({ energy: "register", register: 9 });
  await settle();
  timing.pass(500);
  const second = source.read(2);
  await settle();
  quick?.say({ energy: "none", temperature: 2 });
  const two = await second;
  assert.equal(slow?.reads, 1);
  assert.equal(two.register, 9);
  assert.equal(two.parts[0]?.takenMs, 1_500);
  const third = source.read(3);
  await settle();
  slow?.say({ energy: "register", register: 10 });
  quick?.say({ energy: "none", temperature: 3 });
  assert.equal((await third).parts[0]?.takenMs, undefined);
});

test("the same telegram twice is in one sample only, and no fault of the next", async () => {
  const { source, drivers } = build(["energy"]);
  const telegram = { energy: "register", register: 5, voltage: [230_000], takenMs: 77 } as const;
  const read = async (said: Omit<Reading, "raw">) => {
    const reading = source.read(1);
    await settle();
    drivers[0]?.say(said);
    return reading;
  };
  assert.equal((await read(telegram)).register, 5);
  const again = await read(telegram);
  assert.deepEqual([again.energy, again.parts, again.faults], ["none", [], []]);
  assert.equal(again.voltage, undefined);
  assert.equal((await read({ ...telegram, takenMs: 78 })).register, 5);
});

test("nobody answers: the first one's code and the faults of all; nobody yet: a time-out", async () => {
  const { source, drivers, timing } = build(["energy", "climate"]);
  const reading = source.read(1);
  await settle();
  drivers[1]?.say(new WattproofError("sensor-nack", "no"));
  drivers[0]?.say(new WattproofError("sensor-gone", "no"));
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof SourceSilent);
    assert.equal(error.code, "sensor-gone");
    assert.deepEqual(
      error.faults.map(({ part, code }) => [part, code]),
      [
        ["p0", "sensor-gone"],
        ["p1", "sensor-nack"],
      ],
    );
    return true;
  });
  const silent = source.read(2);
  await settle();
  timing.pass(1_000);
  await assert.rejects(silent, (error) => {
    assert.ok(error instanceof SourceSilent);
    assert.deepEqual([error.code, error.faults], ["sensor-timeout", []]);
    return true;
  });
});

test("an error that is no sensor's ends the read, also when it comes late", async () => {
  const { source, drivers, timing } = build(["energy", "climate"]);
  const first = source.read(1);
  await settle();
  drivers[1]?.say({ energy: "none", temperature: 1 });
  await settle();
  timing.pass(1_000);
  await first;
  // A reading that cannot be merged: a mistake of the program.
  const bad = new Proxy({} as Omit<Reading, "raw">, {
    ownKeys: () => {
      throw new TypeError("broken");
    },
  });
  drivers[0]?.say(bad);
  await settle();
  await assert.rejects(source.read(2), TypeError);
});
