/**
 * `npm test`: system parts, linter, then every test file of the build by name with Node's own runner,
 * two at a time. Ends with Node's summary, what was skipped and why, and one line of counts. Fails
 * when a test failed, when none ran, and under CI when one was skipped that an installation would have let run. What no
 * package brings (test/support/not-here.ts) is listed by itself.
 *
 * usage: npm test [-- [--no-install] [--no-lint] [text in the test file's path …]]
 *
 * `npm run test:kernel` runs the test files under test/kernel/ instead, which need an emulator and minutes:
 * [--cuts N] sets how often the power is cut. Where the emulator cannot be had it says so.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const RESULTS = path.join(ROOT, ".build", "test-results.jsonl");
const CONCURRENCY = 2;
/** A hung test fails after this; the longest real one (the kill loop) takes about three minutes. */
const TEST_LIMIT_MS = 600_000;

/** The longest test of a kernel: 50 power cuts on a busy machine. */
const KERNEL_TEST_LIMIT_MS = 2_500_000;
const KERNEL_TESTS = path.join("test", "kernel", path.sep);

/** Test files of the build that have a source; `words` narrow them by path. */
function listTestFiles(kernel, words) {
  return readdirSync(path.join(ROOT, "test"), { recursive: true })
    .map((name) => path.join("test", String(name)))
    .filter((name) => name.endsWith(".test.ts") && name.startsWith(KERNEL_TESTS) === kernel)
    .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
    .sort()
    .map((name) => path.join("dist", name.replace(/\.ts$/, ".js")));
}

/** ["apt-get"] as root, ["sudo", "-n", "apt-get"] with passwordless sudo, else undefined. */
function aptCommand() {
  if (!existsSync("/usr/bin/apt-get")) return undefined;
  if (process.getuid?.() === 0) return ["apt-get"];
  const sudo = spawnSync("sudo", ["-n", "true"], { stdio: "ignore" });
  return sudo.status === 0 ? ["sudo", "-n", "apt-get"] : undefined;
}

const systemParts = () =>
  import(pathToFileURL(path.join(ROOT, "dist", "test", "support", "system-part.js")).href);

/** Installs missing system parts where it may; what is missing afterwards is the tests' business. */
async function installSystemParts(kernel) {
  const { KERNEL_PARTS, SYSTEM_PARTS, hasSystemPart } = await systemParts();
  const missing = Object.keys(SYSTEM_PARTS)
    .filter((part) => KERNEL_PARTS.includes(part) === kernel)
    .filter((part) => !hasSystemPart(part));
  if (missing.length === 0) return;
  const apt = aptCommand();
  if (!apt) return;
  const packages = [...new Set(missing.flatMap((part) => SYSTEM_PARTS[part].packages))];
  console.log(`Installing what some tests need: ${packages.join(" ")}`);
  const run = (...args) =>
    spawnSync(apt[0], [...apt.slice(1), ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
    });
  const install = () => run("install", "-y", "--no-install-recommends", ...packages);
  let result = install();
  if (result.status !== 0) {
    run("update");
    result = install();
  }
  if (result.status !== 0) {
    console.log(result.stderr.trimEnd().split("\n").slice(-5).join("\n"));
    console.log("apt-get could not install them; the tests that need them are skipped.");
  }
}

/** Why no kernel test can run on this machine, or undefined. */
async function explainNoKernel() {
  if (process.arch !== "x64" || process.platform !== "linux") {
    return `needs Linux on x64, this is ${process.platform} on ${process.arch}`;
  }
  const { KERNEL_PARTS, explainMissing, hasSystemPart } = await systemParts();
  const missing = explainMissing(KERNEL_PARTS, hasSystemPart);
  if (missing !== undefined) return missing;
  const module = path.join(ROOT, "dist", "test", "kernel", "rig", "kernel-package.js");
  const { fetchKernel } = await import(pathToFileURL(module).href);
  try {
    const { release } = fetchKernel((line) => console.log(line));
    console.log(`Linux ${release} in an emulator`);
    return undefined;
  } catch (error) {
    return `no kernel package can be had: ${error.message}`;
  }
}

/** Runs the linter over the whole tree; true when it is clean. */
function lint() {
  const biome = path.join(ROOT, "node_modules", "@biomejs", "biome", "bin", "biome");
  const args = [biome, "ci", `--colors=${process.stdout.isTTY ? "force" : "off"}`, "."];
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" }).status === 0;
}

/** Runs the files with node --test; resolves to its exit code. Kernels run one at a time: each wants all cores. */
function runTests(kernel, files) {
  const args = [
    "--enable-source-maps",
    "--test",
    `--test-concurrency=${kernel ? 1 : CONCURRENCY}`,
    `--test-timeout=${kernel ? KERNEL_TEST_LIMIT_MS : TEST_LIMIT_MS}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${pathToFileURL(path.join(ROOT, "test", "support", "result-reporter.mjs")).href}`,
    `--test-reporter-destination=${RESULTS}`,
    ...files,
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  process.on("SIGINT", () => child.kill("SIGINT"));
  return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
}

/** Results by kind, read from what the result reporter wrote. */
function readResults() {
  const results = existsSync(RESULTS)
    ? readFileSync(RESULTS, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
    : [];
  const ofKind = (kind) => results.filter((result) => result.kind === kind);
  return { passed: ofKind("pass"), failed: ofKind("fail"), skipped: ofKind("skip") };
}

/** How the reason of a skip begins for what no package brings. */
const NOT_HERE = "not here: ";
const isNotHere = ({ reason }) => reason.startsWith(NOT_HERE);

function listSkips(title, skipped) {
  if (skipped.length === 0) return;
  console.log(`\n${title}:`);
  for (const { file, name, reason } of skipped) console.log(`  ${file}: ${name} (${reason})`);
}

function reportSkips(skipped) {
  listSkips(
    "Skipped for what no package brings",
    skipped.filter((skip) => isNotHere(skip)),
  );
  listSkips(
    "Skipped",
    skipped.filter((skip) => !isNotHere(skip)),
  );
  const packages = new Set(
    skipped.flatMap(({ reason }) => /apt-get install -y (.+)$/.exec(reason)?.[1]?.split(" ") ?? []),
  );
  if (packages.size > 0) {
    console.log(
      `To run those that need a program: sudo apt-get install -y ${[...packages].sort().join(" ")}`,
    );
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      "no-install": { type: "boolean" },
      "no-lint": { type: "boolean" },
      kernel: { type: "boolean", default: false },
      cuts: { type: "string" },
    },
    allowPositionals: true,
  });
  const { kernel } = values;
  if (values.cuts !== undefined) process.env.WATTPROOF_POWER_CUTS = values.cuts;
  const files = listTestFiles(kernel, positionals);
  if (files.length === 0) {
    console.error("test: no test file matches");
    return 1;
  }
  if (!values["no-install"]) await installSystemParts(kernel);
  const without = kernel ? await explainNoKernel() : undefined;
  if (without !== undefined) {
    console.log(`test:kernel: not run on this machine: ${without}`);
    return process.env.CI ? 0 : 1;
  }
  if (!kernel && !values["no-lint"] && !lint()) {
    console.error("test: the linter found something (npm run fix mends the formatting)");
    return 1;
  }
  mkdirSync(path.dirname(RESULTS), { recursive: true });
  const code = await runTests(kernel, files);
  const { passed, failed, skipped } = readResults();
  reportSkips(skipped);
  const nothingRan = passed.length + failed.length === 0;
  const refusedSkip = Boolean(process.env.CI) && !skipped.every(isNotHere);
  if (nothingRan) console.error("\ntest: no test ran");
  if (refusedSkip) {
    console.error("\ntest: under CI no test may be skipped for what can be installed");
  }
  if (failed.length > 0) console.log("\nFailed:");
  for (const { file, name } of failed) console.log(`  ${file}: ${name}`);
  console.log(`\n${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
  return code !== 0 || nothingRan || refusedSkip ? 1 : 0;
}

process.exitCode = await main();
