/** Which broker a gateway uses, and with what credentials: the configured one, or the embedded one, started. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import {
  type EmbeddedBroker,
  GATEWAY_USER,
  startEmbeddedBroker,
} from "../broker/embedded-broker.ts";
import type { GatewayConfig } from "../config.ts";

export interface BrokerAccess {
  /** For this gateway. */
  readonly url: string;
  /** For meters. */
  readonly publicUrl: string;
  readonly embedded: EmbeddedBroker | undefined;
  readonly username?: string;
  readonly password?: string;
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    fail("config", `${path} cannot be read: ${(error as Error).message}`);
  }
}

/** Starts the embedded broker where none is configured. Throws `listen` or `config`. */
export async function openBroker(config: GatewayConfig): Promise<BrokerAccess> {
  if (config.broker_url !== "") {
    return {
      url: config.broker_url,
      publicUrl: config.broker_public_url || config.broker_url,
      embedded: undefined,
      ...(config.broker_user === "" ? {} : { username: config.broker_user }),
      ...(config.broker_password_file === ""
        ? {}
        : { password: readSecret(config.broker_password_file) }),
    };
  }
  const password = randomBytes(24).toString("base64url");
  const embedded = await startEmbeddedBroker({
    host: config.broker_host,
    port: config.broker_port,
    gatewayPassword: password,
  });
  const host = embedded.host.includes(":") ? `[${embedded.host}]` : embedded.host;
  const url = `mqtt://${host}:${embedded.port}`;
  const publicUrl = config.broker_public_url || url;
  return { url, publicUrl, embedded, username: GATEWAY_USER, password };
}

/** Options of node:tls for the external broker. Throws `config` for a file that cannot be read. */
export function tlsOptions(config: GatewayConfig): Record<string, string> {
  const { broker_ca_file: ca, broker_cert_file: cert, broker_key_file: key } = config;
  return {
    ...(ca === "" ? {} : { ca: readSecret(ca) }),
    ...(cert === "" ? {} : { cert: readSecret(cert) }),
    ...(key === "" ? {} : { key: readSecret(key) }),
  };
}
