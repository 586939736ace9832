/**
 * `npm run test:matrix`: the whole suite on the oldest supported Node and on each later long-term one. Every
 * version gets a copy of the tree with its own node_modules under .build/matrix/, because native modules are
 * built for one version; the Node itself comes from the npm package `node`, headers included.
 *
 * usage: npm run test:matrix [-- [--node 22 …] [words for npm test …]]
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const MATRIX = path.join(ROOT, ".build", "matrix");
const VERSIONS = ["20.19.0", "22", "24"];

/** Runs a command in a folder and throws when it fails. */
function run(command, args, options) {
  const { status, error, stdout } = spawnSync(command, args, { encoding: "utf8", ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${path.basename(command)} ${args[0]} ended with ${status}`);
  return stdout;
}

/** npm as [command, first arguments], run by `node`. */
function npmOf(node) {
  const cli = process.env.npm_execpath;
  return cli ? [node, [cli]] : ["npm", []];
}

/** Installs the Node of this version; its binary and the folder with its headers. */
function installNode(version) {
  const folder = path.join(MATRIX, `node-${version}`);
  const node = path.join(folder, "node_modules", "node", "bin", "node");
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, "package.json"),
      JSON.stringify({ private: true, allowScripts: { node: true } }),
    );
    const [npm, prefix] = npmOf(process.execPath);
    run(npm, [...prefix, "install", "--no-audit", "--no-fund", `node@${version}`], {
      cwd: folder,
      stdio: "inherit",
    });
  }
  const platform = `node-${process.platform}-${process.arch}`;
  return { node, headers: path.join(folder, "node_modules", "node", "node_modules", platform) };
}

/** Copies the tree as it stands, without what git ignores; node_modules and the build of the copy stay. */
function copyTree(version) {
  const folder = path.join(MATRIX, `tree-${version}`);
  mkdirSync(folder, { recursive: true });
  const listing = run("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: ROOT });
  const files = listing.split("\0").filter((file) => file && existsSync(path.join(ROOT, file)));
  for (const kept of new Set(files.map((file) => file.split("/")[0]))) {
    rmSync(path.join(folder, kept), { recursive: true, force: true });
  }
  for (const file of files) {
    cpSync(path.join(ROOT, file), path.join(folder, file), { preserveTimestamps: true });
  }
  const shared = path.join(MATRIX, "shared");
  if (!existsSync(shared) && existsSync(path.join(ROOT, "..", "shared"))) {
    symlinkSync(path.join(ROOT, "..", "shared"), shared);
  }
  return folder;
}

/** True when the suite passes on this version. */
function testOn(version, words) {
  const { node, headers } = installNode(version);
  const folder = copyTree(version);
  const [npm, prefix] = npmOf(node);
  const env = {
    ...process.env,
    PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
    npm_config_nodedir: headers,
    INIT_CWD: folder,
  };
  const result = spawnSync(npm, [...prefix, "test", "--", ...words], {
    cwd: folder,
    env,
    stdio: "inherit",
  });
  return result.status === 0;
}

const { values, positionals } = parseArgs({
  options: { node: { type: "string", multiple: true } },
  allowPositionals: true,
});
const results = (values.node ?? VERSIONS).map((version) => {
  console.log(`\n=== Node ${version} ===`);
  return { version, passed: testOn(version, positionals) };
});
console.log(
  `\n${results.map(({ version, passed }) => `Node ${version}: ${passed ? "passed" : "failed"}`).join("\n")}`,
);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
