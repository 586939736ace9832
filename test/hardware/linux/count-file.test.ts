import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import { CountFile } from "../../../hardware/linux/count-file.ts";
import { randomNumbers } from "../../support/random-numbers.ts";

function fileIn(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "wattproof-count-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return path.join(folder, "pulses.count");
}

async function load(name: string): Promise<number> {
  const { file, count } = await CountFile.open(name);
  await file.close();
  return count;
}

async function save(name: string, ...counts: readonly number[]): Promise<void> {
  const { file } = await CountFile.open(name);
  for (const count of counts) await file.save(count);
  await file.close();
}

describe("a count in a file", () => {
  test("is there again, and a person can read it", async (t) => {
    const name = fileIn(t);
    assert.equal(await load(name), 0);
    await save(name, 1, 2, 3);
    assert.equal(await load(name), 3);
    await save(name, Number.MAX_SAFE_INTEGER);
    assert.equal(await load(name), Number.MAX_SAFE_INTEGER);
    assert.match(readFileSync(name, "latin1"), /^wattproof-count 1 \d+ [0-9a-f]{8} +\n/);
    assert.equal(statSync(name).mode & 0o777, 0o600);
  });

  test("never grows: savings overwrite", async (t) => {
    const name = fileIn(t);
    await save(name, ...Array.from({ length: 20 }, (_, i) => i));
    assert.equal(statSync(name).size, 8_192);
  });

  test("a saving that was cut anywhere leaves the one before", async (t) => {
    const name = fileIn(t);
    await save(name, 41, 42);
    const before = readFileSync(name);
    await save(name, 43);
    const after = readFileSync(name);
    // Which bytes of a page have reached the card is up to the card.
    const random = randomNumbers(5);
    for (let i = 0; i < 300; i++) {
      const cut = random(4_096);
      const torn = Buffer.from(before);
      if (i % 2 === 0) after.copy(torn, 0, 0, cut);
      else after.copy(torn, cut, cut, 8_192);
      writeFileSync(name, torn);
      const count = await load(name);
      assert.ok(count === 42 || count === 43, `${count} after a cut at ${cut}`);
    }
    writeFileSync(name, Buffer.from(before).fill(0xff, 0, 4_096));
    assert.ok((await load(name)) >= 41);
  });

  test("a damaged page is not taken; two of them begin anew", async (t) => {
    const name = fileIn(t);
    await save(name, 7, 8);
    const text = readFileSync(name, "latin1");
    writeFileSync(name, text.replace("1 8 ", "1 9 "), "latin1");
    assert.equal(await load(name), 7);
    truncateSync(name, 100);
    assert.ok([0, 7, 8].includes(await load(name)));
    writeFileSync(name, "");
    assert.equal(await load(name), 0);
    await save(name, 5);
    assert.equal(await load(name), 5);
  });

  test("any bytes: a count that was saved, or the beginning", async (t) => {
    const name = fileIn(t);
    await save(name, 1_000, 1_001);
    const whole = readFileSync(name);
    const random = randomNumbers(6);
    const used = [0, 1, 2, 3, 4].map(() => 0);
    for (let i = 0; i < 500; i++) {
      const bytes = Buffer.from(whole);
      // The pages are mostly blanks: damage the text.
      for (const page of [0, 4_096]) bytes[page + random(40)] = random(256);
      writeFileSync(name, bytes);
      const count = await load(name);
      assert.ok([0, 1_000, 1_001].includes(count), String(count));
      used[count === 0 ? 0 : count - 999] = 1;
    }
    assert.equal(used[0], 1);
  });
});
