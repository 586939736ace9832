/**
 * The laptop's MQTT broker: aedes behind a TCP listener, on loopback unless the config says otherwise.
 *
 * It is a broker like any other: the intake connects to it over TCP. It accepts only Wattproof topics, and only
 * the gateway's own clients may publish what a gateway publishes. Meters are not told apart here: without client
 * certificates that is left to signatures, which hold anyway. Sessions live in memory; nothing relies on them
 * (design.md section 6: only a verified receipt empties an outbox).
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { fail } from "../../shared/base/error.ts";

export interface EmbeddedBrokerOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The gateway's own password: clients that give it may publish to every topic. */
  readonly gatewayPassword: string;
}

export interface EmbeddedBroker {
  readonly host: string;
  readonly port: number;
  /** Clients that are connected now. */
  connections(): number;
  close(): Promise<void>;
}

/** User name of the gateway's own clients. */
export const GATEWAY_USER = "wattproof-gateway";
/** Client ids that begin so are the gateway's: a second connection by the same id would end the first. */
export const GATEWAY_CLIENT = "wattproof-gw-";

/** Larger messages end the connection; an oversized envelope below it is refused by the intake, with a code. */
const MAX_PAYLOAD = 262_144;
/** wattproof/<net>/<zone>/<meter>/<kind> has five. */
const MAX_TOPIC_LEVELS = 8;
/** What a client that is not the gateway may publish to. */
const METER_TOPIC = /^wattproof\/[0-9a-f]{8}\/\d{3}\/\d{9}\/(envelope|seen|status|live)$/;
/** Of these, what the broker keeps for later subscribers (records.md section 7), and how large that may be. */
const KEPT_KINDS = ["seen", "status"];
const MAX_KEPT = 8192;

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Starts the broker. Throws `listen` when the address cannot be listened on. */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const trusted = new WeakSet<object>();
  const broker = await Aedes.createBroker({
    id: "wattproof",
    concurrency: 1000,
    // The intake may have a session's worth of envelopes waiting at once.
    queueLimit: 1000,
    maxTopicLevels: MAX_TOPIC_LEVELS,
    authenticate: (client, username, password, done) => {
      if (username === GATEWAY_USER) {
        const right = password?.toString() === options.gatewayPassword;
        if (right) trusted.add(client);
        done(null, right);
        return;
      }
      done(null, !client.id.startsWith(GATEWAY_CLIENT));
    },
    authorizePublish: (client, packet, done) => {
      if (packet.payload.length > MAX_PAYLOAD) return done(new Error("message too large"));
      if (client !== null && trusted.has(client)) return done(null);
      const kind = METER_TOPIC.exec(packet.topic)?.[1];
      if (kind === undefined) return done(new Error("topic not allowed"));
      // What is kept lies in this process's memory, so a client cannot make that much of it.
      if (!KEPT_KINDS.includes(kind)) packet.retain = false;
      else if (packet.payload.length > MAX_KEPT) return done(new Error("message too large"));
      done(null);
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    broker.handle(socket);
  });
  let address: AddressInfo;
  try {
    address = await listen(server, options.host, options.port);
  } catch (error) {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    fail("listen", `cannot listen on ${options.host}:${options.port}: ${(error as Error).message}`);
  }
  return {
    host: options.host,
    port: address.port,
    connections: () => sockets.size,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
