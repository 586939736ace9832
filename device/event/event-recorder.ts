/**
 * The one place where parts of the meter say that something happened: `record(code, before, after)`.
 *
 * In: a code of shared/event/event-code.ts, what was before and what is after, for people. Out: a row in the journal,
 * durable when the call returns, which becomes a signed `event` record once the meter is enrolled and its clock known.
 * Never throws on a full card: what cannot be written waits in memory for `flush`. A part that goes mad cannot fill
 * card and log, nor hide what else happens: beyond a number a day of one code an `overflow` says that more of it is left
 * out.
 */
import type { EventCode } from "../../shared/event/event-code.ts";
import { isStorageFull, type Journal } from "../journal/journal.ts";
import { countNotices, insertNotice, type Notice, type NoticeTime } from "./notice-store.ts";

/**
 * `before`, `after`: text for people; control characters become spaces, what is longer than 200 characters is cut.
 * Durable when it returns, except on a full card.
 */
export type RecordEvent = (code: EventCode, before?: string, after?: string) => void;

export interface EventRecorderOptions {
  readonly journal: Journal;
  /** The present instant. */
  readonly now: () => NoticeTime;
  /** Something was recorded that can be sealed. */
  readonly onRecorded: () => void;
}

/** Records of one code in 24 hours of one boot. */
const MOST_A_DAY = 24;
const DAY_MS = 86_400_000;
const MAX_TEXT = 200;

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  #waiting: { readonly notice: Notice; readonly time: NoticeTime }[] = [];
  readonly #overflowed = new Set<EventCode>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Bound, so that it can be handed around by itself. */
  readonly record: RecordEvent = (code, before, after) => {
    const time = this.#options.now();
    const notice: Notice = { code, ...text("before", before), ...text("after", after) };
    const { journal } = this.#options;
    const since = time.monotonicMs - DAY_MS;
    const waiting = this.#waiting.filter((one) => one.notice.code === code).length;
    const overflow = countNotices(journal, code, time.boot, since) + waiting >= MOST_A_DAY;
    if (overflow && this.#overflowed.has(code)) return;
    if (overflow) this.#overflowed.add(code);
    else this.#overflowed.delete(code);
    this.#waiting.push({ notice: overflow ? { code: "overflow", before: code } : notice, time });
    this.flush();
  };

  /** Writes what waits because the card was full. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const { journal, onRecorded } = this.#options;
    try {
      journal.transact("notice", () => {
        for (const { notice, time } of this.#waiting) insertNotice(journal, notice, time);
      });
    } catch (error) {
      if (isStorageFull(error)) return;
      throw error;
    }
    this.#waiting = [];
    onRecorded();
  }
}

function text<N extends "before" | "after">(
  name: N,
  value: string | undefined,
): { [K in N]?: string } {
  if (value === undefined || value === "") return {};
  // What canonical JSON refuses.
  const clean = [...value.replace(/\p{Cc}|\p{Cs}/gu, " ")];
  return { [name]: clean.slice(0, MAX_TEXT).join("") } as { [K in N]: string };
}
