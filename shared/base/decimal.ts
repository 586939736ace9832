/** Decimal texts as integers, without passing through a float: "10.47" kWh is 10,470 Wh exactly. */

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/**
 * `text` × 10^`places`, rounded half away from zero if it has more decimals than that. Undefined if the text is
 * not a plain decimal number or the result is not a safe integer. `mark` is the decimal mark.
 */
export function parseDecimal(text: string, places: number, mark: "." | ","): number | undefined {
  const plain = mark === "," ? text.replace(",", ".") : text;
  const match = DECIMAL.exec(plain.trim());
  if (match === null) return undefined;
  const [, sign = "", whole = "", decimals = ""] = match;
  if (whole === "" && decimals === "") return undefined;
  const kept = Number(whole + decimals.slice(0, places).padEnd(places, "0"));
  const size = (decimals.charCodeAt(places) || 48) >= 53 ? kept + 1 : kept;
  if (!Number.isSafeInteger(size)) return undefined;
  return sign === "-" && size !== 0 ? -size : size;
}
