/** The data folder's files: a key that is made once and read by its owner only, and errors that name the file. */
import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { dataFolder, readJoin, readKey, writeKey } from "../../../device/run/data-folder.ts";
import { createSigningKey } from "../../../shared/crypto/key.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { makeTestFolder } from "../../support/process.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

test("a key is written whole, for its owner only, and never overwritten", () => {
  const folder = path.join(makeTestFolder(), "new");
  const { key: file } = dataFolder(folder);
  const key = createSigningKey(nobleSuite, seededBytes("key"));
  writeKey(file, key);
  const read = readKey(nobleSuite, file);
  assert.equal(read.kid, key.kid);
  assert.deepEqual([...read.secret], [...key.secret]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ["meter-key.json"]);
  assert.equal(
    codeOf(() => writeKey(file, key)),
    "meter-key",
  );
});

test("absent and damaged files have their codes", () => {
  const files = dataFolder(makeTestFolder());
  assert.equal(
    codeOf(() => readKey(nobleSuite, files.key)),
    "no-meter",
  );
  assert.equal(
    codeOf(() => readJoin(files.join)),
    "no-meter",
  );
  for (const text of ["", "{}", '{"secret":"AAAA"}', "[1]", "null"]) {
    writeFileSync(files.key, text);
    assert.equal(
      codeOf(() => readKey(nobleSuite, files.key)),
      "meter-key",
    );
  }
  writeFileSync(files.join, "{}");
  assert.equal(
    codeOf(() => readJoin(files.join)),
    "join",
  );
});
