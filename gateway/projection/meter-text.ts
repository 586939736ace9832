/** Meter ids as the projection's tables hold them: the nine digits as a number. */
export function meterText(meter: number): string {
  return String(meter).padStart(9, "0");
}
