/**
 * One stream of server-sent events for every open page: live values as they come, and that something was added.
 *
 * In:  live values, who is online, and the read model, which is asked once a second while somebody looks. Out: streams. Each
 *      sees what its viewer may see. Streams are bounded in number; one that does not read is dropped when its buffer is
 *      full, and one whose viewer may see nothing any more is ended at the next heartbeat.
 */
import { fail } from "../../../shared/base/error.ts";
import type { LiveReader, LiveValue } from "../../live/live-values.ts";
import type { Overview } from "../../projection/read-model-types.ts";
import { formatEvent, HEARTBEAT, type PageEvent } from "./event-text.ts";

/** What a stream may be told. */
export interface StreamSight {
  readonly operations: boolean;
  readonly money: boolean;
  /** Whether readings of a meter may be seen. */
  readonly seesMeter: (meter: string) => boolean;
}

export interface StreamRequest {
  /** Whose streams are counted together. */
  readonly owner: string;
  readonly sight: StreamSight;
  /** Meters whose live values are wanted. */
  readonly meters: readonly string[];
  /** Id of the last event that the reader has, if it comes back. */
  readonly last?: string | undefined;
  /** The session that the stream belongs to; it ends with it. */
  readonly session?: string | undefined;
  /** Asked at each heartbeat: whether the viewer is still who it was. */
  readonly isValid: () => boolean;
}

export interface EventHubOptions {
  readonly overview: () => Pick<Overview, "tip" | "openAlarms" | "held" | "bills">;
  readonly live?: LiveReader | undefined;
  /** Tells one run of the gateway from another, so that a reader who comes back knows what it missed. */
  readonly run: string;
  /** Default 1000 ms. */
  readonly tickMs?: number;
  /** Ticks between two heartbeats. Default 15. */
  readonly heartbeatTicks?: number;
  /** Most streams in all; default 256. */
  readonly maxStreams?: number;
  /** Most streams of one viewer; default 16. */
  readonly maxStreamsOfOwner?: number;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What a reader may leave unread: some minutes of one page. */
export const STREAM_BUFFER_BYTES = 65_536;

interface Stream extends StreamRequest {
  readonly wanted: ReadonlySet<string>;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

type Standing = ReturnType<EventHubOptions["overview"]>;

export class EventHub {
  readonly #options: EventHubOptions;
  readonly #streams = new Set<Stream>();
  readonly #encoder = new TextEncoder();
  #values = new Map<string, LiveValue>();
  /** Meters that came online or went offline: told one tick later, when it is stored. */
  #presence = new Set<string>();
  #presenceNext = new Set<string>();
  #standing: Standing | undefined;
  #count = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** Open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** Throws `busy` when there are too many. */
  open(request: StreamRequest): ReadableStream<Uint8Array> {
    const { maxStreams = 256, maxStreamsOfOwner = 16 } = this.#options;
    const own = [...this.#streams].filter(({ owner }) => owner === request.owner).length;
    if (this.#closed || this.#streams.size >= maxStreams || own >= maxStreamsOfOwner) {
      fail("busy", "too many pages are open; this one does not move by itself");
    }
    const wanted = new Set(request.meters.filter((meter) => request.sight.seesMeter(meter)));
    if (this.#streams.size === 0) this.#catchUp();
    let stream: Stream | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = { ...request, wanted, controller };
          this.#streams.add(stream);
          this.#greet(stream);
          this.#run();
        },
        cancel: () => {
          if (stream !== undefined) this.#drop(stream);
        },
      },
      { highWaterMark: STREAM_BUFFER_BYTES, size: (chunk) => chunk.byteLength },
    );
  }

  /** A new live value; told at the next tick, the newest of each meter. */
  value(value: LiveValue): void {
    if (this.#streams.size > 0) this.#values.set(value.meter, value);
  }

  /** A meter has come online or gone offline. */
  presence(meter: string): void {
    if (this.#streams.size > 0) this.#presenceNext.add(meter);
    // Who comes back later has missed it.
    else this.#count += 1;
  }

  /** Ends the streams of a session: its reader has signed out. */
  endSession(session: string): void {
    for (const stream of this.#streams) if (stream.session === session) this.#end(stream);
  }

  /** Ends all streams and opens none any more. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) this.#end(stream);
  }

  /** The first to look after a pause: what is told from now on is told against this standing. */
  #catchUp(): void {
    const before = this.#standing;
    this.#standing = this.#options.overview();
    if (before !== undefined && changedTopics(before, this.#standing).length > 0) this.#count += 1;
  }

  #greet(stream: Stream): void {
    const { live } = this.#options;
    const missed = stream.last !== undefined && stream.last !== this.#id;
    this.#send(stream, { event: "hello", refresh: missed ? 1 : 0 });
    if (this.#standing !== undefined) {
      this.#send(stream, tipOf(this.#standing));
      if (stream.sight.operations) {
        this.#send(stream, { event: "alarms", open: this.#standing.openAlarms });
      }
    }
    const values = [...stream.wanted].flatMap((meter) => live?.newest(meter) ?? []);
    if (values.length > 0) this.#send(stream, { event: "live", values });
  }

  #run(): void {
    const { tickMs = 1000 } = this.#options;
    this.#timer ??= setInterval(() => this.#tick(), tickMs).unref();
  }

  #tick(): void {
    this.#ticks += 1;
    try {
      this.#tellChanges();
    } catch (error) {
      this.#options.onError?.(error);
    }
    this.#tellValues();
    if (this.#ticks % (this.#options.heartbeatTicks ?? 15) === 0) this.#beat();
  }

  #tellChanges(): void {
    const before = this.#standing;
    const now = this.#options.overview();
    this.#standing = now;
    const presence = this.#presence;
    this.#presence = this.#presenceNext;
    this.#presenceNext = new Set();
    const topics = before === undefined ? [] : changedTopics(before, now);
    const hasMoved = topics.includes("block");
    const hasAlarms = before?.openAlarms !== now.openAlarms;
    if (topics.length === 0 && presence.size === 0) return;
    this.#count += 1;
    for (const stream of this.#streams) {
      const { operations, money, seesMeter } = stream.sight;
      if (hasMoved) this.#send(stream, tipOf(now));
      if (hasAlarms && operations) this.#send(stream, { event: "alarms", open: now.openAlarms });
      const own = [...presence].filter(seesMeter).map((meter) => `meter:${meter}`);
      const told = topics.filter(
        (topic) => (topic !== "alarm" || operations) && (topic !== "bill" || money),
      );
      const all = [...told, ...(own.length > MAX_NAMED ? ["meters"] : own)];
      if (all.length > 0) this.#send(stream, { event: "news", topics: all });
    }
  }

  #tellValues(): void {
    const values = this.#values;
    if (values.size === 0) return;
    this.#values = new Map();
    for (const stream of this.#streams) {
      const own = [...stream.wanted].flatMap((meter) => values.get(meter) ?? []);
      if (own.length > 0) this.#send(stream, { event: "live", values: own });
    }
  }

  #beat(): void {
    for (const stream of this.#streams) {
      if (!stream.isValid()) this.#end(stream);
      else this.#write(stream, HEARTBEAT);
    }
  }

  get #id(): string {
    return `${this.#options.run}.${this.#count}`;
  }

  #send(stream: Stream, event: PageEvent): void {
    this.#write(stream, formatEvent(this.#id, event));
  }

  #write(stream: Stream, text: string): void {
    const { controller } = stream;
    if (!this.#streams.has(stream)) return;
    controller.enqueue(this.#encoder.encode(text));
    if ((controller.desiredSize ?? 0) > 0) return;
    // Whoever does not read would be buffered without end; it comes back and reads everything anew.
    this.#drop(stream);
    controller.error(new Error("the reader of an event stream is too slow"));
  }

  #end(stream: Stream): void {
    this.#drop(stream);
    stream.controller.close();
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#values = new Map();
    this.#presence = new Set();
    this.#presenceNext = new Set();
  }
}

/** More meters than this at once are not named one by one. */
const MAX_NAMED = 20;

function tipOf({ tip }: Standing): PageEvent {
  const { height, finalHeight, logSize, timeSeconds } = tip;
  return { event: "tip", height, finalHeight, size: logSize, timeSeconds };
}

/** What a page that shows this has to read again. `day`: records wait to be mined, or have been. */
function changedTopics(before: Standing, now: Standing): string[] {
  const topics: string[] = [];
  const hasMoved =
    now.tip.height !== before.tip.height || now.tip.finalHeight !== before.tip.finalHeight;
  if (hasMoved) topics.push("block");
  if (hasMoved || now.held !== before.held) topics.push("day");
  if (now.bills !== before.bills) topics.push("bill");
  if (now.openAlarms !== before.openAlarms) topics.push("alarm");
  return topics;
}
