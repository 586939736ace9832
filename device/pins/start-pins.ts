/**
 * What is wired to the meter's header besides sensors: status light, tamper switch, button.
 *
 * In: how the meter is, levels of pins. Out: the light; an event and an alarm when the case is opened and closed; a
 * line on the console when the button is pressed. Pins are for people: one that fails is reported, and the meter goes
 * on without it. They belong to the meter's own process, so that the light works when the sensors' process does not.
 */
import type { DigitalPin, PinLevel, PinSettings } from "../../hardware/port/digital-pin.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { RecordEvent } from "../event/event-recorder.ts";
import type { MeterEvent } from "../meter-event.ts";
import { describeTroubles, type Trouble } from "./blink.ts";
import { CaseSwitch } from "./case-switch.ts";
import { Light } from "./light.ts";
import { type PinsConfig, pinOf } from "./pins-config.ts";
import type { Pause } from "./waker.ts";

export interface PinsOptions {
  readonly config: PinsConfig;
  readonly open: (settings: PinSettings) => Promise<DigitalPin>;
  readonly troubles: () => ReadonlySet<Trouble>;
  /** Whether the case was open when that was last known; undefined before the first time. */
  readonly wasOpened: boolean | undefined;
  /** Keeps it, and raises or clears the alarm. */
  readonly keepOpened: (opened: boolean) => void;
  readonly record: RecordEvent;
  readonly report: (event: MeterEvent) => void;
  readonly pause: Pause;
  readonly monotonicMs: () => number;
}

export interface Pins {
  /** Puts the light out and gives the pins back. Idempotent. */
  close(): Promise<void>;
}

type Name = keyof PinsConfig;

/** Shorter is no press; longer is something that lies on the button. */
const PRESS_MS = { least: 30, most: 3_000 };

/** Never fails: what cannot be opened is reported. */
export async function startPins(options: PinsOptions): Promise<Pins> {
  const { config, pause, troubles } = options;
  const { led, tamper, button } = config;
  const opened: { readonly name: Name; readonly pin: DigitalPin }[] = [];
  const running: Promise<void>[] = [];
  const start = (
    name: Name,
    settings: PinSettings,
    run: (pin: DigitalPin) => Promise<void> | void,
  ): Promise<void> =>
    guard(name, options, async () => {
      const pin = await options.open(settings);
      opened.push({ name, pin });
      running.push(guard(name, options, async () => run(pin)));
    });
  const light = new Light(troubles, pause);
  if (led !== undefined) {
    const lit = levelOf(led, "lit", 1);
    await start("led", { pin: pinOf(led), direction: "out" }, (pin) => light.run(pin, lit));
  }
  const level = tamper === undefined ? 1 : levelOf(tamper, "opened", 1);
  const onChange = (before: boolean | undefined, now: boolean): void =>
    noteCase(before, now, options);
  const caseSwitch = new CaseSwitch({ level, wasOpened: options.wasOpened, onChange }, pause);
  if (tamper !== undefined) {
    const settings = { pin: pinOf(tamper), direction: "in" } as const;
    await start("tamper", settings, (pin) => caseSwitch.run(pin));
  }
  if (button !== undefined) {
    const pressed = levelOf(button, "pressed", 0);
    await start("button", { pin: pinOf(button), direction: "in" }, (pin) => {
      watchButton(pin, pressed, options, () => light.showAll());
    });
  }
  return {
    async close() {
      light.stop();
      caseSwitch.stop();
      await Promise.all(running);
      for (const { name, pin } of opened.splice(0)) await guard(name, options, () => pin.close());
    },
  };
}

/** A case that is closed when it is looked at for the first time is how it should be. */
function noteCase(before: boolean | undefined, opened: boolean, options: PinsOptions): void {
  if (before !== undefined || opened) {
    options.record("tamper", before === undefined ? undefined : nameOf(before), nameOf(opened));
    options.report({ event: "tamper", opened });
  }
  options.keepOpened(opened);
}

function nameOf(opened: boolean): string {
  return opened ? "the case is open" : "the case is closed";
}

function levelOf(
  one: number | { readonly [name: string]: unknown },
  name: string,
  fallback: PinLevel,
): PinLevel {
  const said = typeof one === "number" ? undefined : one[name];
  if (said === undefined) return fallback;
  return said === "high" ? 1 : 0;
}

/** Reports a pin that fails, for whatever reason: no light is worth a reading. */
async function guard(
  name: Name,
  { report }: Pick<PinsOptions, "report">,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = isCoded(error) ? error.code : "internal";
    const reason = error instanceof Error ? error.message : String(error);
    report({ event: "pin", pin: name, code, reason });
  }
}

function watchButton(
  pin: DigitalPin,
  level: PinLevel,
  { monotonicMs, report, troubles }: PinsOptions,
  onPress: () => void,
): void {
  let sinceMs: number | undefined;
  pin.watch((now) => {
    if (now === level) {
      sinceMs ??= monotonicMs();
      return;
    }
    const heldMs = sinceMs === undefined ? 0 : monotonicMs() - sinceMs;
    sinceMs = undefined;
    if (heldMs < PRESS_MS.least || heldMs > PRESS_MS.most) return;
    report({ event: "button", status: describeTroubles(troubles()) });
    onPress();
  });
}
