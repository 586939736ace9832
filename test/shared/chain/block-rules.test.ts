/** Rules of a block (records.md section 6): one broken rule a case, and any one-byte change refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes, decodeBase64url } from "../../../shared/base/bytes.ts";
import {
  type BlockHeader,
  decodeHeader,
  encodeHeader,
  hashBlock,
  hashHeader,
  type SealedBlock,
  signSeal,
} from "../../../shared/chain/block.ts";
import { MAX_RECORDS_OF_METER } from "../../../shared/chain/block-rules.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { DAY_S, EASY_BITS, SampleChain, START } from "../../support/sample-chain.ts";

const TIME = START + DAY_S + 60;

function setUp(suite = nodeSuite) {
  const chain = new SampleChain(suite, undefined, "block-rules");
  const meter = chain.createMeter("352522395");
  const records = [chain.enrol(meter), chain.day(meter, START, START + DAY_S)];
  return { chain, meter, records };
}

for (const suite of [nodeSuite, nobleSuite]) {
  test(`enrol and day in one block, then an empty block with the same logRoot (${suite.name})`, () => {
    const { chain, records } = setUp(suite);
    const first = decodeHeader(chain.append(records, TIME).header);
    const second = decodeHeader(chain.append([], TIME).header);
    assert.deepEqual(second.logRoot, first.logRoot);
    assert.deepEqual(second.recordsRoot, suite.sha256(new Uint8Array(0)));
    assert.equal(second.logSize, 3);
  });
}

test("the header's bytes are where the format says", () => {
  const header: BlockHeader = {
    height: 1,
    prev: new Uint8Array(32).fill(2),
    recordsRoot: new Uint8Array(32).fill(3),
    logSize: 4,
    logRoot: new Uint8Array(32).fill(5),
    time: 6,
    bits: EASY_BITS,
    gateway: new Uint8Array(32).fill(8),
  };
  const bytes = encodeHeader(header);
  assert.equal(bytes.length, 156);
  assert.deepEqual(
    [bytes[3], bytes[7], bytes[8], bytes[40], bytes[79], bytes[80]],
    [1, 1, 2, 3, 4, 5],
  );
  assert.deepEqual([bytes[119], bytes[120], bytes[124]], [6, 0x20, 8]);
  assert.deepEqual(decodeHeader(bytes), header);
  assert.equal(
    codeOf(() => decodeHeader(bytes.subarray(1))),
    "header",
  );
});

test("each header rule refuses with its code, and the state stays as it was", () => {
  const { chain, records } = setUp();
  const before = JSON.stringify([...chain.state.entries()]);
  const refused = (change: (header: BlockHeader) => BlockHeader) =>
    codeOf(() => chain.apply(chain.build(records, TIME, change)));
  const hash = new Uint8Array(32).fill(1);
  assert.equal(
    refused((h) => ({ ...h, height: 2 })),
    "height",
  );
  assert.equal(
    refused((h) => ({ ...h, prev: hash })),
    "parent",
  );
  assert.equal(
    refused((h) => ({ ...h, time: START - 1 })),
    "time",
  );
  assert.equal(
    refused((h) => ({ ...h, bits: 0x207ffffe })),
    "bits",
  );
  assert.equal(
    refused((h) => ({ ...h, gateway: hash })),
    "seal",
  );
  assert.equal(
    refused((h) => ({ ...h, recordsRoot: hash })),
    "root",
  );
  assert.equal(
    refused((h) => ({ ...h, logRoot: hash })),
    "root",
  );
  assert.equal(
    refused((h) => ({ ...h, logSize: h.logSize + 1 })),
    "root",
  );
  assert.equal(JSON.stringify([...chain.state.entries()]), before);
  const future = [records[0] as string, records[1] as string];
  assert.equal(
    codeOf(() => chain.apply(chain.build(future, START + DAY_S - 601))),
    "future",
  );
});

test("work, seal and records are checked", () => {
  const { chain, meter, records } = setUp();
  const good = chain.build(records, TIME);
  const outsider = chain.createMeter("999999999").key;
  assert.equal(
    codeOf(() => chain.apply(chain.build(records, TIME, (h) => h, outsider))),
    "seal",
  );
  const hash = chain.mine(good.header).hash;
  assert.equal(
    codeOf(() => chain.apply({ ...good, seal: signSeal(chain.suite, outsider, hash) })),
    "seal",
  );
  const swapped = [...records].reverse();
  assert.equal(
    codeOf(() => chain.apply(chain.build(swapped, TIME))),
    "unknown-key",
  );
  const doubled = [...records, records[1] as string];
  assert.equal(
    codeOf(() => chain.apply(chain.build(doubled, TIME))),
    "seq",
  );
  assert.equal(
    codeOf(() => chain.apply(chain.build([chain.genesisLine], TIME))),
    "genesis",
  );
  chain.apply(good);
  assert.equal(
    codeOf(() => chain.apply(good)),
    "height",
  );
  const more = Array.from({ length: MAX_RECORDS_OF_METER + 1 }, (_, i) =>
    chain.day(meter, START + (i + 1) * DAY_S, START + (i + 2) * DAY_S),
  );
  const late = START + 99 * DAY_S;
  assert.equal(
    codeOf(() => chain.apply(chain.build(more, late))),
    "limit",
  );
  chain.append(more.slice(0, MAX_RECORDS_OF_METER), late);
});

test("limits are the chain's", () => {
  const { chain, records } = setUp();
  const { params } = chain.state.chain;
  const block = chain.build(records, TIME);
  const bytes = records.join("").length;
  const codeUnder = (change: Partial<typeof params>) => {
    chain.state.putChain({ ...chain.state.chain, params: { ...params, ...change } });
    return codeOf(() => chain.apply(block));
  };
  assert.equal(codeUnder({ max_records: 1 }), "limit");
  assert.equal(codeUnder({ max_bytes: bytes - 1 }), "limit");
  chain.state.putChain({
    ...chain.state.chain,
    params: { ...params, max_records: 2, max_bytes: bytes },
  });
  chain.apply(block);
});

test("work, the nonce's length and the sealer's role", () => {
  const { chain, records } = setUp();
  const good = chain.build(records, TIME);
  assert.equal(
    codeOf(() => chain.apply({ ...good, nonce: good.nonce.subarray(1) })),
    "length",
  );
  const headerHash = hashHeader(chain.suite, good.header);
  const nonce = new Uint8Array(32);
  // about every second nonce is above this target
  while ((hashBlock(chain.suite, headerHash, nonce)[0] ?? 0) < 0x80) nonce[0] = (nonce[0] ?? 0) + 1;
  const hash = hashBlock(chain.suite, headerHash, nonce);
  const seal = signSeal(chain.suite, chain.gatewayKey(), hash);
  assert.equal(
    codeOf(() => chain.apply({ ...good, nonce, seal })),
    "work",
  );
  const house = new SampleChain(
    nodeSuite,
    [
      { name: "boss", roles: ["authority"] },
      { name: "gw", roles: ["gateway"] },
    ],
    "sealer",
  );
  const boss = house.member(0).key;
  assert.equal(
    codeOf(() => house.apply(house.build([], TIME, (h) => h, boss))),
    "seal",
  );
});

test("a bad record is named by its index, whatever its rule", () => {
  const { chain, records } = setUp();
  const block = chain.build([records[0] as string, "junk"], TIME);
  assert.throws(() => chain.apply(block), { code: "form", detail: { record: 1 } });
});

test("any one-byte change of a block is refused with a code (exhaustive)", () => {
  const { chain, records } = setUp();
  const good = chain.build(records, TIME);
  const tried = { header: 0, nonce: 0, seal: 0, records: 0 };
  const refuse = (block: SealedBlock, part: keyof typeof tried) => {
    tried[part]++;
    assert.match(
      codeOf(() => chain.apply(block)),
      /^[a-z0-9-]+$/,
    );
  };
  for (const part of ["header", "nonce", "seal"] as const) {
    for (let i = 0; i < good[part].length; i++) {
      // mining again is not allowed to the changer: with these bits every second hash would pass by luck,
      // and the seal must then catch it
      const bytes = good[part].slice();
      bytes[i] = (bytes[i] ?? 0) ^ 0x55;
      refuse({ ...good, [part]: bytes }, part);
    }
  }
  good.records.forEach((line1, r) => {
    for (let i = 0; i < line1.length; i++) {
      const other = line1[i] === "A" ? "B" : "A";
      const changed = good.records.slice();
      changed[r] = line1.slice(0, i) + other + line1.slice(i + 1);
      refuse({ ...good, records: changed }, "records");
    }
  });
  assert.equal(tried.header, 156);
  assert.ok(tried.records > 1_000);
  chain.apply(good);
});

test("a seal covers the domain and the hash", () => {
  const { chain, records } = setUp();
  const good = chain.build(records, TIME);
  const { hash } = chain.mine(good.header);
  const bare = chain.suite.sign(chain.gatewayKey().secret, concatBytes(hash));
  assert.equal(
    codeOf(() => chain.apply({ ...good, seal: bare })),
    "seal",
  );
  assert.equal(decodeBase64url(chain.gatewayKey().kid).length, 32);
});
