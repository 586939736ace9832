/** What a running meter is given: its folder, configuration, clocks, randomness, ways to sensors and pins, where events go. */
import type { HostRestart } from "../../hardware/host/sensor-host.ts";
import type { DigitalPin, PinSettings } from "../../hardware/port/digital-pin.ts";
import type { Source } from "../../hardware/source.ts";
import type { SensorConfig } from "../../hardware/source-config.ts";
import type { ClockSpec, RandomBytes } from "../../shared/base/clock.ts";
import type { MeterConfig } from "../config.ts";
import type { MeterEvent } from "../meter-event.ts";
import type { MachineClock } from "../time/machine-clock.ts";
import type { DataFolder } from "./data-folder.ts";
import type { LiveState } from "./live-state.ts";

export interface MeterOptions {
  readonly files: DataFolder;
  readonly config: MeterConfig;
  /** The folder that relative paths of the configuration are relative to. */
  readonly configFolder: string;
  readonly clockSpec: ClockSpec;
  /** The machine's clock. */
  readonly system: MachineClock;
  readonly randomBytes: RandomBytes;
  /** Uniform in [0, 1); spreads retries, protects nothing. */
  readonly random: () => number;
  /** Opens real sensors; told when the process that reads them was replaced. */
  readonly openSensors: (
    configs: readonly SensorConfig[],
    onRestart: (restart: HostRestart) => void,
  ) => Promise<Source>;
  /** Opens a pin of the header for light, tamper switch and button. */
  readonly openPin: (settings: PinSettings) => Promise<DigitalPin>;
  readonly live: LiveState;
  readonly report: (event: MeterEvent) => void;
  /** Aborted to stop the meter. */
  readonly signal: AbortSignal;
  /** Nothing is measured: the meter is taken out. */
  readonly retire?: true;
}
