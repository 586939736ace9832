/**
 * The uplink as a meter's configuration and join file say, and the guard that keeps a restored journal from being sealed before the
 * gateway was heard. In: those, the journal, clocks. Out: both, the uplink not yet started.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { decodeBase64url } from "../../shared/base/bytes.ts";
import type { Clock } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { Join } from "../../shared/message/join.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import type { MeterConfig } from "../config.ts";
import type { Journal } from "../journal/journal.ts";
import type { MeterEvent } from "../meter-event.ts";
import { parseBroker, type TlsFiles } from "../uplink/broker-stream.ts";
import { RestoreGuard } from "../uplink/restore-guard.ts";
import type { Trust } from "../uplink/trust.ts";
import { Uplink } from "../uplink/uplink.ts";

export interface UplinkParts {
  readonly config: MeterConfig;
  /** The folder that relative paths of the configuration are relative to. */
  readonly configFolder: string;
  readonly join: Join;
  readonly key: SigningKey;
  readonly trust: Trust;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Real: retries follow the machine. */
  readonly monotonicMs: () => number;
  readonly random: () => number;
  readonly report: (event: MeterEvent) => void;
  /** The clock is simulated: nobody waits for real hours. */
  readonly simulated: boolean;
  /** Sealing has become possible. */
  readonly sealSoon: () => void;
}

/** A broker that has been down for half a day does not keep a day from being sealed. */
const CONTACT_WAIT_S = 43_200;

/** Throws `config`, and what an address that is none throws. */
export function createUplink(parts: UplinkParts): {
  readonly uplink: Uplink;
  readonly guard: RestoreGuard;
} {
  const { config, configFolder, random, report, simulated, sealSoon } = parts;
  const { join, key, trust, journal, clock, monotonicMs } = parts;
  const point = computePoint(nobleSuite, join.meter, decodeBase64url(join.salt));
  const { username, password } = config;
  const broker = config.broker ?? join.broker;
  parseBroker(broker);
  const guard = new RestoreGuard({
    ...{ journal, suite: nobleSuite, trust, clock, monotonicMs, report },
    waitMs: 1000 * (config.contact_wait_s ?? (simulated ? 0 : CONTACT_WAIT_S)),
    onOpen: sealSoon,
  });
  const uplink = new Uplink({
    journal,
    suite: nobleSuite,
    key,
    trust,
    identity: { kid: key.kid, point },
    join,
    clock,
    monotonicMs,
    random,
    plan: {
      retryMs: config.retry_ms,
      retryMostMs: config.retry_most_ms,
      heldRetryMs: config.held_retry_ms,
      refusedRetryMs: config.refused_retry_ms,
      rejoinMs: config.rejoin_ms,
      window: config.window,
      unanswered: config.unanswered,
      perMinute: config.per_minute,
    },
    link: {
      broker,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...readTlsFiles(config, configFolder),
      connectTimeoutMs: config.connect_timeout_ms,
      publishTimeoutMs: config.publish_timeout_ms,
    },
    reconnect: { firstMs: config.reconnect_first_ms, mostMs: config.reconnect_most_ms },
    report,
    guard,
    onEnrolment: sealSoon,
  });
  return { uplink, guard };
}

/** Texts of the certificate files that a configuration names. Throws `config`. */
export function readTlsFiles(config: MeterConfig, configFolder: string): TlsFiles {
  const pem = (name: "ca" | "cert" | "key", file: string | undefined) =>
    file === undefined ? {} : { [name]: readPem(path.resolve(configFolder, file)) };
  return {
    ...pem("ca", config.tls_ca),
    ...pem("cert", config.tls_cert),
    ...pem("key", config.tls_key),
  };
}

/** Throws `config` when it cannot be read. */
function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    fail("config", `a certificate file cannot be read: ${(error as Error).message}`);
  }
}
