/**
 * Counts pulses on a pin from its edges, which the board keeps with the time at which its interrupt saw them.
 *
 * A pulse counts when it ends. Shorter than a third of `debounce_ms`, or beginning sooner than `debounce_ms` after the one
 * before, it is bounce or a disturbance: the same rule as for pulses on the meter's own pins.
 */
import type { Board } from "./board.ts";
import type { Field } from "./frame.ts";
import type { PulseSettings } from "./head-config.ts";

export interface PulseInput {
  /** The count since the head started, the time between the last two pulses and since the last one, in ms. */
  readonly fields: () => Field[];
}

const DEBOUNCE_MS = 30;
/** A disturbance is shorter than this part of the debounce time. */
const SHORT = 3;

export function openPulseInput(board: Board, settings: PulseSettings, number: number): PulseInput {
  const active = settings.active === "high";
  const pull = active ? "input_pulldown" : "input_pullup";
  const mode = settings.mode === undefined ? pull : settings.mode;
  const debounce = (settings.debounce_ms === undefined ? DEBOUNCE_MS : settings.debounce_ms) / 1000;
  let count = 0;
  let began = -1;
  let last = -1;
  let interval = -1;
  board.watch(settings.pin, mode, (event) => {
    if (event.state === active) {
      if (began < 0) began = event.time;
      return;
    }
    const start = began;
    began = -1;
    if (start < 0 || event.time - start < debounce / SHORT) return;
    if (last >= 0 && start - last < debounce) return;
    interval = last < 0 ? -1 : start - last;
    last = start;
    count++;
  });
  return {
    fields: () => {
      const fields = [{ name: `p${number}`, value: count }];
      if (interval >= 0) fields.push({ name: `d${number}`, value: Math.round(interval * 1000) });
      if (last >= 0) {
        const since = Math.max(0, Math.round((board.now() - last) * 1000));
        fields.push({ name: `a${number}`, value: since });
      }
      return fields;
    },
  };
}
