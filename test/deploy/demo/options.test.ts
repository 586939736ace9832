// deploy/demo/options.ts: defaults, every option, and one clear line for what is wrong.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";

import { OptionError, readOptions } from "../../../deploy/demo/options.ts";

test("no options: a day every 4 s, kept in data/demo, until told to stop", () => {
  assert.deepEqual(readOptions([], "/project"), {
    folder: path.resolve("/project/data/demo"),
    secondsPerDay: 4,
    days: undefined,
    recordings: [],
    zone: "Europe/Berlin",
    brokerPort: 18883,
    portalPort: 8080,
  });
});

test("every option is read", () => {
  const args = [
    ...["--replay", "a.csv", "b.csv", "--zone", "Europe/Paris", "--day-seconds", "1.5"],
    ...["--days", "40", "--data", "/d", "--portal-port", "81", "--broker-port", "82"],
  ];
  assert.deepEqual(readOptions(args, "/project"), {
    folder: "/d",
    secondsPerDay: 1.5,
    days: 40,
    recordings: [path.resolve("a.csv"), path.resolve("b.csv")],
    zone: "Europe/Paris",
    brokerPort: 82,
    portalPort: 81,
  });
});

test("--help asks for nothing else", () => {
  assert.equal(readOptions(["--help"], "/project"), undefined);
});

const WRONG: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["--day-seconds", "0"], /day-seconds/],
  [["--days", "many"], /days/],
  [["--portal-port", "70000"], /portal-port/],
  [["--broker-port", "1.5"], /broker-port/],
  [["--zone", "Europe/Nowhere"], /Nowhere/],
  [["--zone", "+01:00"], /IANA/],
  [["recording.csv"], /--replay/],
  [["--replya", "a.csv"], /replya/],
];

for (const [args, message] of WRONG) {
  test(`refused: ${args.join(" ")}`, () => {
    assert.throws(
      () => readOptions(args, "/project"),
      (error) => error instanceof OptionError && message.test(error.message),
    );
  });
}
