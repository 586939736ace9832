/**
 * Whether the broker can be reached and takes this meter: one connection with a clean session of its own, closed at once.
 *
 * In: address, TLS files, name and password. Out: nothing, or `broker` with what is wrong. It is not the meter's own
 * session, so nothing that waits for the meter is taken.
 */
import { generate, parser } from "mqtt-packet";
import { fail, WattproofError } from "../../shared/base/error.ts";
import { openBrokerStream, parseBroker, type TlsFiles } from "./broker-stream.ts";

export interface BrokerTrial extends TlsFiles {
  readonly broker: string;
  readonly username?: string;
  readonly password?: string;
  readonly timeoutMs: number;
}

const REFUSALS: { readonly [code: number]: string } = {
  4: "the broker refuses name or password",
  5: "the broker does not let this meter in",
};

/** Throws `broker`, and `config` for an address that is none. */
export async function tryBroker(trial: BrokerTrial): Promise<void> {
  const address = parseBroker(trial.broker);
  const username = trial.username ?? address.username;
  const password = trial.password ?? address.password;
  const stream = openBrokerStream(address, trial);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      const refuse = (reason: string): void => reject(new WattproofError("broker", reason));
      stream.setTimeout(trial.timeoutMs, () => refuse("the broker does not answer"));
      stream.once("error", (error) => refuse(error.message));
      stream.once("close", () => refuse("the broker closes the connection"));
      const packets = parser();
      packets.on("packet", (packet) => {
        if (packet.cmd === "connack") resolve(packet.returnCode ?? 0);
      });
      packets.on("error", (error) => refuse(error.message));
      stream.on("data", (bytes) => packets.parse(bytes));
      stream.write(
        generate({
          cmd: "connect",
          protocolId: "MQTT",
          protocolVersion: 4,
          clean: true,
          clientId: "",
          keepalive: 10,
          ...(username === undefined ? {} : { username }),
          ...(password === undefined ? {} : { password: Buffer.from(password) }),
        }),
      );
    });
    if (code !== 0) fail("broker", REFUSALS[code] ?? `the broker refuses with ${code}`);
    stream.end(generate({ cmd: "disconnect" }));
  } finally {
    stream.destroy();
  }
}
