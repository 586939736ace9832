/** Spreads many meters over a window of time. In: a meter's id. Out: its own place in the window, the same each day. */
import { encodeUtf8 } from "../../shared/base/bytes.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";

/** Where in a window of `windowMs` this meter publishes: another place for each meter. */
export function spreadDelay(
  suite: Pick<CryptoSuite, "sha256">,
  meter: string,
  windowMs: number,
): number {
  const digest = suite.sha256(encodeUtf8(`wattproof-spread/v1\n${meter}`));
  const fraction = ((digest[0] ?? 0) * 256 + (digest[1] ?? 0)) / 65_536;
  return Math.floor(fraction * windowMs);
}
