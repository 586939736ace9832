/** Messages outside the log (records.md section 7): topics, replies, requests, join files, config. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { createSigningKey } from "../../../shared/crypto/key.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import {
  formatJoin,
  formatJoinRequest,
  formatMeterConfig,
  parseJoin,
  parseJoinRequest,
  parseMeterConfig,
} from "../../../shared/message/join.ts";
import { signReply, verifyReply } from "../../../shared/message/reply.ts";
import { hashToken, signRequest, verifyRequest } from "../../../shared/message/request.ts";
import {
  formatGatewayTopic,
  formatMeterFilter,
  formatMeterTopic,
  netOf,
  parseMeterTopic,
} from "../../../shared/message/topic.ts";
import { codeOf } from "../../support/code-of.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const random = seededBytes("message");
const H = (fill: number) => encodeBase64url(new Uint8Array(32).fill(fill));
const key = createSigningKey(nodeSuite, random);
const other = createSigningKey(nodeSuite, random);

test("topics", () => {
  const net = netOf(H(0xab));
  assert.equal(net, "abababab");
  const topic = { net, zone: "001", meter: "352522395", channel: "envelope" } as const;
  const text = "wattproof/abababab/001/352522395/envelope";
  assert.equal(formatMeterTopic(topic), text);
  assert.deepEqual(parseMeterTopic(text), topic);
  assert.equal(formatMeterFilter(net, "001", "seen"), "wattproof/abababab/001/+/seen");
  assert.equal(formatGatewayTopic(net, "gw-1", "block"), "wattproof/abababab/gateway/gw-1/block");
  const bad = [
    "",
    "wattproof/ABABABAB/001/352522395/envelope",
    "wattproof/abababab/1/352522395/envelope",
    "wattproof/abababab/001/35252239/envelope",
    "wattproof/abababab/001/352522395/other",
    "wattproof/abababab/001/352522395/envelope/x",
    "wattproof/abababab/001/352522395/envelope\n",
    "wattproof/abababab/gateway/gw-1/block",
  ];
  for (const each of bad)
    assert.equal(
      codeOf(() => parseMeterTopic(each)),
      "topic",
      each,
    );
});

test("a reply verifies under a gateway's key of its chain, in both suites", () => {
  for (const suite of [nodeSuite, nobleSuite]) {
    const trust = (kid: string, chain = H(1)) => ({
      chain,
      gatewayKey: (k: string) => (k === kid ? suite.importVerifyKey(key.jwk) : undefined),
    });
    const line = signReply(suite, key, { chain: H(1), leaf: H(2), code: "resend", at: 5, want: 7 });
    const reply = verifyReply(suite, line, trust(key.kid));
    assert.deepEqual(reply, { v: 1, chain: H(1), leaf: H(2), code: "resend", at: 5, want: 7 });
    assert.equal(
      codeOf(() => verifyReply(suite, line, trust(key.kid, H(9)))),
      "chain",
    );
    assert.equal(
      codeOf(() => verifyReply(suite, line, trust(other.kid))),
      "reply",
    );
    const forged = signReply(
      suite,
      { ...other, kid: key.kid },
      { chain: H(1), leaf: H(2), code: "held", at: 5 },
    );
    assert.equal(
      codeOf(() => verifyReply(suite, forged, trust(key.kid))),
      "reply",
    );
    for (let i = 0; i < line.length; i++) {
      const changed = line.slice(0, i) + (line[i] === "A" ? "B" : "A") + line.slice(i + 1);
      assert.match(
        codeOf(() => verifyReply(suite, changed, trust(key.kid))),
        /^[a-z0-9-]+$/,
      );
    }
    const request = signRequest(suite, key, { chain: H(1), token: new Uint8Array(32) });
    assert.equal(
      codeOf(() => verifyReply(suite, request, trust(key.kid))),
      "reply",
    );
  }
});

test("a request proves possession of its key for one chain and one token", () => {
  const token = new Uint8Array(32).fill(4);
  const line = signRequest(nobleSuite, key, { chain: H(1), token });
  const verified = verifyRequest(nodeSuite, line, key.jwk, H(1));
  assert.deepEqual(verified, { kid: key.kid, token: hashToken(nodeSuite, token) });
  assert.equal(
    codeOf(() => verifyRequest(nodeSuite, line, key.jwk, H(2))),
    "chain",
  );
  assert.equal(
    codeOf(() => verifyRequest(nodeSuite, line, other.jwk, H(1))),
    "request",
  );
});

test("join files and config messages are read as they were written", () => {
  const join = {
    v: 1,
    chain: H(1),
    genesis: "a.b.c",
    net: "abababab",
    zone: "000",
    meter: "352522395",
    salt: H(2),
    token: H(3),
    broker: "mqtt://127.0.0.1:1883",
    time_zone: "Europe/Berlin",
    location: [374_217_636, -1_220_846_140] as [number, number],
  } as const;
  assert.deepEqual(parseJoin(formatJoin(join)), join);
  const { location: _, ...nowhere } = join;
  assert.deepEqual(parseJoin(formatJoin(nowhere)), nowhere);
  assert.equal(
    codeOf(() => parseJoin(formatJoin({ ...join, meter: "1" }))),
    "schema",
  );
  assert.equal(
    codeOf(() => parseJoin("{}")),
    "schema",
  );
  assert.equal(
    codeOf(() => parseJoin("no")),
    "json",
  );
  const request = { v: 1, key: key.jwk, req: "a.b.c" } as const;
  assert.deepEqual(parseJoinRequest(formatJoinRequest(request)), request);
  const config = { chain: H(1), records: [{ record: "a.b.c", receipt: "old 0\n\nc2sp" }] };
  assert.deepEqual(parseMeterConfig(formatMeterConfig(config), H(1)), config);
  assert.equal(
    codeOf(() => parseMeterConfig(formatMeterConfig(config), H(2))),
    "chain",
  );
});
