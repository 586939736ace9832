/** Test only: how a real Chromium is started on a machine without a display and without network. */
import { type Browser, chromium } from "playwright-core";
import { findProgram } from "./system-part.ts";

const CHROMIUM_ARGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Ask `requireSystemPart(t, "chromium")` first. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram("chromium", "chromium-browser") ?? "/usr/bin/chromium",
    args: [...CHROMIUM_ARGS],
  });
}
