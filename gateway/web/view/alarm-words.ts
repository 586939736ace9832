/** Alarms in words: what each kind is, and what to do about it. */
import { ERROR_CODES } from "../../../shared/base/error-code.ts";
import { meaningOf } from "../../../shared/event/event-code.ts";
import type { AlarmKind } from "../../projection/alarm-types.ts";

interface KindWords {
  readonly title: string;
  readonly advice: string;
}

const KINDS: Readonly<Record<AlarmKind, KindWords>> = {
  "no-data": {
    title: "No data",
    advice:
      "Look at the meter's power and network. What it measures waits on its card and is sent when it is back; this closes then by itself.",
  },
  equivocation: {
    title: "Two records with one number",
    advice:
      "The key signed two different records for one place. It is frozen and cannot be used again. Find out who else holds it, then enrol the meter with a new key.",
  },
  tamper: {
    title: "The case was opened",
    advice: "Look at the meter, its seal and its wiring, then close this with what you found.",
  },
  register: {
    title: "The register does not match",
    advice:
      "The day does not go on where the one before it ended, so it does not count for bills. Compare with the meter itself; a correction puts it right.",
  },
  clock: {
    title: "A clock that cannot be believed",
    advice: "Look at the meter's time service. Readings keep their order whatever the clock says.",
  },
  device: {
    title: "Something about the meter changed",
    advice: "Make sure that this was meant, then close it.",
  },
  record: {
    title: "A record that cannot be used",
    advice:
      "It stays in the chain, but nothing in it counts. Look at the meter's program and keys.",
  },
  gateway: {
    title: "Something is wrong at the gateway itself",
    advice: "The gateway's log says more.",
  },
};

export function kindOfAlarmWords(kind: AlarmKind): KindWords {
  return KINDS[kind];
}

const OWN_CODES: Readonly<Record<string, string>> = {
  "no-data": "nothing has come for longer than it should",
  held: "received and stored safely",
  duplicate: "known already, answered again",
  resend: "one before it is missing, asked for",
  frozen: "the key is frozen",
  "live-taken": "a value of this moment, shown and not kept",
  "meter-correction":
    "the meter's own key corrected a day that it had signed; ask who did it and why, and revoke the key if nobody did",
  revoked: "a device was taken out; what its key signed after its last good record is void",
};

/** Codes come from outside: one that an object has by birth is none of ours. */
function wordsIn(table: Readonly<Record<string, string>>, code: string): string | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}

/** A sentence for a code: of an answer, an event or the error table. */
export function codeWords(code: string): string {
  const bare = code.replace(/^(?:live-)?refused-/, "");
  const known = wordsIn(OWN_CODES, code) ?? meaningOf(code) ?? wordsIn(ERROR_CODES, bare);
  if (known === undefined) return "No description";
  return known.charAt(0).toUpperCase() + known.slice(1);
}
