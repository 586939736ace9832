/** Hashes for the eye: hexadecimal, so that the zeros that took the work can be seen. */
import { decodeBase64url, encodeHex } from "../../../shared/base/bytes.ts";
import { type Html, html } from "./html.ts";

/** H (base64url) as 64 hexadecimal digits. */
export function hexOf(hash: string): string {
  return encodeHex(decodeBase64url(hash));
}

/** The first digits of a block hash with its leading zeros marked. */
export function workHash(hash: string, digits = 64): Html {
  const hex = hexOf(hash);
  const zeros = hex.length - hex.replace(/^0+/, "").length;
  const shown = Math.min(zeros, digits);
  return html`<span class="zeros">${hex.slice(0, shown)}</span>${hex.slice(shown, digits)}`;
}
