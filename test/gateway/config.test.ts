import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIG_KEYS, decodeConfig, describeConfig } from "../../gateway/config.ts";
import { WattproofError } from "../../shared/base/error.ts";

function errorOf(value: unknown): WattproofError {
  try {
    decodeConfig(value);
  } catch (error) {
    if (error instanceof WattproofError) return error;
    throw error;
  }
  return assert.fail("the configuration was accepted");
}

test("an empty configuration takes every default, and each default is allowed", () => {
  const config = decodeConfig({});
  assert.equal(config.commit_records, 2048);
  assert.equal(config.mine_after_ms, 60_000);
  assert.deepEqual(Object.keys(config).sort(), Object.keys(CONFIG_KEYS).sort());
});

test("given keys replace defaults", () => {
  const config = decodeConfig({ difficulty: 12, broker_url: "mqtts://broker.example:8883" });
  assert.equal(config.difficulty, 12);
  assert.equal(config.broker_url, "mqtts://broker.example:8883");
});

test("all errors are reported at once, and unknown keys are refused", () => {
  const error = errorOf({
    difficulty: 1.5,
    zone: "35",
    broker_url: "http://x",
    time_zone: "Mars/Olympus",
    mining: "maybe",
    broker_cert_file: "a.pem",
    dificulty: 3,
    "": 1,
  });
  assert.equal(error.code, "config");
  for (const key of ["difficulty", "zone", "broker_url", "time_zone", "mining", "dificulty"]) {
    assert.match(error.message, new RegExp(`(?:^|; )${key}: `), key);
  }
  assert.equal(error.detail["errors"], 8);
});

test("anything but an object is refused, and inherited names are not keys", () => {
  for (const value of [null, [], "x", 3]) assert.equal(errorOf(value).code, "config");
  assert.equal(errorOf(JSON.parse('{"__proto__":1}')).code, "config");
  assert.equal(errorOf({ constructor: 1 }).code, "config");
});

test("the help names every key with its default", () => {
  const help = describeConfig();
  for (const [name, key] of Object.entries(CONFIG_KEYS)) {
    assert.ok(help.includes(`  ${name} (${JSON.stringify(key.fallback)})`), name);
  }
});

test("a broker's URL is one that can be connected to, the portal's names are a list without ports", () => {
  for (const url of ["mqtt://[fd00::1]:1883", "mqtts://broker.example"]) {
    assert.equal(decodeConfig({ broker_url: url }).broker_url, url);
  }
  for (const url of ["mqtt://host:99999", "mqtt://[::1", "mqtt://a@b", "mqtt://host/x", 7]) {
    assert.match(errorOf({ broker_public_url: url }).message, /^broker_public_url: expected/);
  }
  for (const names of ["", "a.example", "A.example,[fd00::1],10.0.0.7"]) {
    assert.equal(decodeConfig({ portal_names: names }).portal_names, names);
  }
  for (const names of ["a.example:80", "a,", ",a", "a b", "http://a", "a,,b"]) {
    assert.match(errorOf({ portal_names: names }).message, /^portal_names: expected/);
  }
});
