/**
 * A Debian kernel, downloaded as a package and unpacked, never installed, kept under `.build/kernel/`.
 *
 * Wanted is Debian 13's 6.12, where GPIO numbers begin at 512 as on a Pi, fetched over a package list of its own, so
 * that the machine's package sources stay as they are. Where it cannot be had, the machine's own release gives its
 * kernel (6.1 on Debian 12, base 1016).
 *
 * in: apt-get, dpkg-deb → out: path of the kernel image and of its modules.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { projectRoot } from "../../support/project-root.ts";

export interface KernelPackage {
  /** As `uname -r` says it. */
  readonly release: string;
  readonly image: string;
  /** Folder with `kernel/`, `modules.builtin`. */
  readonly modules: string;
}

const KEPT = path.join(projectRoot(), ".build", "kernel");
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const SUITE = "trixie";
const LIMIT_MS = 300_000;

/** Runs a program to its end; throws with what it said when it fails. */
function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, [...args], {
    cwd,
    encoding: "utf8",
    timeout: LIMIT_MS,
    maxBuffer: 64 << 20,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr.trim()}`);
  return stdout;
}

/** Options of apt that keep its lists, its downloads and its sources in `folder`. */
function privateApt(folder: string): string[] {
  const sources = path.join(folder, "sources");
  for (const name of ["sources", "lists/partial", "cache/archives/partial"]) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  writeFileSync(
    path.join(sources, "kernel.sources"),
    `Types: deb\nURIs: http://deb.debian.org/debian\nSuites: ${SUITE}\nComponents: main\nSigned-By: ${KEYRING}\n`,
  );
  const set = (name: string, value: string): string[] => ["-o", `${name}=${value}`];
  return [
    ...set("Dir::Etc::sourcelist", "/dev/null"),
    ...set("Dir::Etc::sourceparts", sources),
    ...set("Dir::State::lists", path.join(folder, "lists")),
    ...set("Dir::State::status", "/dev/null"),
    ...set("Dir::Cache", path.join(folder, "cache")),
    ...set("APT::Sandbox::User", "root"),
  ];
}

/** The package that the meta package stands for. */
function concretePackage(options: readonly string[], folder: string): string {
  const text = run("apt-cache", [...options, "depends", "linux-image-amd64"], folder);
  const name = /Depends: (linux-image-[0-9]\S+)/.exec(text)?.[1];
  if (name === undefined) throw new Error("apt knows no kernel for linux-image-amd64");
  return name;
}

function download(options: readonly string[], folder: string): void {
  run("apt-get", [...options, "download", concretePackage(options, folder)], folder);
  const file = readdirSync(folder).find((name) => name.endsWith(".deb"));
  if (file === undefined) throw new Error("apt-get downloaded nothing");
  run("dpkg-deb", ["-x", file, "unpacked"], folder);
}

/** What is kept from an earlier run. */
function findKept(): KernelPackage | undefined {
  const boot = path.join(KEPT, "boot");
  const name = existsSync(boot)
    ? readdirSync(boot).find((entry) => entry.startsWith("vmlinuz-"))
    : undefined;
  if (name === undefined) return undefined;
  const release = name.slice("vmlinuz-".length);
  const modules = ["usr/lib/modules", "lib/modules"]
    .map((folder) => path.join(KEPT, folder, release))
    .find((folder) => existsSync(folder));
  return modules === undefined ? undefined : { release, image: path.join(boot, name), modules };
}

/** The kernel, fetched at the first call. Throws naming what apt said when no kernel can be had. */
export function fetchKernel(say: (line: string) => void): KernelPackage {
  const kept = findKept();
  if (kept !== undefined) return kept;
  const folder = `${KEPT}.new`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const options = privateApt(folder);
    run("apt-get", [...options, "update"], folder);
    download(options, folder);
  } catch (error) {
    say(`no kernel of Debian ${SUITE} (${(error as Error).message}); this machine's own release`);
    download([], folder);
  }
  rmSync(KEPT, { recursive: true, force: true });
  renameSync(path.join(folder, "unpacked"), KEPT);
  rmSync(folder, { recursive: true, force: true });
  const found = findKept();
  if (found === undefined) throw new Error("the kernel package holds no kernel");
  return found;
}
