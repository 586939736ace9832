/**
 * Sessions without a table: a cookie that says who, since when and for how long, under a MAC of the gateway's secret.
 *
 *   <b64u JSON {user, epoch, until, nonce}>.<b64u HMAC-SHA-256>
 *
 * `epoch` counts the user's password changes and sign-outs everywhere: a cookie of an older epoch is worth nothing. Forms carry a
 * token that is a MAC of the same session (or of the visitor's own nonce before signing in), so no other site can send them.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../../../shared/base/clock.ts";
import type { UnixSeconds } from "../../../shared/base/units.ts";

export const SESSION_S = 12 * 3600;

export interface Session {
  readonly user: string;
  readonly epoch: number;
  /** Not valid from then on. */
  readonly until: UnixSeconds;
  readonly nonce: string;
}

const NONCE_BYTES = 16;

export class SessionKey {
  readonly #secret: Uint8Array;
  readonly #randomBytes: RandomBytes;

  /** @param secret 32 bytes that only this gateway knows */
  constructor(secret: Uint8Array, randomBytes: RandomBytes) {
    this.#secret = secret;
    this.#randomBytes = randomBytes;
  }

  /** The cookie's value. */
  issue(user: string, epoch: number, now: UnixSeconds): string {
    const session: Session = { user, epoch, until: now + SESSION_S, nonce: this.nonce() };
    const body = Buffer.from(JSON.stringify(session)).toString("base64url");
    return `${body}.${this.#mac("session", body)}`;
  }

  /** What a cookie says, if this gateway made it and it has not run out. */
  read(cookie: string | undefined, now: UnixSeconds): Session | undefined {
    const [body = "", mac = "", ...more] = (cookie ?? "").split(".");
    if (more.length > 0 || !isEqual(mac, this.#mac("session", body))) return undefined;
    const session = JSON.parse(Buffer.from(body, "base64url").toString()) as Session;
    return session.until > now ? session : undefined;
  }

  /** A fresh value for a visitor who has not signed in. */
  nonce(): string {
    return Buffer.from(this.#randomBytes(NONCE_BYTES)).toString("base64url");
  }

  /** Token of the forms that are shown to the holder of a nonce. */
  formToken(nonce: string): string {
    return this.#mac("form", nonce);
  }

  isFormToken(token: string, nonce: string): boolean {
    return isEqual(token, this.formToken(nonce));
  }

  #mac(use: "session" | "form", text: string): string {
    return createHmac("sha256", this.#secret)
      .update(`wattproof-${use}\n${text}`)
      .digest("base64url");
  }
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
