/**
 * One MQTT 3.1.1 connection over TCP or TLS: handshake, subscription, keepalive, parsing.
 *
 * It lives from the socket to its end and is never reused; `mqtt-client.ts` makes the next one. Incoming PUBLISH
 * packets are handed on unacknowledged: the caller acknowledges them, in batches, after its commit.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import mqttPacket from "mqtt-packet";
import { BrokenStream, PacketReader } from "./mqtt-reader.ts";

export interface ConnectionOptionsMqtt {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** Options for `mqtts`: certificate authority, client certificate and key. */
  readonly tls?: Omit<ConnectionOptions, "socket">;
  /** Seconds. */
  readonly keepaliveS: number;
  /** Topic filters, all at QoS 1. Without any the connection only publishes, and the broker keeps no session for it. */
  readonly subscriptions: readonly string[];
}

export interface ConnectionEvents {
  /** Subscribed: the connection is in use. */
  ready(): void;
  /** `packetId` is 0 at QoS 0. The payload is valid during the call. */
  message(topic: string, payload: Uint8Array, packetId: number, retain: boolean): void;
  puback(packetId: number): void;
  /** Called exactly once, when the socket has ended for whatever reason. */
  closed(reason: string, refusedByBroker: boolean): void;
}

const SUBSCRIBE_ID = 1;
/** Return code of a subscription that was not granted (MQTT 3.1.1 section 3.9.3). */
const REFUSED = 128;
const CONNECT_TIMEOUT_MS = 20_000;
/** What the socket reads at a time, always into the same memory. */
const READ_BYTES = 131_072;

/**
 * A socket that hands what it reads to `onBytes`, valid during the call. New memory for each read would be collected only with the
 * whole heap, many times a second under load (docs/performance.md).
 */
function openSocket(options: ConnectionOptionsMqtt, onBytes: (bytes: Buffer) => void): Socket {
  const url = new URL(options.url);
  const secure = url.protocol === "mqtts:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (secure ? 8883 : 1883) : Number(url.port);
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback(count: number, buffer: Uint8Array) {
      onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, count));
      return true;
    },
  };
  if (!secure) return connectTcp({ host, port, noDelay: true, onread });
  // Server name indication is for names only (RFC 6066 section 3); an address is checked all the same.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const secured = { host, port, minVersion: "TLSv1.3" as const, ...name, ...options.tls, onread };
  return connectTls(secured);
}

export class MqttConnection {
  readonly #socket: Socket;
  readonly #keepalive: NodeJS.Timeout;
  readonly #handshake: NodeJS.Timeout;
  #lastReceived = performance.now();
  #reason = "closed by the other side";
  #refused = false;
  #closed = false;

  constructor(options: ConnectionOptionsMqtt, events: ConnectionEvents) {
    const socket = openSocket(options, (bytes) => {
      this.#lastReceived = performance.now();
      try {
        reader.push(bytes);
      } catch (error) {
        if (!(error instanceof BrokenStream)) throw error;
        this.close(`not MQTT: ${error.message}`);
      }
    });
    this.#socket = socket;
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => {
      socket.write(
        mqttPacket.generate({
          cmd: "connect",
          protocolId: "MQTT",
          protocolVersion: 4,
          // The session stays: what the broker queued while this gateway was away is delivered, and what was
          // not acknowledged before a crash comes again.
          clean: options.subscriptions.length === 0,
          clientId: options.clientId,
          keepalive: options.keepaliveS,
          ...(options.username === undefined ? {} : { username: options.username }),
          ...(options.password === undefined ? {} : { password: Buffer.from(options.password) }),
        }),
      );
    });
    const begin = (): void => {
      clearTimeout(this.#handshake);
      events.ready();
    };
    const reader = new PacketReader({
      connack: (returnCode) => {
        if (returnCode !== 0) {
          this.#refused = true;
          this.close(`the broker refused the connection with return code ${returnCode}`);
          return;
        }
        if (options.subscriptions.length === 0) {
          begin();
          return;
        }
        socket.write(
          mqttPacket.generate({
            cmd: "subscribe",
            messageId: SUBSCRIBE_ID,
            subscriptions: options.subscriptions.map((topic) => ({ topic, qos: 1 as const })),
          }),
        );
      },
      suback: (granted) => {
        if (granted.includes(REFUSED)) {
          this.#refused = true;
          this.close("the broker refused the subscription");
          return;
        }
        begin();
      },
      publish: (topic, payload, packetId, retain) =>
        events.message(topic, payload, packetId, retain),
      puback: (packetId) => events.puback(packetId),
    });
    socket.on("error", (error) => {
      this.#reason = error.message;
    });
    socket.once("close", () => {
      this.#closed = true;
      clearInterval(this.#keepalive);
      clearTimeout(this.#handshake);
      events.closed(this.#reason, this.#refused);
    });
    this.#handshake = setTimeout(() => this.close("no answer from the broker"), CONNECT_TIMEOUT_MS);
    this.#keepalive = setInterval(
      () => this.#tick(options.keepaliveS * 1000),
      options.keepaliveS * 500,
    );
  }

  /** Writes bytes; without effect once closed. `written` is called when they are needed no more. */
  write(bytes: Uint8Array, written: () => void = () => {}): void {
    if (this.#closed) written();
    else this.#socket.write(bytes, () => written());
  }

  /** Stops reading from the socket, so that TCP holds the broker back. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#lastReceived = performance.now();
    this.#socket.resume();
  }

  /** The first reason is the one that counts: what follows in the same bytes may be anything. */
  close(reason: string): void {
    if (this.#socket.destroyed) return;
    this.#reason = reason;
    this.#socket.destroy();
  }

  /** Says good-bye after what was written before. */
  end(): void {
    this.#reason = "stopped";
    if (this.#closed) return;
    this.#socket.end(mqttPacket.generate({ cmd: "disconnect" }));
    // `end` waits for the other side; a broker that does not close is not waited for.
    setTimeout(() => this.#socket.destroy(), 500).unref();
  }

  #tick(keepaliveMs: number): void {
    // A paused socket delivers no PINGRESP: silence then proves nothing.
    const silent = performance.now() - this.#lastReceived;
    if (!this.#socket.isPaused() && silent > keepaliveMs * 2) this.close("keepalive time-out");
    else this.write(mqttPacket.generate({ cmd: "pingreq" }));
  }
}
