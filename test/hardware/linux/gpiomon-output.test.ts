import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  findChip,
  monitorArguments,
  parseEdge,
  parseVersion,
} from "../../../hardware/linux/gpiomon-output.ts";
import { randomNumbers } from "../../support/random-numbers.ts";

describe("what gpiomon prints", () => {
  test("1.x: the format that is asked for, whose nanoseconds have no zeros before them", () => {
    assert.deepEqual(parseEdge("1 8 5000000"), { level: 1, atMs: 8_005 });
    assert.deepEqual(parseEdge("0 123456 999999999"), { level: 0, atMs: 123_456_999.999 });
  });

  test("2.x: the format that is asked for", () => {
    assert.deepEqual(parseEdge("rising 8.005000000"), { level: 1, atMs: 8_005 });
    assert.deepEqual(parseEdge("falling 123456.999999999"), { level: 0, atMs: 123_456_999.999 });
  });

  test("their own formats", () => {
    const first = "event:  RISING EDGE offset: 17 timestamp: [       8.005000000]";
    assert.deepEqual(parseEdge(first), { level: 1, atMs: 8_005 });
    assert.deepEqual(parseEdge(first.replace("RISING", "FALLING"))?.level, 0);
    assert.deepEqual(parseEdge('8.005000000\tfalling\tgpiochip0 17 "GPIO17"'), {
      level: 0,
      atMs: 8_005,
    });
  });

  test("anything else is no edge", () => {
    for (const line of ["", "2 8 5", "Monitoring line '17'...", "rising 8.5", "rising", "1 8"]) {
      assert.equal(parseEdge(line), undefined, line);
    }
  });

  test("any damage to a line: an edge with a time, or none", () => {
    const random = randomNumbers(15);
    const lines = ["1 8 5000000", "rising 8.005000000", "8.005000000\tfalling\tgpiochip0 17"];
    let edges = 0;
    for (let i = 0; i < 100_000; i++) {
      const line = lines[i % lines.length] ?? "";
      const at = random(line.length);
      const edge = parseEdge(
        line.slice(0, at) + String.fromCharCode(32 + random(95)) + line.slice(at + random(2)),
      );
      if (edge === undefined) continue;
      edges += 1;
      assert.ok(Number.isFinite(edge.atMs) && edge.atMs >= 0);
    }
    assert.ok(edges > 5_000 && edges < 95_000, String(edges));
  });
});

test("versions and chips of both generations", () => {
  assert.equal(parseVersion("gpiomon (libgpiod) v1.6.3\nCopyright (C) 2017-2018"), 1);
  assert.equal(parseVersion("gpiomon (libgpiod) v2.2.1\n"), 2);
  assert.equal(parseVersion("busybox"), undefined);
  const detected = [
    "gpiochip0 [pinctrl-rp1] (54 lines)",
    "gpiochip10 [gpio-brcmstb@107d508500] (32 lines)",
    "gpiochip4 [raspberrypi-exp-gpio] (8 lines)",
  ];
  assert.equal(findChip(detected.join("\n")), "gpiochip0");
  assert.equal(findChip(detected.toReversed().join("\n")), "gpiochip0");
  assert.equal(findChip(detected.slice(1).join("\n")), undefined);
});

test("arguments of both generations", () => {
  const request = { chip: "gpiochip0", pin: 17, pull: "up" } as const;
  assert.deepEqual(monitorArguments(1, request), [
    "--line-buffered",
    "--bias=pull-up",
    "--format=%e %s %n",
    "gpiochip0",
    "17",
  ]);
  assert.deepEqual(monitorArguments(2, { ...request, pull: "none" }), [
    "--edges=both",
    "--format=%E %S",
    "--chip=gpiochip0",
    "17",
  ]);
});
