/** `gateway verify` on dumps: a good one passes, and whatever is changed is refused, named by height, record and code. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { openDumpSource } from "../../../gateway/verify/dump-source.ts";
import { type VerifyOptions, verify } from "../../../gateway/verify/verify.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { formatDumpLine, parseDumpLine } from "../../../shared/chain/dump.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

const folder = mkdtempSync(path.join(tmpdir(), "wattproof-verify-"));
after(() => rmSync(folder, { recursive: true }));

let chain: SampleChain;
let lines: string[];
before(() => {
  chain = new SampleChain(nodeSuite, undefined, "verify");
  const meters = ["352522395", "111111111"].map((id) => chain.createMeter(id));
  chain.append(
    meters.map((meter) => chain.enrol(meter)),
    START + 60,
  );
  for (let i = 0; i < 10; i++) {
    const from = START + i * DAY_S;
    const days = meters.map((meter) => chain.day(meter, from, from + DAY_S));
    chain.append(days, from + DAY_S + 60);
  }
  lines = chain.dump().slice(0, -1).split("\n");
});

let files = 0;
async function run(text: string, options: Partial<VerifyOptions> = {}) {
  const file = path.join(folder, `${files++}.jsonl`);
  writeFileSync(file, text);
  const source = openDumpSource(file);
  // Threads, if asked for, even though the dump is too small to pay for them.
  const bytes = options.workers === undefined ? source.bytes : Number.MAX_SAFE_INTEGER;
  return verify({ ...source, bytes }, { workers: 1, ...options });
}
const join = (dump: readonly string[]) => dump.map((line) => `${line}\n`).join("");

async function refusal(text: string, options: Partial<VerifyOptions> = {}) {
  try {
    await run(text, options);
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { code: error.code, ...error.detail } as Record<string, string | number>;
  }
  throw new Error("the dump was accepted");
}

test("a good dump is accepted and summed up", async () => {
  const report = await run(join(lines));
  assert.equal(report.chain, chain.chainId);
  assert.deepEqual(
    [report.blocks, report.records, report.blobs, report.checkpoint],
    [12, 23, 20, 23],
  );
  assert.equal(report.work, "24");
  assert.equal((await run(join(lines), { workers: 2, chain: chain.chainId })).records, 23);
});

test("without blobs only when asked for", async () => {
  const bare = join(lines.filter((line) => !line.startsWith('{"blob"')));
  assert.deepEqual((await refusal(bare))["code"], "blob");
  assert.equal((await run(bare, { withoutBlobs: true })).blobs, 0);
  assert.equal((await refusal(join(lines), { withoutBlobs: true }))["code"], "dump");
});

test("another chain than the one that is trusted is refused", async () => {
  assert.equal((await refusal(join(lines), { chain: "x" }))["code"], "chain");
});

test("what is wrong is named by height, record and code", async () => {
  const at = (index: number, change: (line: string) => string) =>
    join(lines.map((line, i) => (i === index ? change(line) : line)));
  /** Changes one record of one block and leaves the header as it was. */
  const inRecord = (block: number, record: number, change: (line1: string) => string) =>
    at(block, (text) => {
      const line = parseDumpLine(text);
      assert.ok(line.kind === "block");
      const records = line.block.records.slice();
      records[record] = change(records[record] ?? "");
      return formatDumpLine({ kind: "block", block: { ...line.block, records } });
    });
  const flip = (line1: string) =>
    line1.slice(0, -4) + (line1.at(-4) === "A" ? "B" : "A") + line1.slice(-3);
  const bad = await refusal(inRecord(5, 1, flip));
  assert.deepEqual([bad["code"], bad["height"], bad["record"]], ["signature", 5, 10]);
  assert.equal(typeof bad["leaf"], "string");
  const replay = await refusal(
    inRecord(6, 0, () => {
      const line = parseDumpLine(lines[5] ?? "");
      return line.kind === "block" ? (line.block.records[0] ?? "") : "";
    }),
  );
  assert.deepEqual([replay["code"], replay["height"], replay["record"]], ["seq", 6, 11]);
  const without = (index: number) => join(lines.filter((_, i) => i !== index));
  assert.deepEqual(await refusal(without(0)).then((r) => [r["code"], r["height"]]), ["height", 0]);
  assert.deepEqual(await refusal(without(4)).then((r) => [r["code"], r["height"]]), ["height", 4]);
  // the tail cut off, with and without the checkpoint
  assert.equal((await refusal(without(11)))["code"], "ct");
  const cut = lines.filter((_, i) => i !== 11 && i !== 30 && i !== 31);
  assert.equal((await refusal(join(cut)))["code"], "tail-missing");
  assert.equal((await refusal(join(cut.slice(0, -1))))["code"], "tail-missing");
  assert.equal((await refusal(without(lines.length - 1)))["code"], "tail-missing");
  // lines 2
  assert.deepEqual(await refusal(without(14)).then((r) => [r["code"], r["record"]]), ["blob", 5]);
  const swapped = lines.slice();
  [swapped[13], swapped[14]] = [swapped[14] as string, swapped[13] as string];
  assert.equal((await refusal(join(swapped)))["code"], "blob");
  const changed = await refusal(at(13, (line) => line.replace(/.{8}"\}$/, 'AAAAAAA"}')));
  assert.match(String(changed["code"]), /^(?:ct|base64)$/);
  // order of lines, form, cut-off file
  assert.equal((await refusal(join([...lines.slice(12), ...lines.slice(0, 12)])))["code"], "dump");
  assert.equal((await refusal(join([...lines, lines[12] as string])))["code"], "dump");
  assert.deepEqual(await refusal(`${join(lines)}{}\n`).then((r) => [r["code"], r["line"]]), [
    "dump",
    lines.length + 1,
  ]);
  assert.equal((await refusal(join(lines).slice(0, -1)))["code"], "dump");
  assert.equal((await refusal(""))["code"], "dump");
});

test("signatures that worker threads check give the same verdicts", async () => {
  const big = new SampleChain(nodeSuite, undefined, "verify-threads");
  const meters = Array.from({ length: 5 }, (_, i) => big.createMeter(`10000000${i}`));
  big.append(
    meters.map((meter) => big.enrol(meter)),
    START,
  );
  const days = Array.from({ length: 300 }, (_, i) => {
    const from = START + Math.floor(i / 5) * DAY_S;
    return big.day(meters[i % 5] as (typeof meters)[number], from, from + DAY_S);
  });
  big.append(days, START + 99 * DAY_S);
  const text = big.dump();
  assert.equal((await run(text, { workers: 2 })).records, 306);
  const [line1 = ""] = days.slice(200);
  const signature = line1.slice(line1.lastIndexOf(".") + 1);
  const forged = text.replace(signature, (days[0] ?? "").slice(-86));
  const bad = await refusal(forged, { workers: 2 });
  assert.deepEqual([bad["code"], bad["height"], bad["record"]], ["signature", 2, 206]);
});

test("bytes that are not UTF-8 and lines without end are refused", async () => {
  const bytes = Buffer.from(join(lines));
  // what a lenient reader would take for U+FFFD
  bytes[bytes.indexOf("{", 1)] = 0xff;
  const file = path.join(folder, "bytes.jsonl");
  writeFileSync(file, bytes);
  await assert.rejects(verify(openDumpSource(file), { workers: 1 }), { code: "utf8" });
  writeFileSync(file, Buffer.alloc((1 << 25) + (1 << 21), "A"));
  await assert.rejects(verify(openDumpSource(file), { workers: 1 }), {
    code: "dump",
    detail: { line: 1 },
  });
});

test("any one-byte change of a dump is refused", async () => {
  const text = join(lines);
  // seeded places over the whole file; each run takes a moment, so not every byte
  let place = 7;
  for (let i = 0; i < 150; i++) {
    place = (place * 48_271 + 11) % 2_147_483_647;
    const index = place % text.length;
    const other = text[index] === "A" ? "Q" : "A";
    await refusal(text.slice(0, index) + other + text.slice(index + 1));
  }
});
