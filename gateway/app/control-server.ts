/**
 * The control socket: how the other commands reach a running gateway.
 *
 * A Unix socket in the data folder, mode 0600: who may open it may do what its owner may. One request a
 * connection: a JSON line `{"method":…, "arguments":{…}}` in, a JSON line `{"result":…}` or
 * `{"error":{"code","message"}}` out.
 */
import { existsSync, unlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { fail, isCoded } from "../../shared/base/error.ts";

export type ControlHandler = (method: string, parameters: unknown) => Promise<unknown>;

export interface ControlServer {
  close(): Promise<void>;
}

/** Requests are short; a longer line is not one. */
const MAX_REQUEST = 1_048_576;

function readRequest(line: string): { method: string; parameters: unknown } {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    fail("control", "the request is not JSON");
  }
  const { method, arguments: parameters } = (request ?? {}) as Record<string, unknown>;
  if (typeof method !== "string") fail("control", "the request names no method");
  return { method, parameters: parameters ?? {} };
}

async function answer(line: string, handler: ControlHandler): Promise<string> {
  try {
    const { method, parameters } = readRequest(line);
    return JSON.stringify({ result: (await handler(method, parameters)) ?? {} });
  } catch (error) {
    const code = isCoded(error) ? error.code : "control";
    const message = error instanceof Error ? error.message : String(error);
    return JSON.stringify({ error: { code, message } });
  }
}

function serve(socket: Socket, handler: ControlHandler): void {
  let text = "";
  let answered = false;
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    if (answered) return;
    text += chunk;
    const end = text.indexOf("\n");
    if (end < 0 && text.length <= MAX_REQUEST) return;
    answered = true;
    const line = end < 0 ? "" : text.slice(0, end);
    void answer(line, handler).then((reply) => socket.end(`${reply}\n`));
  });
}

/** Listens on `path`, replacing what a killed gateway left there. Call with the store's lock held. */
export async function startControlServer(
  path: string,
  handler: ControlHandler,
): Promise<ControlServer> {
  if (existsSync(path)) unlinkSync(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(socket, handler);
  });
  // `listen` makes the socket before it returns, so nobody else can open it even for an instant.
  const umask = process.umask(0o177);
  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  process.umask(umask);
  await listening;
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Answers under way are written out; an idle connection is not waited for.
        setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, 1000).unref();
      }),
  };
}
