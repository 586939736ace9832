/**
 * `PulseCounter` on a real machine: edges from `gpiomon` or sysfs, filtered to pulses, counted in a file of the meter's
 * data folder.
 *
 * The file is flushed at most once in `saveMs` and at the end, for the card's sake. In between, the count is also kept in
 * a folder of memory, where there is one: it outlives the program, not the machine.
 */
import path from "node:path";
import { isCoded, WattproofError } from "../../shared/base/error.ts";
import type { PulseCount, PulseCounter, PulseSettings } from "../port/pulse-counter.ts";
import type { Timing } from "../port/timing.ts";
import { CountFile } from "./count-file.ts";
import type { EdgeListener, EdgeSource } from "./edge-source.ts";
import { watchByGpiomon } from "./gpiomon.ts";
import { watchByOnoff } from "./onoff-edges.ts";
import { type Edge, PulseFilter } from "./pulse-filter.ts";
import { failFromSystem } from "./system-error.ts";

export interface CountFolders {
  /** Where the count is durable. */
  readonly state: string;
  /** A folder of memory, such as systemd's RuntimeDirectory. */
  readonly memory?: string;
}

/** Opens what tells the edges; others than these in tests. */
export type WatchEdges = (settings: PulseSettings, listener: EdgeListener) => Promise<EdgeSource>;

/** Between two copies of the count to memory. */
const COPY_MS = 1_000;

/**
 * Throws `hardware-module`, `gpio-chip`, `sensor-busy`, `sensor-gone`; a pin that `gpiomon` finds in use shows at the
 * first read.
 */
export async function openLinuxPulseCounter(
  settings: PulseSettings,
  folders: CountFolders,
  timing: Timing,
  watch: WatchEdges = watchEdges(timing),
): Promise<PulseCounter> {
  const name = `pulses-gpio${settings.pin}.count`;
  const { state, memory } = folders;
  const files: KeptCount[] = [];
  let pulses = 0;
  const places = [
    { folder: state, everyMs: settings.saveMs },
    ...(memory === undefined ? [] : [{ folder: memory, everyMs: COPY_MS }]),
  ];
  try {
    for (const { folder, everyMs } of places) {
      const { file, count } = await CountFile.open(path.join(folder, name));
      files.push(new KeptCount(file, count, everyMs, timing));
      pulses = Math.max(pulses, count);
    }
    const counter = new LinuxPulseCounter(settings, pulses, files, timing);
    await counter.start(watch);
    return counter;
  } catch (error) {
    for (const file of files) await file.close();
    if (isCoded(error)) throw error;
    return failFromSystem(error, `the count of GPIO${settings.pin}`);
  }
}

/** A file and how far behind it may be. */
class KeptCount {
  readonly #file: CountFile;
  readonly #everyMs: number;
  readonly #timing: Timing;
  #saved: number;
  #savedMs: number;
  #saving: Promise<void> | undefined;

  constructor(file: CountFile, saved: number, everyMs: number, timing: Timing) {
    this.#file = file;
    this.#saved = saved;
    this.#everyMs = everyMs;
    this.#timing = timing;
    this.#savedMs = timing.monotonicMs();
  }

  /** Saves when it is due. A card that fails is tried again; counting goes on, and the meter's journal tells of it. */
  settle(count: number): void {
    const due = this.#timing.monotonicMs() - this.#savedMs >= this.#everyMs;
    if (!due || count === this.#saved || this.#saving !== undefined) return;
    this.#savedMs = this.#timing.monotonicMs();
    this.#saving = this.#save(count)
      .catch(() => undefined)
      .finally(() => {
        this.#saving = undefined;
      });
  }

  /** Saves what is not saved. Throws the system's errors. */
  async finish(count: number): Promise<void> {
    await this.#saving;
    if (count !== this.#saved) await this.#save(count);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #save(count: number): Promise<void> {
    await this.#file.save(count);
    this.#saved = count;
  }
}

class LinuxPulseCounter implements PulseCounter {
  readonly #settings: PulseSettings;
  readonly #files: readonly KeptCount[];
  readonly #timing: Timing;
  readonly #filter: PulseFilter;
  #pulses: number;
  #last: { readonly atMs: number; readonly intervalMs?: number } | undefined;
  #source: EdgeSource | undefined;
  #ticks: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    settings: PulseSettings,
    pulses: number,
    files: readonly KeptCount[],
    timing: Timing,
  ) {
    this.#settings = settings;
    this.#pulses = pulses;
    this.#files = files;
    this.#timing = timing;
    this.#filter = new PulseFilter(settings.active === "high" ? 1 : 0, settings.debounceMs);
  }

  async start(watch: WatchEdges): Promise<void> {
    this.#source = await watch(this.#settings, {
      onEdge: (edge) => this.#add(edge),
      onGap: () => this.#filter.reset(),
    });
    this.#ticks = setInterval(() => this.#settle(), COPY_MS);
    this.#ticks.unref();
  }

  async read(): Promise<PulseCount> {
    if (this.#closing !== undefined) throw new WattproofError("sensor-gone", "closed");
    const failure = this.#source?.failure();
    if (failure !== undefined) throw failure;
    if (this.#last === undefined) return { pulses: this.#pulses };
    const { atMs, ...interval } = this.#last;
    return { pulses: this.#pulses, ...interval, agoMs: this.#timing.monotonicMs() - atMs };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#ticks);
    await this.#source?.close();
    try {
      for (const file of this.#files) await file.finish(this.#pulses);
    } finally {
      for (const file of this.#files) await file.close();
    }
  }

  #add(edge: Edge): void {
    const pulse = this.#filter.add(edge);
    if (pulse === undefined) return;
    this.#pulses += 1;
    this.#last = { atMs: this.#timing.monotonicMs(), ...pulse };
  }

  #settle(): void {
    for (const file of this.#files) file.settle(this.#pulses);
  }
}

function watchEdges(timing: Timing): WatchEdges {
  return ({ pin, pull, via }, listener) =>
    via === "gpiomon"
      ? watchByGpiomon({ pin, pull }, listener)
      : watchByOnoff(pin, listener, timing);
}
