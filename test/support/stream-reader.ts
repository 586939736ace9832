/** Test only: reads a stream of server-sent events piece by piece. */
import { waitFor } from "./wait.ts";

export interface HeardEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export class StreamReader {
  readonly events: HeardEvent[] = [];
  /** Comments, which keep a stream from being taken for dead. */
  heartbeats = 0;
  /** "open", "ended" by the other side, or "broken". */
  state: "open" | "ended" | "broken" = "open";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    void this.#read();
  }

  names(): string[] {
    return this.events.map(({ event }) => event);
  }

  of(event: string): readonly HeardEvent["data"][] {
    return this.events.filter((one) => one.event === event).map(({ data }) => data);
  }

  async hear(event: string, count = 1): Promise<void> {
    await waitFor(`event ${event}`, () => this.of(event).length >= count);
  }

  async ended(): Promise<void> {
    await waitFor("the end of the stream", () => this.state !== "open");
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#text += decoder.decode(value, { stream: true });
        const parts = this.#text.split("\n\n");
        this.#text = parts.pop() ?? "";
        for (const part of parts) this.#take(part);
      }
      this.state = "ended";
    } catch {
      this.state = "broken";
    }
  }

  #take(part: string): void {
    if (part.startsWith(":")) {
      this.heartbeats += 1;
      return;
    }
    const field = (name: string): string =>
      part
        .split("\n")
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2) ?? "";
    const data = JSON.parse(field("data")) as HeardEvent["data"];
    this.events.push({ event: field("event"), id: field("id"), data });
  }
}
