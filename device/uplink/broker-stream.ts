/**
 * The byte stream to the broker: TCP for `mqtt://`, TLS for `mqtts://`.
 *
 * mqtt.js takes the stream from here instead of from its own `connect`, which would load WebSocket and proxy
 * support that a meter never uses (2.5 MB resident).
 */
import { createConnection, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { fail } from "../../shared/base/error.ts";

export interface BrokerAddress {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** From the address itself; what is configured beside it counts more. */
  readonly username?: string;
  readonly password?: string;
}

export interface TlsFiles {
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Throws `config` for anything but an mqtt:// or mqtts:// address. */
export function parseBroker(text: string): BrokerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const secure = url?.protocol === "mqtts:";
  if (url === undefined || url.hostname === "" || (!secure && url.protocol !== "mqtt:")) {
    fail("config", "the broker's address is not of the form mqtt://host:port or mqtts://host:port");
  }
  const { username, password } = url;
  return {
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 8883 : 1883) : Number(url.port),
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
  };
}

/** The certificate of a TLS broker is always verified; a failure ends the stream with an error. */
export function openBrokerStream(address: BrokerAddress, files: TlsFiles): Socket {
  const { secure, host, port } = address;
  if (!secure) return createConnection({ host, port, noDelay: true });
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...servername, ...files, minVersion: "TLSv1.2" });
}
