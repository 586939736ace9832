/**
 * Who is asking: from a request's cookie or token to a viewer, and from a viewer to what is shown.
 *
 * In:  requests, the vault's users and tokens. Out: a viewer, or nobody. It writes through the office only, and keeps nothing but
 *      the count of failed tries and who has signed out, both until it ends.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { RandomBytes } from "../../../shared/base/clock.ts";
import { fail } from "../../../shared/base/error.ts";
import type { UnixSeconds } from "../../../shared/base/units.ts";
import type { UserRow, UserVault } from "../../vault/user-vault.ts";
import { checkPassword, hashPassword } from "./password.ts";
import { ROLES, type Role, type Viewer } from "./role.ts";
import { SESSION_S, type Session, SessionKey } from "./session.ts";
import { SIGN_IN_THROTTLE, Throttle } from "./throttle.ts";

export interface GateOptions {
  readonly users: Pick<UserVault, "user" | "users" | "token">;
  /** Carries out `user-put` in the thread that writes. */
  readonly office: (method: "user-put", parameters: unknown) => Promise<unknown>;
  /** 32 bytes that only this gateway knows. */
  readonly secret: Uint8Array;
  readonly randomBytes: RandomBytes;
  /** Unix seconds of real time: sessions end by it, whatever a simulated clock says. */
  readonly now: () => UnixSeconds;
  readonly monotonicMs: () => number;
  /** Whether browsers reach the portal by https; cookies then never travel without it. */
  readonly secure: boolean;
}

const SESSION_COOKIE = "wattproof_session";
const VISIT_COOKIE = "wattproof_visit";
const VISIT_S = 3600;
/** Tokens begin so that a secret scanner finds one that was published by mistake. */
const TOKEN = /^wpt_[A-Za-z0-9_-]{43}$/;

/** SHA-256 as H. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

export class Gate {
  readonly #options: GateOptions;
  readonly #sessions: SessionKey;
  readonly #throttle = new Throttle(SIGN_IN_THROTTLE);
  readonly #setUpToken: string;
  /** Sessions that were signed out before their time, until which they are remembered: a copied cookie opens nothing. */
  readonly #ended = new Map<string, UnixSeconds>();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#sessions = new SessionKey(options.secret, options.randomBytes);
    this.#setUpToken = Buffer.from(options.randomBytes(32)).toString("base64url");
  }

  /** Address of the page on which the first operator is made; undefined once there is a user. */
  setUpPath(): string | undefined {
    return this.needsSetUp() ? `/set-up?key=${this.#setUpToken}` : undefined;
  }

  needsSetUp(): boolean {
    return this.#options.users.users().length === 0;
  }

  /** Throws `access` for another key than the printed one, or when there is a user already. */
  requireSetUp(key: string | undefined): void {
    if (!this.needsSetUp()) fail("access", "this gateway has been set up already");
    if (key === undefined || !isSame(key, this.#setUpToken)) {
      fail("access", "open the set-up link that this gateway printed when it started");
    }
  }

  /** The viewer of a request. A token counts on programs' paths only, a session everywhere. */
  viewer(c: Context, options: { readonly tokens: boolean }): Viewer | undefined {
    const given = /^Bearer (\S+)$/.exec(c.req.header("authorization") ?? "")?.[1];
    if (given !== undefined) return options.tokens ? this.#viewerOfToken(given) : undefined;
    const session = this.#session(c);
    if (session === undefined) return undefined;
    const user = this.#options.users.user(session.user);
    if (user === undefined || user.epoch !== session.epoch) return undefined;
    return toViewer(user);
  }

  /** Token for the forms of a page; gives a visitor the cookie that it belongs to. */
  formToken(c: Context): string {
    const nonce = this.#session(c)?.nonce;
    if (nonce !== undefined) return this.#sessions.formToken(nonce);
    const visit = getCookie(c, VISIT_COOKIE) ?? this.#sessions.nonce();
    this.#setCookie(c, VISIT_COOKIE, visit, VISIT_S);
    return this.#sessions.formToken(visit);
  }

  /** A form that another site sent, or that is too old, is refused. Throws `cross-site`. */
  requireForm(c: Context, token: string | undefined): void {
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    const isOwn =
      origin === undefined ||
      (URL.canParse(origin) && new URL(origin).host === c.req.header("host"));
    if (!isOwn || (site !== undefined && site !== "same-origin")) {
      fail("cross-site", "the form was sent by another site");
    }
    const nonce = this.#session(c)?.nonce ?? getCookie(c, VISIT_COOKIE);
    if (nonce === undefined || token === undefined || !this.#sessions.isFormToken(token, nonce)) {
      fail("cross-site", "the form is too old; load the page again");
    }
  }

  /** Signs in, or throws `credentials` (which does not say what was wrong) or `throttled`. */
  async signIn(c: Context, name: string, password: string, address: string): Promise<void> {
    const { epoch } = await this.#authenticate(name, password, address);
    this.#startSession(c, name, epoch);
  }

  async #authenticate(name: string, password: string, address: string): Promise<UserRow> {
    const { users, monotonicMs } = this.#options;
    const keys = [`user ${name}`, `address ${address}`];
    const waitMs = Math.max(...keys.map((key) => this.#throttle.waitMs(key, monotonicMs())));
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      fail("throttled", `too many tries; wait ${seconds} seconds`, { seconds });
    }
    // Counted before the slow check: a thousand guesses at once would all pass a count that follows it.
    for (const key of keys) this.#throttle.fail(key, monotonicMs());
    const user = users.user(name);
    if (!(await checkPassword(password, user?.password)) || user === undefined) {
      fail("credentials", "the name or the password is not right");
    }
    this.#throttle.clear(`user ${name}`);
    this.#throttle.forgive(`address ${address}`);
    return user;
  }

  /** What names the session of a request; undefined for none, and for a token. */
  sessionOf(c: Context): string | undefined {
    return this.#session(c)?.nonce;
  }

  #session(c: Context): Session | undefined {
    const session = this.#sessions.read(getCookie(c, SESSION_COOKIE), this.#options.now());
    return session !== undefined && this.#ended.has(session.nonce) ? undefined : session;
  }

  signOut(c: Context): void {
    const now = this.#options.now();
    for (const [nonce, until] of this.#ended) if (until <= now) this.#ended.delete(nonce);
    const session = this.#session(c);
    if (session !== undefined) this.#ended.set(session.nonce, session.until);
    this.#setCookie(c, SESSION_COOKIE, "", 0);
  }

  /** Makes the first operator and signs it in. Throws `access`, `password`, or the office's refusal of a name. */
  async setUp(c: Context, key: string | undefined, name: string, password: string): Promise<void> {
    this.requireSetUp(key);
    await this.#putUser({ name, role: "operator", meters: [] }, password);
    this.#startSession(c, name, this.#options.users.user(name)?.epoch ?? 1);
  }

  /** Ends every other session of the viewer. Throws `credentials`, `throttled`, `password`. */
  async changePassword(c: Context, viewer: Viewer, old: string, fresh: string): Promise<void> {
    await this.#authenticate(viewer.name, old, `password ${viewer.name}`);
    await this.#putUser(viewer, fresh);
    this.#startSession(c, viewer.name, this.#options.users.user(viewer.name)?.epoch ?? 1);
  }

  async #putUser({ name, role, meters }: Viewer, password: string): Promise<void> {
    const hash = await hashPassword(password, this.#options.randomBytes);
    await this.#options.office("user-put", { name, role, meters, password: hash });
  }

  #viewerOfToken(token: string): Viewer | undefined {
    if (!TOKEN.test(token)) return undefined;
    const found = this.#options.users.token(hashToken(token));
    return found === undefined ? undefined : toViewer(found);
  }

  #startSession(c: Context, name: string, epoch: number): void {
    const cookie = this.#sessions.issue(name, epoch, this.#options.now());
    this.#setCookie(c, SESSION_COOKIE, cookie, SESSION_S);
  }

  #setCookie(c: Context, name: string, value: string, maxAge: number): void {
    const { secure } = this.#options;
    setCookie(c, name, value, { path: "/", httpOnly: true, sameSite: "Strict", secure, maxAge });
  }
}

function toViewer(row: {
  readonly name: string;
  readonly role: string;
  readonly meters: readonly string[];
}): Viewer | undefined {
  const role = ROLES.find((known) => known === row.role) as Role | undefined;
  return role === undefined ? undefined : { name: row.name, role, meters: row.meters };
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
