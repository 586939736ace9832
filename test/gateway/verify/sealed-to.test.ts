/** To whom lines 2 are sealed: read off real ones, and what a dump with opened days makes of one that is sealed to somebody else. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { dumpChain } from "../../../gateway/dump/chain-dump.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { openDumpSource } from "../../../gateway/verify/dump-source.ts";
import { listSealedTo } from "../../../gateway/verify/sealed-to.ts";
import { verify } from "../../../gateway/verify/verify.ts";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import { createRecipientKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeCt } from "../../../shared/record/envelope.ts";
import { sealLine2 } from "../../../shared/record/sealed-box.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { TestLedger } from "../../support/test-ledger.ts";

const randomBytes = seededBytes("sealed to");

test("the recipients of a line 2, whatever their number", () => {
  const keys = [0, 1, 2, 3].map(() => createRecipientKey(nodeSuite, randomBytes));
  for (const count of [1, 2, 4]) {
    const recipients = keys
      .slice(0, count)
      .map(({ kid, secret }) => ({ kid, key: nodeSuite.x25519Public(secret) }))
      .sort((a, b) => (a.kid < b.kid ? -1 : 1));
    const plaintext = encodeUtf8('{"kid":"not a recipient"}');
    const signer = "A".repeat(43);
    const line2 = sealLine2(nodeSuite, { typ: "day", plaintext, signer, recipients, randomBytes });
    const found = listSealedTo(nodeSuite, [line2]);
    assert.equal(found.get(computeCt(nodeSuite, line2)), recipients.map(({ kid }) => kid).join());
  }
});

test("a dump with opened days is looked at for it, and what a gateway dumps is sealed right", async (t) => {
  const house = new TestLedger();
  t.after(() => house.close());
  const meter = house.enrol();
  house.mine();
  house.hold(house.day(meter), house.day(meter));
  house.mine();
  const db = openReadOnly(path.join(house.folder, "gateway.db"));
  const utility = house.keys.utility;
  const lines = [...dumpChain(db, { suite: nodeSuite, utility })];
  db.close();
  const file = path.join(house.folder, "dump.jsonl");
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  const source = openDumpSource(file);
  const whole = await verify(source, { workers: 1 });
  assert.deepEqual([whole.days, whole.unusable], [2, 0]);
  // The same, by a source that says of each line 2 that it was sealed to somebody else.
  const stranger = createRecipientKey(nodeSuite, randomBytes).kid;
  const foreign = (line2: string): string => line2.replaceAll(utility.kid, stranger);
  const other = openDumpSource(file);
  const texts = [...(other.lines2?.() ?? [])];
  assert.equal(texts.length, 2);
  assert.deepEqual([...listSealedTo(nodeSuite, texts.map(foreign)).values()], [stranger, stranger]);
});
