/**
 * Gives what a running meter knows of itself to whoever may read its data folder: one JSON object a connection, over a
 * local socket. In: a snapshot function. Out: `serveStatus` on the meter's side, `askStatus` on the other.
 */
import { chmodSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";
import type { LiveStatus } from "./live-state.ts";

/** The kernel's limit of a socket's path. */
const MAX_PATH = 107;
const ASK_MS = 2_000;
const MAX_ANSWER = 1_000_000;

/** Of two names of one place the one that fits. */
function socketPath(file: string): string | undefined {
  const names = [file, path.relative(process.cwd(), file)];
  return names.find((name) => Buffer.byteLength(name) <= MAX_PATH);
}

/** Resolves with a function that ends it, or undefined where a socket cannot be: then the status is the journal's. */
export async function serveStatus(
  file: string,
  snapshot: () => LiveStatus,
): Promise<(() => Promise<void>) | undefined> {
  const place = socketPath(file);
  if (place === undefined) return undefined;
  // One process a data folder: what is there was left by one that was killed.
  rmSync(place, { force: true });
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(JSON.stringify(snapshot()));
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
  const place = socketPath(file);
  if (place === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(place);
    const finish = (status: LiveStatus | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(status);
    };
    const timer = setTimeout(() => finish(undefined), ASK_MS);
    socket.setEncoding("utf8");
    socket.on("error", () => finish(undefined));
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER) finish(undefined);
    });
    socket.on("end", () => finish(parseStatus(text)));
  });
}

/** The other side is this same program; what is cut short is no status. */
function parseStatus(text: string): LiveStatus | undefined {
  try {
    return JSON.parse(text) as LiveStatus;
  } catch {
    return undefined;
  }
}
