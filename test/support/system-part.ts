/**
 * The programs outside npm that some tests need: which they are, whether they are here, which Debian
 * packages bring them. A test asks for what it needs with `requireSystemPart`; the runner installs
 * what is missing where it may, and names what was skipped where it may not.
 *
 * in: this machine → out: present or not; a skipped test at a desk, a failed one under CI.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";

interface SystemPartSpec {
  /** Debian packages, by name. */
  readonly packages: readonly string[];
  /** Programs that must be found; the first name of each list that exists is taken. */
  readonly programs: readonly (readonly string[])[];
  /** A module that the system's own Python must find. */
  readonly pythonModule?: string;
}

/** Every system part that a test may ask for. */
export const SYSTEM_PARTS = {
  mosquitto: { packages: ["mosquitto"], programs: [["mosquitto"]] },
  "mosquitto-clients": {
    packages: ["mosquitto-clients"],
    programs: [["mosquitto_pub"], ["mosquitto_sub"]],
  },
  chromium: { packages: ["chromium"], programs: [["chromium", "chromium-browser"]] },
  cc: { packages: ["gcc", "libc6-dev"], programs: [["cc", "gcc"]] },
  socat: { packages: ["socat"], programs: [["socat"]] },
  prlimit: { packages: ["util-linux"], programs: [["prlimit"]] },
  python3: { packages: ["python3"], programs: [["python3"]] },
  pymodbus: {
    packages: ["python3", "python3-pymodbus", "python3-serial"],
    programs: [["python3"]],
    pythonModule: "pymodbus",
  },
  "systemd-notify": { packages: ["systemd"], programs: [["systemd-notify"]] },
  "python-cryptography": {
    packages: ["python3", "python3-cryptography", "tzdata"],
    programs: [["python3"]],
    pythonModule: "cryptography",
  },
  openssl: { packages: ["openssl"], programs: [["openssl"]] },
  xmllint: { packages: ["libxml2-utils"], programs: [["xmllint"]] },
  pdftotext: { packages: ["poppler-utils"], programs: [["pdftotext"], ["pdfinfo"]] },
  systemd: { packages: ["systemd"], programs: [["systemd-analyze"]] },
  "cloud-init-libraries": {
    packages: [
      "python3",
      "python3-configobj",
      "python3-jinja2",
      "python3-jsonpatch",
      "python3-jsonschema",
      "python3-netifaces",
      "python3-oauthlib",
      "python3-requests",
      "python3-yaml",
    ],
    programs: [["python3"], ["dpkg-deb"]],
    pythonModule: "jsonschema",
  },
  emulator: {
    packages: ["qemu-system-x86", "busybox-static", "xz-utils", "e2fsprogs", "gpiod", "systemd"],
    programs: [
      ["qemu-system-x86_64"],
      ["busybox"],
      ["xz"],
      ["mke2fs"],
      ["debugfs"],
      ["gpiomon"],
      ["systemctl"],
    ],
  },
  "arm64-tools": {
    packages: ["g++-aarch64-linux-gnu", "qemu-user-static", "make", "python3"],
    programs: [["aarch64-linux-gnu-g++"], ["qemu-aarch64-static"], ["make"], ["python3"]],
  },
} as const satisfies Record<string, SystemPartSpec>;

export type SystemPart = keyof typeof SYSTEM_PARTS;

/** Large ones that only `npm run test:kernel` needs; `npm test` does not install them. */
export const KERNEL_PARTS: readonly SystemPart[] = ["emulator", "arm64-tools"];

/** Debian keeps daemons in sbin, which is not on the path of an ordinary user. */
const SYSTEM_FOLDERS = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/** Full path of the first of these programs that exists; the system's own folders come first. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...SYSTEM_FOLDERS, ...(process.env["PATH"] ?? "").split(path.delimiter)];
  for (const name of names) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (folder !== "" && existsSync(file)) return file;
    }
  }
  return undefined;
}

/** True when all programs (and the Python module) of the part are on this machine. */
export function hasSystemPart(part: SystemPart): boolean {
  const spec: SystemPartSpec = SYSTEM_PARTS[part];
  if (!spec.programs.every((names) => findProgram(...names) !== undefined)) return false;
  if (spec.pythonModule === undefined) return true;
  const python = findProgram("python3") ?? "python3";
  const script = `import importlib.util,sys; sys.exit(importlib.util.find_spec("${spec.pythonModule}") is None)`;
  return spawnSync(python, ["-c", script], { stdio: "ignore" }).status === 0;
}

/** The one command that installs these parts on Debian. */
export function installCommand(parts: readonly SystemPart[]): string {
  const packages = new Set(parts.flatMap((part) => [...SYSTEM_PARTS[part].packages]));
  return `sudo apt-get install -y ${[...packages].sort().join(" ")}`;
}

/** Why a test that needs these parts cannot run, or undefined when it can. `has` tells what is here. */
export function explainMissing(
  parts: readonly SystemPart[],
  has: (part: SystemPart) => boolean,
): string | undefined {
  const missing = parts.filter((part) => !has(part));
  if (missing.length === 0) return undefined;
  return `needs ${missing.join(", ")}: ${installCommand(missing)}`;
}

/**
 * True when the test may go on. Where a part is missing the test is skipped with the command that installs it;
 * under CI it fails instead, because there nothing may be skipped.
 */
export function requireSystemPart(t: TestContext, ...parts: readonly SystemPart[]): boolean {
  const reason = explainMissing(parts, hasSystemPart);
  if (reason === undefined) return true;
  if (process.env["CI"]) throw new Error(reason);
  t.skip(reason);
  return false;
}
