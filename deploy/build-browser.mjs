/**
 * Builds what runs in a browser. in: gateway/web/browser → out, in dist/browser: the scripts of the portal's pages, which
 * work without them; and verify-bill.html, one file that holds its style and its script and may load nothing else. Its
 * policy names both by their hashes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const SOURCE = path.join(ROOT, "gateway", "web", "browser");
const OUT = path.join(ROOT, "dist", "browser");

/** One classic script of an entry and everything that it imports. */
async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [path.join(SOURCE, entry)],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    minify: true,
    legalComments: "none",
    charset: "ascii",
    logLevel: "error",
  });
  return outputFiles[0].text.trim();
}

/** Scripts that pages of the portal load from it (gateway/web/assets.ts). */
const PAGE_SCRIPTS = ["portal", "explorer"];

async function buildPageScripts() {
  mkdirSync(OUT, { recursive: true });
  for (const name of PAGE_SCRIPTS) {
    writeFileSync(path.join(OUT, `${name}.js`), await bundle(`${name}.ts`));
  }
}

const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

async function buildVerifier() {
  const script = await bundle("verify-bill.ts");
  if (script.includes("</script")) throw new Error("the script would end its own element");
  const style = readFileSync(path.join(SOURCE, "verify-bill.css"), "utf8");
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts = {
    "default-src 'none'": policy,
    "/* style */": style,
    "/* script */": script,
  };
  let page = readFileSync(path.join(SOURCE, "verify-bill.html"), "utf8");
  for (const [place, text] of Object.entries(parts)) {
    if (!page.includes(place)) throw new Error(`verify-bill.html has no place for ${place}`);
    // A function, because a replacement text may hold $ signs.
    page = page.replace(place, () => text);
  }
  mkdirSync(OUT, { recursive: true });
  writeFileSync(path.join(OUT, "verify-bill.html"), page);
}

await buildPageScripts();
await buildVerifier();
