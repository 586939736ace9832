/** What a meter believes: genesis by its id, enrolments by signature, point and proof. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../device/uplink/config-message.ts";
import { createTrust } from "../../../device/uplink/trust.ts";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { thumbprint } from "../../../shared/crypto/key.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { formatMeterConfig, type Join } from "../../../shared/message/join.ts";
import { netOf } from "../../../shared/message/topic.ts";
import { codeOf } from "../../support/code-of.ts";
import { SampleChain, START } from "../../support/sample-chain.ts";

const chain = new SampleChain(nobleSuite);
const meter = chain.createMeter("352522395");
const other = chain.createMeter("352522396");
const enrol = chain.enrol(meter);
const enrolOther = chain.enrol(other);
chain.append([enrol, enrolOther], START);
const identity = { kid: meter.key.kid, point: meter.point };

const join: Join = {
  v: 1,
  chain: chain.chainId,
  genesis: chain.genesisLine,
  net: netOf(chain.chainId),
  zone: "000",
  meter: meter.id,
  salt: encodeBase64url(meter.salt),
  token: encodeBase64url(new Uint8Array(32)),
  broker: "mqtt://127.0.0.1",
  time_zone: "Europe/Berlin",
};
const trust = createTrust(nobleSuite, join);
const message = (record: string, receipt: string) =>
  formatMeterConfig({ chain: chain.chainId, records: [{ record, receipt }] });
const read = (text: string) => readConfig(nobleSuite, trust, identity, text, undefined).enrolment;

test("a proved enrolment gives prev, position and recipients", () => {
  const enrolment = read(message(enrol, chain.receipt(1)));
  assert.equal(enrolment?.position, 1);
  assert.deepEqual(enrolment?.recipients, [{ kid: chain.utility.kid, key: chain.utility.jwk.x }]);
  const same = message(enrol, chain.receipt(1));
  const again = readConfig(nobleSuite, trust, identity, same, enrolment);
  assert.deepEqual(again, {}, "what is known is not news");
});

test("an enrolment of another key or place is passed over", () => {
  assert.equal(read(message(enrolOther, chain.receipt(2))), undefined);
  const elsewhere = { ...identity, point: other.point };
  const text = message(enrol, chain.receipt(1));
  assert.deepEqual(readConfig(nobleSuite, trust, elsewhere, text, undefined), {});
});

test("a proved revocation ends the key that it names; one that is forged or of another key does not", () => {
  const own = new SampleChain(nobleSuite);
  const registrar = own.member(0).key;
  const lines = [own.enrol(own.createMeter(meter.id)), own.enrol(own.createMeter(other.id))];
  own.append(lines, START);
  const kids = own.records.flatMap((one) =>
    one.typ === "enrol" ? thumbprint(nobleSuite, one.payload.key) : [],
  );
  const [kid = "", otherKid = ""] = kids;
  const revoke = own.sign(registrar, "revoke", { kid, last: 0, reason: "exchange" });
  own.append([revoke], START);
  const read = (kidOf: string, record: string, receipt: string, more = own.receipt(2)) =>
    readConfig(
      nobleSuite,
      trust,
      { ...identity, kid: kidOf },
      formatMeterConfig({
        chain: own.chainId,
        records: [
          { record: lines[1] as string, receipt: more },
          { record, receipt },
        ],
      }),
      undefined,
    );
  const proof = own.receipt(3);
  const revocation = { position: 3, last: 0, reason: "exchange" };
  assert.deepEqual(read(kid, revoke, proof), { revocation });
  assert.equal(read(otherKid, revoke, proof).revocation, undefined);
  const codes = [
    codeOf(() => read(kid, revoke, own.receipt(2))),
    codeOf(() => read(kid, revoke, proof.replace(/gw-1 .*/, "gw-9 AAAAAAAAAAAA"))),
    codeOf(() => read(kid, forge(revoke), proof)),
  ];
  assert.deepEqual(codes, ["proof", "checkpoint", "signature"]);
});

/** The same words, not signed by the registrar. */
function forge(line1: string): string {
  const [head = "", body = "", signature = ""] = line1.split(".");
  const other = signature[9] === "A" ? "B" : "A";
  return [head, body, signature.slice(0, 9) + other + signature.slice(10)].join(".");
}

test("without its own proof, signature or chain it is refused", () => {
  assert.equal(
    codeOf(() => read(message(enrol, chain.receipt(2)))),
    "proof",
  );
  const unsigned = chain.receipt(1).replace(/gw-1 .*/, "gw-9 AAAAAAAAAAAA");
  assert.equal(
    codeOf(() => read(message(enrol, unsigned))),
    "checkpoint",
  );
  const stranger = new SampleChain(nobleSuite, undefined, "another seed");
  const forged = stranger.enrol({ ...meter });
  stranger.append([forged], START);
  assert.equal(
    codeOf(() => read(message(forged, stranger.receipt(1)))),
    "signature",
  );
  const foreign = formatMeterConfig({ chain: stranger.chainId, records: [] });
  assert.equal(
    codeOf(() => read(foreign)),
    "chain",
  );
});

test("genesis must be the record that the chain id names, signed by its own member", () => {
  const stranger = new SampleChain(nobleSuite, undefined, "another seed");
  const swapped = { ...join, genesis: stranger.genesisLine };
  assert.equal(
    codeOf(() => createTrust(nobleSuite, swapped)),
    "join",
  );
  assert.equal(
    codeOf(() => createTrust(nobleSuite, { ...join, net: "00000000" })),
    "join",
  );
  const at = join.genesis.lastIndexOf(".") + 10;
  const other = join.genesis[at] === "A" ? "B" : "A";
  const flipped = join.genesis.slice(0, at) + other + join.genesis.slice(at + 1);
  assert.equal(
    codeOf(() => createTrust(nobleSuite, { ...join, genesis: flipped })),
    "join",
  );
});
