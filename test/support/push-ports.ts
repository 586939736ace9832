/**
 * Test only: ports for parts that speak by themselves. Nothing happens until the test says so: `say` brings bytes,
 * `pass` lets time go by, `unplug` and `plug` do what they say.
 */
import type { Ports } from "../../hardware/port/ports.ts";
import type { SerialLine, SerialSettings } from "../../hardware/port/serial-line.ts";
import type { Timing } from "../../hardware/port/timing.ts";
import { createSimulatedPorts } from "../../hardware/simulated/simulated-ports.ts";
import { SimulatedTiming } from "../../hardware/simulated/simulated-timing.ts";
import { encodeUtf8 } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";

export interface PushPorts {
  readonly ports: Ports;
  /** What the driver asked its line to be. */
  readonly settings: readonly SerialSettings[];
  /** What the driver has written. */
  readonly written: readonly Uint8Array[];
  say(bytes: Uint8Array | string): Promise<void>;
  pass(ms: number): Promise<void>;
  unplug(): Promise<void>;
  plug(): void;
  /** Closes a reader or driver, which ends when its last look at the line does. */
  shut(part: { close(): Promise<void> }): Promise<void>;
}

/** Lets everything that can go on without time passing go on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

class ManualTiming implements Timing {
  #now = 0;
  #sleepers: { readonly at: number; wake(): void }[] = [];

  monotonicMs(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ at: this.#now + ms, wake }));
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const next = this.#sleepers.reduce((least, { at }) => Math.min(least, at), end);
      this.#now = next;
      const due = this.#sleepers.filter(({ at }) => at <= next);
      this.#sleepers = this.#sleepers.filter(({ at }) => at > next);
      for (const { wake } of due) wake();
      if (due.length === 0 && next === end) return settled();
    }
  }
}

export function createPushPorts(): PushPorts {
  const timing = new ManualTiming();
  const rest = createSimulatedPorts(new SimulatedTiming(), () => [], new Map());
  const settings: SerialSettings[] = [];
  const written: Uint8Array[] = [];
  let arrived: Uint8Array[] = [];
  let wake: (() => void) | undefined;
  let present = true;
  const checkPresent = (): void => {
    if (!present) fail("sensor-gone", "unplugged");
  };
  const line: SerialLine = {
    async write(bytes) {
      checkPresent();
      written.push(bytes);
    },
    async read(timeoutMs) {
      checkPresent();
      if (arrived.length === 0) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([woken, timing.sleep(timeoutMs)]);
      }
      checkPresent();
      return arrived.shift() ?? fail("sensor-timeout", "nothing arrived", { ms: timeoutMs });
    },
    async setBaud() {},
    discard() {
      arrived = [];
    },
    exclusive: (work) => work(),
    async close() {},
  };
  return {
    settings,
    written,
    ports: {
      ...rest,
      timing,
      async serialLine(asked) {
        settings.push(asked);
        return line;
      },
    },
    async say(bytes) {
      arrived.push(typeof bytes === "string" ? encodeUtf8(bytes) : bytes);
      wake?.();
      await settled();
    },
    pass: (ms) => timing.pass(ms),
    async unplug() {
      present = false;
      arrived = [];
      wake?.();
      await settled();
    },
    plug() {
      present = true;
    },
    async shut(part) {
      const closing = part.close();
      await timing.pass(1_000);
      await closing;
    },
  };
}
