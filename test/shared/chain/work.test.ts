/** Bitcoin's compact targets (records.md section 6). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeHex } from "../../../shared/base/bytes.ts";
import {
  bitsOfWork,
  bitsToTarget,
  hashToInteger,
  requireWork,
  targetToBits,
  workOfBits,
} from "../../../shared/chain/work.ts";
import { codeOf } from "../../support/code-of.ts";

test("well-known targets and work", () => {
  // 0x1d00ffff is Bitcoin's first difficulty: 2^32 tries (its work is 0x100010001)
  assert.equal(bitsToTarget(0x1d00ffff), 0xffffn << 208n);
  assert.equal(workOfBits(0x1d00ffff), 0x100010001n);
  assert.equal(workOfBits(0x207fffff), 2n);
  assert.equal(workOfBits(0x1f00ffff), 0x10001n);
  assert.equal(bitsToTarget(0x03123456), 0x123456n);
  assert.equal(bitsToTarget(0x02123400), 0x1234n);
});

test("negative, zero, overflowing and non-canonical bits are refused", () => {
  const bad = [0x1d80ffff, 0x00000000, 0x1d000000, 0x22010000, 0x2100ffff + 0x01000000, 0xff123456];
  for (const bits of [...bad, 0x1e0000ff, 0x04001234, 0x02123456, 0x01fedcba]) {
    assert.equal(
      codeOf(() => bitsToTarget(bits)),
      "bits",
      bits.toString(16),
    );
  }
});

test("bits and targets are each other's inverse on canonical bits", () => {
  for (let exponent = 3; exponent <= 32; exponent++) {
    for (const mantissa of [0x008000, 0x00ffff, 0x123456, 0x7fffff]) {
      const bits = ((exponent << 24) | mantissa) >>> 0;
      assert.equal(targetToBits(bitsToTarget(bits)), bits);
    }
  }
});

test("difficulty can be asked for as tries", () => {
  for (const tries of [2n, 1n << 16n, 1n << 20n, 12_345n]) {
    const work = workOfBits(bitsOfWork(tries));
    assert.ok(work >= tries && work <= tries + tries / 1000n + 1n, `${tries} → ${work}`);
  }
});

test("a hash is compared as a big-endian integer", () => {
  const target = bitsToTarget(0x1d00ffff);
  const atTarget = decodeHex(target.toString(16).padStart(64, "0"));
  assert.equal(hashToInteger(atTarget), target);
  requireWork(atTarget, 0x1d00ffff);
  const above = decodeHex((target + 1n).toString(16).padStart(64, "0"));
  assert.equal(
    codeOf(() => requireWork(above, 0x1d00ffff)),
    "work",
  );
});
