/**
 * Reads the page again and puts in what has changed, where it has: scroll, focus, open disclosures and typed text stay.
 *
 * Everything is made by the gateway, once; there is no second way of drawing a page in here.
 */
import { morph } from "./morph.ts";

/** Something that happens every second must not read a page every second. */
const LEAST_PAUSE_MS = 3000;

/** What of a page is read again; its head has what the event stream tells by itself. */
const PARTS = ["main", ".foot"];

export class PageReader {
  #timer = 0;
  #readAtMs = 0;
  #reading: AbortController | undefined;

  /** Reads the page as it is addressed now; soon, and never too often. Several calls become one. */
  readSoon(): void {
    if (this.#timer !== 0) return;
    const pause = Math.max(300, this.#readAtMs + LEAST_PAUSE_MS - performance.now());
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (document.visibilityState === "visible") void this.#read(location.href);
    }, pause);
  }

  /** Goes to another address without leaving the page. `isNew`: not by the browser's own back and forth. */
  async go(address: string, isNew = true): Promise<void> {
    if (!(await this.#read(address))) {
      location.href = address;
      return;
    }
    if (isNew) history.pushState(null, "", address);
  }

  /** False when it could not be read; then nothing has changed. */
  async #read(address: string): Promise<boolean> {
    this.#readAtMs = performance.now();
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const response = await fetch(address, { signal: reading.signal });
      // A session that has ended leads elsewhere: what is shown stays, and the next click asks to sign in.
      if (!response.ok || response.redirected) return false;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const parts = PARTS.map((part) => [document.querySelector(part), page.querySelector(part)]);
      if (parts.flat().includes(null)) return false;
      for (const [then, now] of parts) if (then && now) morph(then, now);
      document.title = page.title;
      document.dispatchEvent(new Event("page-read"));
      return true;
    } catch {
      // Aborted by a later one counts as read; a gateway that is down is told by the event stream.
      return reading.signal.aborted;
    }
  }
}
