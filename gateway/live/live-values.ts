/**
 * The newest live value of each meter, in memory only: what the portal shows until a sealed day says it for good.
 *
 * A value that is older than the window is not shown any more: a meter that went silent has no value, not its last one.
 */
import type { Clock } from "../../shared/base/clock.ts";
import type { LiveReading } from "../../shared/message/live.ts";

/** One meter's newest value. A quantity that was not measured is absent. */
export interface LiveValue {
  readonly meter: string;
  /** When it was measured, by the meter's clock. */
  readonly atSeconds: number;
  /** Real milliseconds since then, whatever pace a simulated clock has. */
  readonly ageMs: number;
  /** Negative while the household feeds in. */
  readonly powerMilliWatt?: number;
  /** One a phase, 1 to 3. */
  readonly voltageMilliVolt?: readonly number[];
  /** One a phase, 1 to 3. */
  readonly currentMilliAmp?: readonly number[];
  readonly temperatureMilliCelsius?: number;
  readonly humidityCentiPercent?: number;
  /** The meter's own register. */
  readonly registerWh?: number;
}

/** What the portal may ask; a restricted reader gets one that knows fewer meters. */
export interface LiveReader {
  /** Undefined when there is none, or none young enough. */
  newest(meter: string): LiveValue | undefined;
}

export interface LiveValuesOptions {
  /** The gateway's clock. */
  readonly clock: Clock;
  /** How much faster it runs than real time. */
  readonly rate: number;
  /** Real milliseconds after which a value is not shown. */
  readonly windowMs: number;
  /** Told of each value that was taken. */
  readonly onValue?: (value: LiveValue) => void;
}

export class LiveValues implements LiveReader {
  readonly #options: LiveValuesOptions;
  /** By meter; as many as there are meters. */
  readonly #values = new Map<string, LiveReading>();

  constructor(options: LiveValuesOptions) {
    this.#options = options;
  }

  take(meter: string, reading: LiveReading): void {
    this.#values.set(meter, reading);
    this.#options.onValue?.(this.#withAge(meter, reading));
  }

  newest(meter: string): LiveValue | undefined {
    const reading = this.#values.get(meter);
    if (reading === undefined) return undefined;
    const value = this.#withAge(meter, reading);
    return value.ageMs > this.#options.windowMs ? undefined : value;
  }

  #withAge(meter: string, reading: LiveReading): LiveValue {
    const { clock, rate } = this.#options;
    const { at, power, voltage, current, temperature, humidity, register } = reading;
    return {
      meter,
      atSeconds: at,
      // A meter's clock may be a little ahead.
      ageMs: Math.max(0, Math.round((clock.wallMs() - at * 1000) / rate)),
      ...(power !== undefined && { powerMilliWatt: power }),
      ...(voltage !== undefined && { voltageMilliVolt: voltage }),
      ...(current !== undefined && { currentMilliAmp: current }),
      ...(temperature !== undefined && { temperatureMilliCelsius: temperature }),
      ...(humidity !== undefined && { humidityCentiPercent: humidity }),
      ...(register !== undefined && { registerWh: register }),
    };
  }
}
