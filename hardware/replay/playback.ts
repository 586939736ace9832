/**
 * A recording played at driver level: a simulated PZEM-004T and SHT31 whose registers follow the rows, read by
 * the unchanged drivers.
 *
 * Within a row the register rises evenly to the row's energy. Where nothing was recorded the devices do not
 * answer. A partial row is answered in the half that touches its recorded neighbour only, so that it becomes
 * a partial slot with all of its energy. What the recording does not have (a voltage, a frequency) is taken
 * out of the samples again: the registers of a real part cannot say "not known".
 */
import type { UnixMillis, UnixSeconds } from "../../shared/base/units.ts";
import type { Reading } from "../driver/driver.ts";
import { PZEM_REGISTER_SPAN } from "../driver/pzem-004t.ts";
import type { PzemValues } from "../simulated/pzem-slave.ts";
import type { Climate } from "../simulated/sht31-device.ts";
import { openSimulatedMeter } from "../simulated/simulated-meter.ts";
import type { Row, RowSource, Sample, Source } from "../source.ts";
import type { ReplayConfig } from "./replay-config.ts";

/** What an unrecorded quantity's register holds, in units of the register. */
const UNKNOWN = { voltage: 2300, frequency: 500, temperature: 20_000, humidity: 5_000 };

export async function openPlayback(rows: RowSource, config: ReplayConfig): Promise<Source> {
  const cursor = new RowCursor(rows.rows());
  const climate = config.temperature !== undefined || config.humidity !== undefined;
  const meter = await openSimulatedMeter(
    {
      counter: `replay ${config.file}`,
      mainsAt: (at) => cursor.mainsAt(at),
      ...(climate ? { climateAt: () => climateOf(cursor.row) } : {}),
    },
    (at) => cursor.moveTo(at),
  );
  return {
    async read(at) {
      return keepRecorded(await meter.read(at), cursor.row);
    },
    async hasEnded(at) {
      await cursor.moveTo(at);
      return cursor.hasEnded(at);
    },
    async close() {
      await meter.close();
      await cursor.close();
    },
  };
}

/** Where in the recording an instant is. Moves forward only. */
class RowCursor {
  readonly #rows: AsyncIterator<Row>;
  #started = false;
  #before = 0;
  #previousTo: UnixSeconds | undefined;
  #current: Row | undefined;
  #next: Row | undefined;
  #answering = false;
  #failure: unknown;

  constructor(rows: AsyncIterable<Row>) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  /** The row that answers at the present instant; undefined in a gap. */
  get row(): Row | undefined {
    return this.#answering ? this.#current : undefined;
  }

  /** Behind the last row; `moveTo` has been called for `at`. */
  hasEnded(at: UnixMillis): boolean {
    return this.#next === undefined && at > (this.#current?.to ?? 0) * 1000;
  }

  /** Throws what a malformed row throws, from the end of the last good row on, each time. */
  async moveTo(at: UnixMillis): Promise<void> {
    if (!this.#started) {
      this.#started = true;
      this.#next = await this.#take();
    }
    while (this.#next !== undefined && this.#next.from * 1000 <= at) {
      this.#before += this.#current?.wh ?? 0;
      this.#previousTo = this.#current?.to;
      this.#current = this.#next;
      this.#next = await this.#take();
    }
    if (this.#failure !== undefined && at > (this.#current?.to ?? 0) * 1000) throw this.#failure;
    const span = this.#spanOf(this.#current);
    this.#answering = span !== undefined && at >= span.from && at <= span.to;
  }

  /** Both ends of a row answer, so that a reading at its very end closes it. */
  mainsAt(at: UnixMillis): PzemValues | undefined {
    const row = this.row;
    const span = this.#spanOf(row);
    if (row === undefined || span === undefined) return undefined;
    const done = Math.floor((row.wh * (at - span.from)) / (span.to - span.from));
    const power = Math.round(row.power / 100);
    const voltage = row.voltage === undefined ? UNKNOWN.voltage : Math.round(row.voltage / 100);
    const current = row.current ?? Math.round((1000 * power) / Math.max(1, voltage));
    const apparent = (voltage * current) / 1000;
    return {
      voltage,
      current,
      power,
      energy: (this.#before + done) % PZEM_REGISTER_SPAN,
      frequency: UNKNOWN.frequency,
      powerFactor: apparent === 0 ? 100 : Math.min(100, Math.round((100 * power) / apparent)),
    };
  }

  async close(): Promise<void> {
    await this.#rows.return?.();
  }

  async #take(): Promise<Row | undefined> {
    try {
      const result = await this.#rows.next();
      return result.done === true ? undefined : result.value;
    } catch (error) {
      this.#failure = error;
      return undefined;
    }
  }

  /** Milliseconds in which a row answers. */
  #spanOf(row: Row | undefined): { from: UnixMillis; to: UnixMillis } | undefined {
    if (row === undefined) return undefined;
    const from = row.from * 1000;
    const to = row.to * 1000;
    if (!row.partial) return { from, to };
    const middle = (from + to) / 2;
    return this.#previousTo === row.from ? { from, to: middle } : { from: middle, to };
  }
}

function climateOf(row: Row | undefined): Climate | undefined {
  if (row?.temperature === undefined && row?.humidity === undefined) return undefined;
  return {
    temperature: row.temperature ?? UNKNOWN.temperature,
    humidity: row.humidity ?? UNKNOWN.humidity,
  };
}

function keepRecorded(sample: Sample, row: Row | undefined): Sample {
  const parts = sample.parts.map((part) => withoutUnknown(part, row));
  return { ...withoutUnknown(sample, row), parts };
}

/** Without what the row has not recorded. */
function withoutUnknown<S extends Omit<Reading, "raw">>(said: S, row: Row | undefined): S {
  const absent = (["voltage", "current", "temperature", "humidity"] as const).filter(
    (name) => row?.[name] === undefined,
  );
  const unknown: readonly string[] = ["frequency", "powerFactor", ...absent];
  const known = Object.entries(said).filter(([name]) => !unknown.includes(name));
  return Object.fromEntries(known) as S;
}
