import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import type { EdgeSource } from "../../../hardware/linux/edge-source.ts";
import { watchByGpiomon } from "../../../hardware/linux/gpiomon.ts";
import type { Edge } from "../../../hardware/linux/pulse-filter.ts";
import { createFakeGpiod, type FakeGpiod, untilGone } from "../../support/fake-gpiod.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";
import { waitFor } from "../../support/wait.ts";

interface Watched {
  readonly source: EdgeSource;
  readonly edges: Edge[];
  readonly gaps: () => number;
}

async function watch(t: TestContext, gpiod: FakeGpiod): Promise<Watched> {
  const edges: Edge[] = [];
  let gaps = 0;
  const source = await watchByGpiomon(
    { pin: 17, pull: "up", tools: gpiod.tools, restartMs: 20 },
    {
      onEdge: (edge) => edges.push(edge),
      onGap: () => {
        gaps += 1;
      },
    },
  );
  t.after(() => source.close());
  return { source, edges, gaps: () => gaps };
}

describe("edges by gpiomon", () => {
  test("of 1.x and of 2.x, each asked in its own way", async (t) => {
    const lines = {
      "v1.6.3": "0 8 5000000\n1 8 45000000\n",
      "v2.2.1": "falling 8.005000000\nrising 8.045000000\n",
    };
    for (const [version, text] of Object.entries(lines)) {
      const gpiod = createFakeGpiod(t, version);
      const { source, edges } = await watch(t, gpiod);
      const input = await gpiod.input();
      // Cut anywhere.
      for (const character of `garbage\n${text}`) await input.write(character);
      await waitFor("two edges", () => edges.length === 2);
      assert.deepEqual(edges, [
        { level: 0, atMs: 8_005 },
        { level: 1, atMs: 8_045 },
      ]);
      assert.match(gpiod.starts()[0] ?? "", /--bias=pull-up .*gpiochip0 17$/);
      assert.equal(source.failure(), undefined);
      await source.close();
      await untilGone(gpiod.pids());
      assert.equal(source.failure()?.code, "sensor-gone");
      await input.close();
    }
  });

  test("one that ends is started again, with a gap", async (t) => {
    const gpiod = createFakeGpiod(t);
    const { source, edges, gaps } = await watch(t, gpiod);
    assert.equal(gaps(), 1);
    const first = await gpiod.input();
    await first.write("1 1 0\n");
    await waitFor("an edge", () => edges.length === 1);
    await first.close();
    await waitFor("a second start", () => gpiod.starts().length === 2);
    const second = await gpiod.input();
    await second.write("0 2 0\n");
    await waitFor("another edge", () => edges.length === 2);
    assert.equal(gaps(), 2);
    assert.equal(source.failure(), undefined);
    process.kill(gpiod.pids()[1] ?? 0, "SIGKILL");
    await waitFor("a third start", () => gpiod.starts().length === 3);
    await second.close();
  });

  test("a pin in use is busy, until it is free", async (t) => {
    const gpiod = createFakeGpiod(t);
    gpiod.complain("gpiomon: error waiting for events: Device or resource busy");
    const { source } = await watch(t, gpiod);
    await waitFor("a failure", () => source.failure() !== undefined);
    assert.equal(source.failure()?.code, "sensor-busy");
    gpiod.complain("gpiomon: cannot find GPIO chip character device 'gpiochip0'");
    await waitFor("another failure", () => source.failure()?.code === "sensor-gone");
  });

  test("no tools, something else of that name, and no chip of a Pi", async (t) => {
    const nothing = { onEdge: () => {}, onGap: () => {} };
    const absent = { pin: 17, pull: "up", tools: "/nonexistent" } as const;
    await rejectsWith(watchByGpiomon(absent, nothing), "hardware-module");
    const other = createFakeGpiod(t, "1.36.1");
    await rejectsWith(
      watchByGpiomon({ ...absent, tools: other.tools }, nothing),
      "hardware-module",
    );
    const { tools } = createFakeGpiod(t);
    writeFileSync(`${tools}/gpiodetect`, '#!/bin/sh\necho "gpiochip0 [cp2112_gpio] (8 lines)"\n');
    chmodSync(`${tools}/gpiodetect`, 0o755);
    await rejectsWith(watchByGpiomon({ ...absent, tools }, nothing), "gpio-chip");
  });

  test("it ends with a meter that is killed, and leaves the pin free", async (t) => {
    const gpiod = createFakeGpiod(t);
    const module = new URL("../../../hardware/linux/gpiomon.js", import.meta.url);
    const options = JSON.stringify({ pin: 17, pull: "up", tools: gpiod.tools });
    const script = `import { watchByGpiomon } from ${JSON.stringify(module.href)};
      await watchByGpiomon(${options}, { onEdge() {}, onGap() {} });`;
    const meter = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: "inherit",
    });
    const ended = once(meter, "exit");
    await waitFor("a start", () => gpiod.pids().length === 1);
    // Past the moment in which setpriv and the shell are not yet gpiomon.
    const input = await gpiod.input();
    meter.kill("SIGKILL");
    await ended;
    await untilGone(gpiod.pids());
    await input.close();
  });
});
