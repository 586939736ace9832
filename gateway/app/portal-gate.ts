/** The gate of a running gateway's portal, or none where the configuration leaves it open. */
import { fail } from "../../shared/base/error.ts";
import type { GatewayConfig } from "../config.ts";
import type { Db } from "../ledger/database.ts";
import { UserVault } from "../vault/user-vault.ts";
import { Gate } from "../web/access/gate.ts";
import { LOOPBACK_HOSTS } from "../web/security-headers.ts";
import { systemClock, systemRandomBytes } from "./system-clock.ts";

export interface PortalGateOptions {
  readonly config: GatewayConfig;
  /** A connection for reading. */
  readonly db: Db;
  /** Carries an order out in the thread that writes. */
  readonly office: (method: string, parameters: unknown) => Promise<unknown>;
}

/** Throws `config` for a portal that is open and not on loopback. */
export function createPortalGate({ config, db, office }: PortalGateOptions): Gate | undefined {
  const { portal_access, portal_host, portal_https } = config;
  if (portal_access === "open") {
    if (![...LOOPBACK_HOSTS, "::1"].includes(portal_host)) {
      fail("config", `portal_access: a portal on ${portal_host} is not open to everyone`);
    }
    return undefined;
  }
  const users = new UserVault(db);
  const secret = users.sessionSecret();
  if (secret === undefined) throw new Error("the store holds no secret for sessions");
  return new Gate({
    users,
    office,
    secret,
    randomBytes: systemRandomBytes,
    now: () => Math.floor(systemClock.wallMs() / 1000),
    monotonicMs: () => systemClock.monotonicMs(),
    secure: portal_https === "yes",
  });
}
