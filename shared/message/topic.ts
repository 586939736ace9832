/**
 * MQTT topics (records.md section 7).
 *
 *   wattproof/<net>/<zone>/<meter>/{envelope,reply,receipt,config,seen,status,live}
 *   wattproof/<net>/gateway/<name>/{checkpoint,block,commit}
 *
 * net = first 8 hex digits of the chain id; zone = the chain's three digits; meter = nine digits.
 */
import { decodeBase64url, encodeHex } from "../base/bytes.ts";
import { fail } from "../base/error.ts";

export const METER_CHANNELS = [
  "envelope",
  "reply",
  "receipt",
  "config",
  "seen",
  "status",
  "live",
] as const;
export type MeterChannel = (typeof METER_CHANNELS)[number];
export type GatewayChannel = "checkpoint" | "block" | "commit" | "status";

export interface MeterTopic {
  readonly net: string;
  readonly zone: string;
  readonly meter: string;
  readonly channel: MeterChannel;
}

/** The eight hex digits that keep the topics of two chains on one broker apart. */
export function netOf(chainId: string): string {
  return encodeHex(decodeBase64url(chainId).subarray(0, 4));
}

export function formatMeterTopic(topic: MeterTopic): string {
  return `wattproof/${topic.net}/${topic.zone}/${topic.meter}/${topic.channel}`;
}

/** Subscription filter for one channel of every meter of a zone. */
export function formatMeterFilter(net: string, zone: string, channel: MeterChannel): string {
  return `wattproof/${net}/${zone}/+/${channel}`;
}

export function formatGatewayTopic(net: string, name: string, channel: GatewayChannel): string {
  return `wattproof/${net}/gateway/${name}/${channel}`;
}

const METER_TOPIC = /^wattproof\/([0-9a-f]{8})\/(\d{3})\/(\d{9})\/([a-z]+)$/;

/** Throws `topic` for anything that is not a meter's topic. */
export function parseMeterTopic(text: string): MeterTopic {
  const [, net, zone, meter, channel] = METER_TOPIC.exec(text) ?? [];
  if (
    net === undefined ||
    zone === undefined ||
    meter === undefined ||
    !METER_CHANNELS.includes(channel as MeterChannel)
  ) {
    fail("topic", "not a meter's topic");
  }
  return { net, zone, meter, channel: channel as MeterChannel };
}
