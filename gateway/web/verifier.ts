/**
 * The offline verifier as the portal serves it: the very file that can be kept and opened without a network, under a policy of
 * its own that admits its one script and its one style by their hashes and no request to anywhere.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { findProjectRoot } from "./assets.ts";

export const VERIFIER_PATH = "/verify-bill.html";

export interface Verifier {
  readonly text: string;
  readonly policy: string;
}

/** Undefined where the browser parts are not built. */
export function loadVerifier(): Verifier | undefined {
  const file = path.join(findProjectRoot(), "dist", "browser", "verify-bill.html");
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(text, "script")}`,
    `style-src ${hashOf(text, "style")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { text, policy };
}

function hashOf(page: string, element: string): string {
  const content = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page)?.[1] ?? "";
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}
