/** Runs one test body against every broker that the gateway is used with: aedes and Mosquitto. */
import { type TestContext, test } from "node:test";
import { GATEWAY_USER, startEmbeddedBroker } from "../../gateway/broker/embedded-broker.ts";
import { startMosquitto } from "./mosquitto.ts";
import { makeTestFolder } from "./process.ts";
import { requireSystemPart } from "./system-part.ts";

export interface TestBroker {
  readonly url: string;
  /** Credentials of the gateway's own clients; none where the broker lets everybody in. */
  readonly gateway: { readonly username?: string; readonly password?: string };
}

/** Registers `name` twice: "… (aedes)" and "… (Mosquitto)". */
export function testWithBrokers(
  name: string,
  body: (t: TestContext, broker: TestBroker) => Promise<void>,
): void {
  test(`${name} (aedes)`, async (t) => {
    const broker = await startEmbeddedBroker({
      host: "127.0.0.1",
      port: 0,
      gatewayPassword: "test",
    });
    try {
      const gateway = { username: GATEWAY_USER, password: "test" };
      await body(t, { url: `mqtt://127.0.0.1:${broker.port}`, gateway });
    } finally {
      await broker.close();
    }
  });
  test(`${name} (Mosquitto)`, async (t) => {
    if (!requireSystemPart(t, "mosquitto")) return;
    const folder = makeTestFolder();
    const broker = await startMosquitto(t, folder);
    try {
      await body(t, { url: broker.url, gateway: {} });
    } finally {
      await broker.kill();
    }
  });
}
