// test/support/system-part.ts: what is missing is named with the one command that installs it; under CI it fails.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  explainMissing,
  findProgram,
  hasSystemPart,
  installCommand,
  KERNEL_PARTS,
  SYSTEM_PARTS,
  type SystemPart,
} from "./system-part.ts";

test("one command installs several parts, by name and sorted", () => {
  assert.equal(installCommand(["socat", "mosquitto"]), "sudo apt-get install -y mosquitto socat");
});

test("a program is found by any of its names", () => {
  assert.match(findProgram("no-such-program", "sh") ?? "", /\/sh$/);
  assert.equal(findProgram("no-such-program"), undefined);
});

test("only what is missing is named, with its command", () => {
  const has = (part: SystemPart) => part === "chromium";
  assert.equal(explainMissing(["chromium"], has), undefined);
  assert.equal(
    explainMissing(["chromium", "mosquitto", "socat"], has),
    "needs mosquitto, socat: sudo apt-get install -y mosquitto socat",
  );
});

test("a program that is there is seen, and one that is not is not", () => {
  for (const part of Object.keys(SYSTEM_PARTS) as SystemPart[]) {
    const [names = []] = SYSTEM_PARTS[part].programs;
    if (findProgram(...names) === undefined) assert.equal(hasSystemPart(part), false, part);
    else if (!("pythonModule" in SYSTEM_PARTS[part])) assert.equal(hasSystemPart(part), true, part);
  }
});

test("what only the kernel tests need is not among what `npm test` installs", () => {
  const packagesOf = (parts: readonly SystemPart[]): string[] =>
    parts.flatMap((part) => [...SYSTEM_PARTS[part].packages]);
  const others = (Object.keys(SYSTEM_PARTS) as SystemPart[]).filter(
    (part) => !KERNEL_PARTS.includes(part),
  );
  const large = packagesOf(KERNEL_PARTS).filter((name) => /qemu|aarch64|busybox/.test(name));
  assert.ok(large.length >= 4);
  for (const name of large) assert.ok(!packagesOf(others).includes(name), name);
});
