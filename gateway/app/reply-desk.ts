/**
 * Signed replies to meters (records.md section 7).
 *
 * `held` is deferred: a record that gets its receipt soon needs no separate reply. Refusals, `resend`,
 * `duplicate` and `frozen` are answered at once, but the same `resend` to one meter not again and again, and
 * neither is a flood from one meter. A reply never frees an envelope; losing one costs time, nothing else.
 */
import type { ReplyCode } from "../../shared/message/reply.ts";
import type { Outcome } from "./commit-queue.ts";
import type { Publication } from "./ledger-protocol.ts";

/** What is signed as a reply. */
export interface ReplyContent {
  readonly leaf: string;
  readonly code: ReplyCode;
  readonly last?: string;
  readonly want?: number;
}

export interface ReplyDeskOptions {
  /** The signed text of a reply. */
  readonly sign: (content: ReplyContent) => string;
  readonly topicOf: (meter: string) => string;
  readonly heldReplyAfterMs: number;
  readonly monotonicMs: () => number;
}

/** The same gap is not asked for more often than this, and a flood not answered more often, milliseconds. */
const REPEAT_EVERY_MS = 2000;
/** What a flood is refused with; a signature for each would make the gateway work for it. */
const FLOOD_CODES: readonly ReplyCode[] = ["refused-rate", "refused-size"];
/** Deferred replies beyond this are not sent: the receipts will be. */
const MAX_DEFERRED = 200_000;

export class ReplyDesk {
  readonly #options: ReplyDeskOptions;
  /** Leaf → when its `held` is due; in the order of arrival, which is the order of due times. */
  readonly #deferred = new Map<string, { readonly meter: string; readonly dueMs: number }>();
  readonly #asked = new Map<string, { want: number; untilMs: number }>();

  constructor(options: ReplyDeskOptions) {
    this.#options = options;
  }

  get deferred(): number {
    return this.#deferred.size;
  }

  /** The replies to send now for these outcomes. */
  answer(outcomes: readonly Outcome[]): Publication[] {
    const now = this.#options.monotonicMs();
    const replies: Publication[] = [];
    for (const outcome of outcomes) {
      const { meter, leaf, code } = outcome;
      if (meter === "") continue;
      if (code === "held") {
        if (this.#deferred.size >= MAX_DEFERRED) continue;
        this.#deferred.set(leaf, { meter, dueMs: now + this.#options.heldReplyAfterMs });
      } else if (this.#isDue(outcome, now)) {
        replies.push(this.#reply(meter, outcome));
      }
    }
    return replies;
  }

  /** These records have their receipts: no `held` is needed any more. */
  settled(leaf: string): void {
    this.#deferred.delete(leaf);
  }

  /** The `held` replies that are due; at most `limit` at a time. */
  due(limit: number): Publication[] {
    const now = this.#options.monotonicMs();
    const replies: Publication[] = [];
    for (const [leaf, { meter, dueMs }] of this.#deferred) {
      if (dueMs > now || replies.length >= limit) break;
      this.#deferred.delete(leaf);
      replies.push(this.#reply(meter, { leaf, code: "held" }));
    }
    return replies;
  }

  #isDue({ code, meter, want = 0 }: Outcome, now: number): boolean {
    if (code === "resend") return this.#maySay(meter, want, now);
    // No seq is asked for by this number.
    return !FLOOD_CODES.includes(code) || this.#maySay(meter, -1, now);
  }

  #maySay(meter: string, want: number, now: number): boolean {
    const asked = this.#asked.get(meter);
    if (asked !== undefined && asked.want === want && now < asked.untilMs) return false;
    if (this.#asked.size >= MAX_DEFERRED) this.#asked.clear();
    this.#asked.set(meter, { want, untilMs: now + REPEAT_EVERY_MS });
    return true;
  }

  #reply(meter: string, content: ReplyContent): Publication {
    const { leaf, code, last, want } = content;
    const payload = this.#options.sign({
      leaf,
      code,
      ...(last === undefined ? {} : { last }),
      ...(want === undefined ? {} : { want }),
    });
    return { topic: this.#options.topicOf(meter), payload };
  }
}
