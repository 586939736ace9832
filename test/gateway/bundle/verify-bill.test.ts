/** The commands around a bundle, as processes: `gateway bill export` and `verify-bill`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { buildBundle } from "../../../gateway/bundle/build-bundle.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { codeOf } from "../../support/code-of.ts";
import { makeCreditedHouse } from "../../support/credited-house.ts";

const VERIFY_BILL = fileURLToPath(
  new URL("../../../gateway/bundle/verify-bill.js", import.meta.url),
);

let house: BilledHouse;
let folder: string;
let file: string;
before(() => {
  house = makeBilledHouse();
  folder = mkdtempSync(path.join(tmpdir(), "wattproof-bundle-"));
  file = path.join(folder, "bill.json");
  writeFileSync(file, house.text);
});
after(() => {
  house.ledger.close();
  rmSync(folder, { recursive: true });
});

function verifyBill(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [VERIFY_BILL, ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("verify-bill", () => {
  it("says that a right bill is right, with its lines and the chain to compare", () => {
    const { status, stdout } = verifyBill(file);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^The bill ${house.no} is right\\.$`, "m"));
    assert.match(stdout, /Energy, 16 to 21 h .* kWh at 0\.412 per kWh/);
    assert.match(stdout, /VAT .* at 19 %/);
    assert.match(stdout, /31 readings count/);
    assert.ok(stdout.includes(house.ledger.ledger.state.chain.id));
  });

  it("says what a credit changes and why, what was swapped, and what is missing", () => {
    const credited = makeCreditedHouse();
    try {
      const [bill, , second] = credited.numbers;
      const said = [bill, second].map((no) => {
        const path_ = path.join(folder, `${no}.json`);
        writeFileSync(path_, credited.text(no));
        return verifyBill(path_).stdout;
      });
      assert.match(said[0] ?? "", /2688 measured, 288 missing\n {2}missing from 2024-01-05 00:00/);
      for (const sentence of [
        /^The credit 352000001-2024-01-c2 is right\.$/m,
        /taken back:\n {2}Energy +-232\.917 kWh at 0\.30 per kWh +-69\.88\n/,
        /set anew:\n {2}Energy +233\.722 kWh at 0\.30 per kWh +70\.12\n/,
        /In all +73\.22 EUR/,
        /2024-01-05 {2}nothing -> 7\.600 kWh, 96 substituted\n +corrected by gw-1: unreadable/,
        /2024-01-31 {2}6\.640 kWh, 96 substituted -> 7\.445 kWh, 96 measured\n +came, and replaces/,
        /meter swapped 2024-01-15 00:00: calibration due, signed by gw-1\n +old .* 105\.779 kWh/,
        /2784 measured, 192 substituted, none missing/,
        /2024-01-05 00:00 {2}record \d+, a day signed by meter .*, is not opened/,
      ]) {
        assert.match(said[1] ?? "", sentence);
      }
    } finally {
      credited.ledger.close();
    }
  });

  it("gives the report as JSON", () => {
    const report = JSON.parse(verifyBill(file, "--json").stdout) as { bill: { no: string } };
    assert.equal(report.bill.no, house.no);
  });

  it("names what is wrong and exits with 1", () => {
    const wrong = path.join(folder, "wrong.json");
    writeFileSync(wrong, house.text.replace('"total":', '"total":1'));
    const { status, stderr, stdout } = verifyBill(wrong);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^The bill is not right: opened: record \d+: /);
  });

  it("refuses the bundle of another chain", () => {
    const { status, stderr } = verifyBill(file, "--chain", "A".repeat(43));
    assert.equal(status, 1);
    assert.match(stderr, /: chain: /);
  });

  it("explains itself, and exits with 2 for a command line that it does not understand", () => {
    assert.match(verifyBill("--help").stdout, /usage: verify-bill FILE/);
    assert.equal(verifyBill().status, 2);
    assert.equal(verifyBill("--nonsense").status, 2);
    assert.match(verifyBill(path.join(folder, "none.json")).stderr, /: file: /);
  });
});

describe("making a bundle", () => {
  const build = (no: string): unknown => {
    const db = openReadOnly(path.join(house.ledger.folder, "gateway.db"));
    try {
      return buildBundle(db, no, { suite: nodeSuite, recipient: house.ledger.keys.utility });
    } finally {
      db.close();
    }
  };

  it("twice gives the same bytes", () => {
    assert.deepEqual(build(house.no), house.bundle);
  });

  it("a number of no bill: bill-none", () => {
    assert.equal(
      codeOf(() => build("352000001-1999-01")),
      "bill-none",
    );
  });

  it("the file is ASCII in one line", () => {
    assert.match(readFileSync(file, "latin1"), /^\{[\x20-\x7e]*\}$/);
  });
});
