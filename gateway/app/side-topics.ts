/**
 * What meters say besides their records: `status` and `live`. In: messages. Out: who is online, and messages for the live intake;
 * everything else is left to the intake of envelopes.
 */
import { formatMeterFilter } from "../../shared/message/topic.ts";
import type { IncomingMessage } from "../intake/mqtt-client.ts";

export interface SideTopicsOptions {
  readonly net: string;
  readonly zone: string;
  /** Whether a meter, nine digits, is enrolled here. */
  readonly knows: (meter: string) => boolean;
  readonly acknowledge: (epoch: number, packetIds: readonly number[]) => void;
  readonly onLive: (meter: string, message: IncomingMessage) => void;
  readonly onPresence: (meter: string, online: boolean) => void;
}

const MAX_STATUS = 1024;
/** By far the most messages: not looked at any further. */
const ENVELOPE = "/envelope";

/** Takes a message in and says whether it was one of these. */
export function createSideTopics(
  options: SideTopicsOptions,
): (message: IncomingMessage) => boolean {
  const { net, zone, knows, acknowledge, onLive, onPresence } = options;
  const [meters = ""] = formatMeterFilter(net, zone, "status").split("+");
  const form = new RegExp(`^${meters}(\\d{9})/(status|live)$`);
  return (message) => {
    if (message.topic.endsWith(ENVELOPE)) return false;
    const [, meter, channel] = form.exec(message.topic) ?? [];
    if (meter === undefined) return false;
    if (message.packetId > 0) acknowledge(message.epoch, [message.packetId]);
    if (channel === "live") onLive(meter, message);
    else if (knows(meter) && message.payload.byteLength <= MAX_STATUS) {
      const text = Buffer.from(message.payload).toString("latin1");
      onPresence(meter, /\bonline\b/.test(text));
    }
    return true;
  };
}
