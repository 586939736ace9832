/** Test only: a proxy between a browser and a portal that changes what it hands on, as a gateway that lies would. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Changes the text of an answer; the same text leaves it as it is. */
export type Tamper = (path: string, text: string) => string;

export class TamperingProxy {
  /** What happens to the answers from now on. */
  tamper: Tamper = (_, text) => text;
  readonly #server: Server;
  readonly #target: string;

  /** @param target the portal's URL */
  constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#forward(request.url ?? "/", request.headers.cookie)
        .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
        .catch((error: unknown) => response.writeHead(502).end(String(error)));
    });
  }

  /** Resolves with the proxy's URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #forward(path: string, cookie: string | undefined) {
    const answer = await fetch(`${this.#target}${path}`, {
      redirect: "manual",
      headers: cookie === undefined ? {} : { cookie },
    });
    const headers = Object.fromEntries(answer.headers);
    // The body is decoded, and may have another length.
    for (const name of ["content-encoding", "content-length", "transfer-encoding"]) {
      delete headers[name];
    }
    const body = Buffer.from(await answer.arrayBuffer());
    const isText = /json|html/.test(headers["content-type"] ?? "");
    const changed = isText ? this.tamper(path, body.toString("utf8")) : body;
    return { status: answer.status, headers, body: changed };
  }
}
