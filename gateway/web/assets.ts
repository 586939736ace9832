/**
 * The portal's few files, read once at the start into a fixed table: a request is looked up by its whole name and
 * never becomes a path, so nothing else of the machine can be asked for.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of its content, quoted for ETag. */
  readonly etag: string;
}

export interface Assets {
  readonly byName: ReadonlyMap<string, Asset>;
  /** Address of the style sheet with the hash of its content, to be kept for ever. */
  readonly stylesheet: string;
  /** Address of each script by its name; absent where the browser parts are not built. Pages work without. */
  readonly scripts: ReadonlyMap<string, string>;
}

/** Built by deploy/build-browser.mjs. `portal` is on every page, others on the pages that name them. */
const SCRIPTS = ["portal", "explorer"];

const STYLESHEET = "portal.css";
/** Parts of the one style sheet, in the order in which they stand in it: tokens first, what bends the rest last. */
const STYLES = [
  "tokens",
  "base",
  "frame",
  "seals",
  "tables",
  "history",
  "charts",
  "live",
  "compare",
  "proof",
  "bill",
  "chain",
  "notices",
  "forms",
  "phone",
  "print",
  "contrast",
];

export function loadAssets(): Assets {
  const folder = path.join(findProjectRoot(), "gateway", "web", "assets");
  const styles = STYLES.map((name) =>
    readFileSync(path.join(folder, "style", `${name}.css`), "utf8"),
  );
  const byName = new Map([
    [STYLESHEET, asset("text/css; charset=utf-8", withoutComments(styles.join("\n")))],
    ["icon.svg", asset("image/svg+xml", readFileSync(path.join(folder, "icon.svg")))],
  ]);
  const built = SCRIPTS.map((name) => `${name}.js`).filter((file) => existsSync(builtFile(file)));
  for (const file of built) {
    byName.set(file, asset("text/javascript; charset=utf-8", readFileSync(builtFile(file))));
  }
  const address = (file: string): string =>
    `/assets/${file}?v=${byName.get(file)?.etag.slice(1, -1) ?? ""}`;
  const scripts = new Map(built.map((file) => [file.slice(0, -3), address(file)]));
  return { byName, stylesheet: address(STYLESHEET), scripts };
}

function builtFile(file: string): string {
  return path.join(findProjectRoot(), "dist", "browser", file);
}

function asset(type: string, content: Uint8Array): Asset {
  const bytes = new Uint8Array(content);
  const hash = createHash("sha256").update(bytes).digest("base64url").slice(0, 16);
  return { type, bytes, etag: `"${hash}"` };
}

/** Comments and indentation are for readers of the source, not of the page. */
function withoutComments(css: string): Buffer {
  const text = css.replace(/\/\*[\s\S]*?\*\//g, "");
  return Buffer.from(text.replace(/\n\s+/g, "\n").trim());
}

/** The folder with package.json, upwards from this file: the build may lie anywhere inside. */
export function findProjectRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "package.json"))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error("no package.json above the portal");
    folder = parent;
  }
  return folder;
}
