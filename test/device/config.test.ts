/** The configuration: defaults, every error at once, and help that names every key. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIG_KEYS, describeConfig, parseMeterConfig } from "../../device/config.ts";
import { isCoded } from "../../shared/base/error.ts";

const mock = { kind: "mock", seed: 1 };

function refuse(value: unknown): string {
  try {
    parseMeterConfig(JSON.stringify(value));
  } catch (error) {
    if (isCoded(error, "config")) return error.message;
    throw error;
  }
  throw new Error("accepted");
}

test("sources are enough", () => {
  const config = parseMeterConfig(JSON.stringify({ sources: [mock] }));
  assert.deepEqual(config.sources, [mock]);
  assert.equal(config.step, undefined);
  assert.equal(config.max_power_w, 100_000);
  assert.equal(config.held_retry_ms, 14_400_000);
});

test("every error is reported at once", () => {
  const message = refuse({
    sources: [{ kind: "abacus" }],
    step: 901,
    window: "many",
    tls_cert: "a.pem",
    colour: "blue",
  });
  for (const name of ["sources", "step", "window", "tls_cert", "colour"]) {
    assert.match(message, new RegExp(name));
  }
});

test("no sources, no object, no JSON", () => {
  assert.match(refuse({}), /sources/);
  assert.match(refuse([]), /an object/);
  assert.throws(() => parseMeterConfig("{"), /not JSON/);
});

test("help names every key", () => {
  const help = describeConfig();
  for (const name of ["sources", ...Object.keys(CONFIG_KEYS)]) assert.ok(help.includes(name), name);
});
