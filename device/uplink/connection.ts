/**
 * One connection to the broker: mqtt.js with a fresh client each time, so that none of its queues outlives it.
 *
 * The client neither reconnects nor keeps messages by itself (the outbox does); a publish that the broker does
 * not acknowledge in time ends the connection. The session is kept by the broker, so replies and receipts wait
 * there while the meter restarts; nothing depends on it.
 */
import type { IClientOptions, MqttClient } from "mqtt";
import { fail, WattproofError } from "../../shared/base/error.ts";
import { openBrokerStream, parseBroker, type TlsFiles } from "./broker-stream.ts";

export interface ConnectionOptions extends TlsFiles {
  /** mqtt:// or mqtts:// */
  readonly broker: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly connectTimeoutMs: number;
  readonly publishTimeoutMs: number;
  /** Aborted while the connection is being made, it is given up. */
  readonly signal?: AbortSignal;
  /** Retained, published by the broker when this connection is lost. */
  readonly will: { readonly topic: string; readonly payload: string };
  readonly subscriptions: readonly string[];
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
}

export interface PublishOptions {
  readonly retain?: boolean;
  /** Default: `publishTimeoutMs`. */
  readonly timeoutMs?: number;
}

export interface Connection {
  /** Resolves at the PUBACK (QoS 1). Rejects with `broker` when it does not come; the connection is then over. */
  publish(topic: string, payload: string, options?: PublishOptions): Promise<void>;
  /** Sends at QoS 0; false when what was sent so before has not left yet. Nothing is lost with it but this message. */
  send(topic: string, payload: string): boolean;
  /** What the broker keeps under `topic`; undefined where it keeps nothing, or does not let the meter see it. */
  readRetained(topic: string, waitMs: number): Promise<Uint8Array | undefined>;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  /** Ends it; the will is not published. */
  end(): Promise<void>;
}

/** Resolves once the subscriptions are in place. Throws `broker`. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  let problem = "the connection was closed";
  // CommonJS with a default export of its own: the class is the default of the default.
  const { default: module } = await import("mqtt/lib/client");
  const address = parseBroker(options.broker);
  const client: MqttClient = new module.default(() => {
    const stream = openBrokerStream(address, options);
    stream.on("error", (error) => {
      problem = error.message;
    });
    return stream;
  }, clientOptions(options));
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  client.on("error", (error) => {
    problem = error.message;
  });
  client.on("message", (topic, payload) => options.onMessage(topic, payload));
  const connected = new Promise<boolean>((resolve) => client.once("connect", () => resolve(true)));
  const timeout = rejectAfter(options.connectTimeoutMs, "the broker does not answer");
  const giveUp = (): void => timeout.reject("the meter stops");
  options.signal?.addEventListener("abort", giveUp);
  if (options.signal?.aborted === true) giveUp();
  try {
    const over = closed.then(() => false);
    if (!(await Promise.race([connected, over, timeout.promise]))) fail("broker", problem);
    await Promise.race([subscribe(client, options.subscriptions), timeout.promise]);
  } catch (error) {
    destroy(client);
    throw error;
  } finally {
    timeout.cancel();
    options.signal?.removeEventListener("abort", giveUp);
  }
  let unsent = 0;
  return {
    closed,
    send(topic, payload) {
      if (unsent > 0 || !client.connected) return false;
      unsent += 1;
      client.publish(topic, payload, { qos: 0 }, () => {
        unsent -= 1;
      });
      return true;
    },
    publish: (topic, payload, { retain = false, timeoutMs = options.publishTimeoutMs } = {}) =>
      publish(client, closed, { topic, payload, retain }, timeoutMs),
    readRetained: (topic, waitMs) => readRetained(client, closed, topic, waitMs),
    end: () => end(client, closed, options.publishTimeoutMs),
  };
}

function clientOptions(options: ConnectionOptions): IClientOptions {
  const { will } = options;
  const address = parseBroker(options.broker);
  const username = options.username ?? address.username;
  const password = options.password ?? address.password;
  return {
    clientId: options.clientId,
    clean: false,
    protocolVersion: 4,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // A table of every packet id, ready to be sent, would take 12 MB.
    writeCache: false,
    keepalive: 60,
    connectTimeout: options.connectTimeoutMs,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

async function subscribe(client: MqttClient, topics: readonly string[]): Promise<void> {
  const granted = await client.subscribeAsync([...topics], { qos: 1 });
  const refused = granted.find(({ qos }) => Number(qos) > 2);
  if (refused !== undefined) fail("broker", `the broker refuses a subscription: ${refused.topic}`);
}

async function readRetained(
  client: MqttClient,
  closed: Promise<void>,
  topic: string,
  waitMs: number,
): Promise<Uint8Array | undefined> {
  let found: Uint8Array | undefined;
  let heard = (): void => undefined;
  const message = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const onMessage = (name: string, payload: Uint8Array): void => {
    if (name !== topic) return;
    found ??= payload;
    heard();
  };
  client.on("message", onMessage);
  const timeout = rejectAfter(waitMs, "nothing is kept");
  try {
    await Promise.race([client.subscribeAsync(topic, { qos: 1 }), closed, timeout.promise]);
    await Promise.race([message, closed, timeout.promise]);
    await Promise.race([client.unsubscribeAsync(topic), closed, timeout.promise]);
  } catch {
    // Nothing there, or not for this meter: both say nothing.
  } finally {
    timeout.cancel();
    client.off("message", onMessage);
  }
  return found;
}

async function publish(
  client: MqttClient,
  closed: Promise<void>,
  message: { readonly topic: string; readonly payload: string; readonly retain: boolean },
  timeoutMs: number,
): Promise<void> {
  const { topic, payload, retain } = message;
  const timeout = rejectAfter(timeoutMs, "the broker does not acknowledge");
  // A client that has lost its connection would keep the message and never answer.
  const over = closed.then(() => fail("broker", "the connection was closed"));
  try {
    const published = client.publishAsync(topic, payload, { qos: 1, retain });
    await Promise.race([published, over, timeout.promise]);
  } catch (error) {
    destroy(client);
    fail("broker", error instanceof Error ? error.message : "a publish failed");
  } finally {
    timeout.cancel();
  }
}

async function end(client: MqttClient, closed: Promise<void>, timeoutMs: number): Promise<void> {
  const timeout = rejectAfter(Math.min(timeoutMs, 2000), "");
  try {
    await Promise.race([client.endAsync(), timeout.promise]);
  } catch {
    destroy(client);
  } finally {
    timeout.cancel();
  }
  await closed;
}

function destroy(client: MqttClient): void {
  client.end(true);
}

interface Deadline {
  readonly promise: Promise<never>;
  reject(message: string): void;
  cancel(): void;
}

function rejectAfter(ms: number, message: string): Deadline {
  let give: (reason: WattproofError) => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    give = reject;
  });
  const timer = setTimeout(() => give(new WattproofError("broker", message)), ms);
  // Whoever races against it has its own result; a late rejection concerns nobody.
  promise.catch(() => undefined);
  return {
    promise,
    reject: (reason) => give(new WattproofError("broker", reason)),
    cancel: () => clearTimeout(timer),
  };
}
