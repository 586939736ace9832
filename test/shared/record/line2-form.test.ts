/** The canonical form of line 2: what parses, what is refused, and that text and parts are one to one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeBase64url, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { canonicalize, type Json, parseCanonical } from "../../../shared/base/canonical-json.ts";
import {
  formatLine2,
  formatProtectedHeader,
  MAX_LINE2_LENGTH,
  parseLine2,
} from "../../../shared/record/line2-form.ts";
import { codeOf } from "../../support/code-of.ts";
import type { Line2Case, VectorFile } from "../../support/crypto-vectors.ts";
import { readVectors } from "../../support/json-file.ts";

const { cases } = readVectors<VectorFile<Line2Case>>("line2.json");
const [one, two, four] = cases.map(({ line2 }) => line2);
assert.ok(one && two && four);

/** The line with `from` replaced once; fails if it does not occur. */
function replaced(line: string, from: string | RegExp, to: string): string {
  const out = line.replace(from, to);
  assert.notEqual(out, line, `nothing to replace: ${from}`);
  return out;
}

function refused(line2: string): void {
  assert.equal(
    codeOf(() => parseLine2(line2)),
    "jwe-form",
    line2,
  );
}

/** Line 2 of `two` with its recipients changed. */
function withRecipients(change: (recipients: string[]) => string[]): string {
  const [head = "", middle = "", tail = ""] = two?.split(/(?<="recipients":\[)|(?=\],"tag")/) ?? [];
  const recipients = middle.split(/,(?=\{"enc)/);
  assert.equal(recipients.length, 2);
  return head + change(recipients).join(",") + tail;
}

function withProtected(header: string): string {
  return replaced(
    one ?? "",
    /"protected":"[^"]+"/,
    `"protected":"${encodeBase64url(encodeUtf8(header))}"`,
  );
}

describe("form of line 2", () => {
  for (const item of cases) {
    test(`${item.name}: parses, is canonical JSON, and is rebuilt from its parts`, () => {
      const parsed = parseLine2(item.line2);
      assert.equal(canonicalize(parseCanonical(item.line2)), item.line2);
      assert.equal(formatLine2(parsed), item.line2);
      assert.equal(parsed.typ, "day");
      assert.equal(parsed.signer, item.signer);
      assert.equal(parsed.protectedHeader, formatProtectedHeader("day", item.signer));
      assert.deepEqual(
        parsed.recipients.map(({ kid }) => kid),
        item.recipients.map(({ kid }) => kid).sort(),
      );
    });
  }

  test("other JSON of the same meaning is refused", () => {
    refused(` ${one}`);
    refused(`${one}\n`);
    refused(replaced(one, ":", ": "));
    refused(replaced(one, '"iv"', '"\\u0069v"'));
    refused(replaced(one, /^\{("ciphertext":"[^"]+"),("iv":"[^"]+")/, "{$2,$1"));
    refused(replaced(one, /"crv":"X25519","kty":"OKP"/, '"kty":"OKP","crv":"X25519"'));
    refused(replaced(one, /("iv":"[^"]+")/, "$1,$1"));
  });

  test("missing, additional and misplaced members are refused", () => {
    for (const name of [
      "ciphertext",
      "iv",
      "protected",
      "tag",
      "apv",
      "kid",
      "encrypted_key",
      "x",
    ]) {
      refused(replaced(one, new RegExp(`"${name}":"[^"]*",?`), ""));
    }
    refused(replaced(one, '"iv"', '"aad":"","iv"'));
    refused(replaced(one, ',"tag"', ',"unprotected":{},"tag"'));
    refused(replaced(one, '"X25519"', '"P-256"'));
    refused("");
    refused("{}");
    refused(JSON.stringify([JSON.parse(one)]));
  });

  test("sizes and spare bits of each value", () => {
    const sizes: [string, RegExp][] = [
      ["iv", /"iv":"[^"]+"/],
      ["tag", /"tag":"[^"]+"/],
      ["encrypted_key", /"encrypted_key":"[^"]+"/],
      ["x", /"x":"[^"]+"/],
    ];
    for (const [name, form] of sizes) {
      for (const bytes of [0, 8, 15, 17, 31, 33, 64, 80]) {
        refused(replaced(one, form, `"${name}":"${encodeBase64url(new Uint8Array(bytes))}"`));
      }
    }
    refused(replaced(one, /"iv":"[^"]+"/, `"iv":"${"A".repeat(21)}B"`));
    refused(replaced(one, /"tag":"[^"]+"/, `"tag":"${"A".repeat(42)}B"`));
    refused(replaced(one, /"tag":"[^"]+"/, `"tag":"${"A".repeat(42)}="`));
    refused(replaced(one, /"x":"[^"]+"/, `"x":"${"A".repeat(42)}D"`));
    refused(replaced(one, /"tag":"[^"]+"/, `"tag":"${"A".repeat(41)}+A"`));
  });

  test("ciphertext: whole blocks, at least one, canonical", () => {
    const withCiphertext = (text: string) =>
      replaced(one, /"ciphertext":"[^"]*"/, `"ciphertext":"${text}"`);
    for (const bytes of [16, 32, 48, 1040]) {
      assert.doesNotThrow(() => parseLine2(withCiphertext(encodeBase64url(new Uint8Array(bytes)))));
    }
    for (const bytes of [0, 1, 15, 17, 24, 33]) {
      refused(withCiphertext(encodeBase64url(new Uint8Array(bytes))));
    }
    refused(withCiphertext(`${"A".repeat(21)}B`));
    refused(withCiphertext(`${"A".repeat(42)}B`));
    refused(withCiphertext("A".repeat(25)));
    refused(withCiphertext(`${"A".repeat(22)}==`));
  });

  test("recipients: 1 to 4, sorted, none twice, apv = kid, a fresh epk each", () => {
    assert.doesNotThrow(() => parseLine2(withRecipients((list) => list)));
    refused(withRecipients(() => []));
    refused(withRecipients((list) => list.toReversed()));
    refused(withRecipients(([first = ""]) => [first, first]));
    const epk = /"x":"[^"]+"/;
    refused(withRecipients(([a = "", b = ""]) => [a, b.replace(epk, epk.exec(a)?.[0] ?? "")]));
    refused(
      withRecipients(([a = "", b = ""]) => [
        a,
        b.replace(/"kid":"[^"]+"/, `"kid":"${"z".repeat(42)}w"`),
      ]),
    );
    const five = replaced(
      four,
      /(\{"encrypted_key".*\})\],"tag"/,
      `$1,${withRecipients((list) => list)
        .match(/\{"encrypted_key".*?"\}\}/)?.[0]
        .replace(epk, `"x":"${"z".repeat(42)}w"`)
        .replace(/"apv":"[^"]+"/, `"apv":"${"z".repeat(42)}w"`)
        .replace(/"kid":"[^"]+"/, `"kid":"${"z".repeat(42)}w"`)}],"tag"`,
    );
    assert.equal(JSON.parse(five).recipients.length, 5);
    refused(five);
  });

  test("protected header: exactly alg, apu, enc and typ", () => {
    const header = {
      alg: "ECDH-ES+A256KW",
      apu: "A".repeat(43),
      enc: "A256CBC-HS512",
      typ: "wattproof-day+jwe",
    };
    const parsed = parseLine2(withProtected(JSON.stringify(header)));
    assert.equal(parsed.signer, header.apu);
    const others: Json[] = [
      { ...header, alg: "ECDH-ES" },
      { ...header, enc: "A256GCM" },
      { ...header, zip: "DEF" },
      { ...header, typ: "wattproof-day+jws" },
      { ...header, typ: "wattproof-+jwe" },
      { ...header, typ: "wattproof-Day+jwe" },
      { ...header, apu: "A".repeat(42) },
      { ...header, apu: `${"A".repeat(42)}B` },
      {},
    ];
    for (const other of others) refused(withProtected(JSON.stringify(other)));
    const { typ, ...rest } = header;
    refused(withProtected(JSON.stringify({ typ, ...rest })));
    refused(withProtected(` ${JSON.stringify(header)}`));
    refused(replaced(one, /"protected":"/, '"protected":"A'));
    refused(replaced(one, /"protected":"[^"]+"/, '"protected":"_w"'));
  });

  test("the limit of 65,535 bytes", () => {
    const grow = (blocks: number) =>
      replaced(
        one,
        /"ciphertext":"[^"]*"/,
        `"ciphertext":"${encodeBase64url(new Uint8Array(16 * blocks))}"`,
      );
    const fits = Math.floor(((MAX_LINE2_LENGTH - one.length) * 3) / 64) + 65;
    assert.ok(grow(fits).length <= MAX_LINE2_LENGTH && grow(fits + 1).length > MAX_LINE2_LENGTH);
    assert.doesNotThrow(() => parseLine2(grow(fits)));
    refused(grow(fits + 1));
  });
});
