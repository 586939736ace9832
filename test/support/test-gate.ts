/** Test only: a gate over a vault in memory, and a browser that keeps its cookies. */
import Database from "better-sqlite3";
import type { Hono } from "hono";
import { ACCESS_TABLES } from "../../gateway/ledger/schema.ts";
import { UserVault } from "../../gateway/vault/user-vault.ts";
import { Gate, hashToken } from "../../gateway/web/access/gate.ts";
import { hashPassword } from "../../gateway/web/access/password.ts";
import type { Role } from "../../gateway/web/access/role.ts";
import { seededBytes } from "./seeded-bytes.ts";

export class TestGate {
  readonly users: UserVault;
  readonly gate: Gate;
  /** Unix seconds, as the gate sees them. */
  now = 1_800_000_000;
  monotonicMs = 0;
  readonly #randomBytes = seededBytes("gate");

  constructor(options: { readonly secure?: boolean } = {}) {
    const db = new Database(":memory:");
    db.exec(ACCESS_TABLES);
    this.users = new UserVault(db);
    this.gate = new Gate({
      users: this.users,
      office: async (_method, parameters) => this.users.putUser(parameters as never),
      secret: this.#randomBytes(32),
      randomBytes: this.#randomBytes,
      now: () => this.now,
      monotonicMs: () => this.monotonicMs,
      secure: options.secure ?? false,
    });
  }

  async addUser(name: string, role: Role, meters: readonly string[] = []): Promise<void> {
    const password = await hashPassword(`password of ${name}`, this.#randomBytes);
    this.users.putUser({ name, role, meters, password });
  }

  /** Returns the token. */
  addToken(name: string, role: Role, meters: readonly string[] = []): string {
    const token = `wpt_${Buffer.from(this.#randomBytes(32)).toString("base64url")}`;
    this.users.putToken({ name, role, meters, hash: hashToken(token) });
    return token;
  }
}

/** Sends requests as a browser does: with its cookies, and with the origin of the page that a form is on. */
export class TestBrowser {
  readonly cookies = new Map<string, string>();
  readonly #app: Hono;

  constructor(app: Hono) {
    this.#app = app;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#keep(
      await this.#app.request(path, { headers: { ...this.#headers(), ...headers } }),
    );
  }

  async post(
    path: string,
    form: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const response = await this.#app.request(path, {
      method: "POST",
      body: new URLSearchParams(form).toString(),
      headers: {
        ...this.#headers(),
        "content-type": "application/x-www-form-urlencoded",
        origin: "http://localhost",
        "sec-fetch-site": "same-origin",
        ...headers,
      },
    });
    return this.#keep(response);
  }

  /** The hidden token of the page's forms. */
  async tokenOf(path: string): Promise<string> {
    const text = await (await this.get(path)).text();
    return /name="token" value="([^"]+)"/.exec(text)?.[1] ?? "";
  }

  async signIn(name: string, password = `password of ${name}`): Promise<Response> {
    const token = await this.tokenOf("/sign-in");
    return this.post("/sign-in", { token, name, password, next: "/" });
  }

  #headers(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return { host: "localhost", ...(cookie === "" ? {} : { cookie }) };
  }

  #keep(response: Response): Response {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      const value = pair.slice(at + 1);
      if (value === "") this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), value);
    }
    return response;
  }
}
