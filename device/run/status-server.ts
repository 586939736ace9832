/**
 * Gives what a running meter knows of itself to whoever may read its data folder, and takes the order to end: one word and
 * one JSON object a connection, over a local socket. In: a function for each word. Out: `serveStatus` on the meter's side,
 * `askStatus` and `askToRetire` on the other.
 */
import { chmodSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";
import type { LiveStatus } from "./live-state.ts";

/** The kernel's limit of a socket's path. */
const MAX_PATH = 107;
const ASK_MS = 2_000;
/** Longer than any word. */
const MAX_WORD = 16;
const MAX_ANSWER = 1_000_000;

/** Of two names of one place the one that fits. */
function socketPath(file: string): string | undefined {
  const names = [file, path.relative(process.cwd(), file)];
  return names.find((name) => Buffer.byteLength(name) <= MAX_PATH);
}

/** What a running meter answers to each word. */
export interface StatusDesk {
  status(): LiveStatus;
  retire(): RetireAnswer;
}

/** `code`: why not now; absent when the meter is going to end. */
export interface RetireAnswer {
  readonly code?: string;
}

/** Resolves with a function that ends it, or undefined where a socket cannot be: then the status is the journal's. */
export async function serveStatus(
  file: string,
  desk: StatusDesk,
): Promise<(() => Promise<void>) | undefined> {
  const place = socketPath(file);
  if (place === undefined) return undefined;
  // One process a data folder: what is there was left by one that was killed.
  rmSync(place, { force: true });
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.setTimeout(ASK_MS, () => socket.destroy());
    let word = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      word += chunk;
      if (word === "status\n") socket.end(JSON.stringify(desk.status()));
      else if (word === "retire\n") socket.end(JSON.stringify(desk.retire()));
      else if (word.length > MAX_WORD) socket.destroy();
    });
  });
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(place, () => resolve(true));
  });
  if (!listening) return undefined;
  chmodSync(place, 0o600);
  server.unref();
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
    });
}

/** What the meter that runs on this folder says; undefined when none does or it does not answer. */
export function askStatus(file: string): Promise<LiveStatus | undefined> {
  return ask(file, "status");
}

/** Orders it to end for good; undefined as `askStatus`. */
export function askToRetire(file: string): Promise<RetireAnswer | undefined> {
  return ask(file, "retire");
}

function ask<T>(file: string, word: string): Promise<T | undefined> {
  const place = socketPath(file);
  if (place === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(place);
    const finish = (answer: T | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(undefined), ASK_MS);
    socket.setEncoding("utf8");
    socket.on("error", () => finish(undefined));
    socket.write(`${word}\n`);
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER) finish(undefined);
    });
    socket.on("end", () => finish(parseAnswer<T>(text)));
  });
}

/** The other side is this same program; what is cut short is no answer. */
function parseAnswer<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
