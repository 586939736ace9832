/**
 * What this browser remembers of a chain that it has walked: so a reader is a witness of their own. A browser that keeps nothing
 * still checks all the rest.
 */
import type { Remembered } from "../proof/walk-chain.ts";

const KEY = "wattproof-walked";

export function recallChain(): Remembered | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return undefined;
    const { chain, height, hash } = value as Partial<Record<keyof Remembered, unknown>>;
    return typeof chain === "string" && typeof height === "number" && typeof hash === "string"
      ? { chain, height, hash }
      : undefined;
  } catch {
    return undefined;
  }
}

export function rememberChain(walked: Remembered): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(walked));
  } catch {
    // A browser that keeps nothing remembers nothing.
  }
}

export function forgetChain(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // There is nothing to forget.
  }
}
