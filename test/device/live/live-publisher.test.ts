/** The meter's live messages: newest sample, once, numbers that rise over restarts, nothing without recipients or a broker. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LivePublisher, type LivePublisherOptions } from "../../../device/live/live-publisher.ts";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { openLive, parseLiveLine } from "../../../shared/message/live.ts";
import { splitEnvelope } from "../../../shared/record/envelope.ts";
import { LIVE_AT, LIVE_CHAIN, LIVE_METER, liveKey, utility } from "../../support/live-meter.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const TO = [{ kid: utility.kid, key: utility.jwk.x }];
const SAMPLE = { at: LIVE_AT * 1000 + 400, power: -1_500, voltage: [230_100], current: [] };

function makePublisher(changes: Partial<LivePublisherOptions> = {}) {
  const sent: string[] = [];
  const publisher = new LivePublisher({
    ...{ suite: nobleSuite, key: liveKey, chain: LIVE_CHAIN, meter: LIVE_METER, boot: 3 },
    ...{ intervalMs: 60_000, randomBytes: seededBytes("publisher"), register: () => 77 },
    recipients: () => TO,
    publish: (text) => sent.push(text) > 0,
    ...changes,
  });
  return { publisher, sent };
}

function read(text: string | undefined) {
  const { line1, line2 = "" } = splitEnvelope(encodeUtf8(text ?? ""));
  const { kid, payload } = parseLiveLine(line1);
  const opening = { kid, payload, line2, meter: LIVE_METER, recipients: [utility.kid] };
  return { n: payload.n, reading: openLive(nobleSuite, utility, opening) };
}

test("the newest sample is told once, with what the sensors said and the own register", () => {
  const { publisher, sent } = makePublisher();
  publisher.tell();
  assert.equal(sent.length, 0, "there is nothing to tell");
  publisher.note({ ...SAMPLE, at: SAMPLE.at - 1000 });
  publisher.note(SAMPLE);
  publisher.tell();
  publisher.tell();
  assert.equal(sent.length, 1);
  assert.deepEqual(read(sent[0]).reading, {
    at: LIVE_AT,
    power: -1_500,
    voltage: [230_100],
    register: 77,
  });
});

test("numbers rise from message to message and over a restart", () => {
  const first = makePublisher({ boot: 3 });
  for (const s of [0, 1, 2]) {
    first.publisher.note({ ...SAMPLE, at: SAMPLE.at + s * 1000 });
    first.publisher.tell();
  }
  const later = makePublisher({ boot: 4 });
  later.publisher.note(SAMPLE);
  later.publisher.tell();
  const numbers = [...first.sent, ...later.sent].map((text) => read(text).n);
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(numbers).size, 4);
  assert.ok(Number.isSafeInteger(numbers.at(-1)));
});

test("without recipients nothing is sealed; what could not be sent is told with the next interval", () => {
  let to: typeof TO | undefined;
  let isOnline = false;
  const sent: string[] = [];
  const { publisher } = makePublisher({
    recipients: () => to,
    publish: (text) => isOnline && sent.push(text) > 0,
  });
  publisher.note(SAMPLE);
  publisher.tell();
  to = TO;
  publisher.tell();
  assert.equal(sent.length, 0);
  isOnline = true;
  publisher.tell();
  assert.equal(sent.length, 1);
});
