/**
 * A machine of QEMU's with a real Linux kernel, in software emulation, that runs one job: shell text in which
 * `house PROGRAM …` runs a program of this machine on that kernel.
 *
 * The guest's root is in memory; the host's files and the project are there read-only. A data disk keeps what
 * it has been flushed. Only the process that was started here is ever ended, by its own handle.
 *
 * in: a kernel, a job, maybe a disk and a time → out: the job's lines; a cut or an end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { makeTestFolder } from "../../support/process.ts";
import { projectRoot } from "../../support/project-root.ts";
import { findProgram } from "../../support/system-part.ts";
import { type CpioEntry, writeCpio } from "./cpio.ts";
import { buildRoot } from "./house-image.ts";
import { collectModules } from "./kernel-modules.ts";
import { fetchKernel, type KernelPackage } from "./kernel-package.ts";
import type { VolatileDisk } from "./volatile-disk.ts";

const MODULES = [
  "virtio_pci",
  "virtio_console",
  "9pnet_virtio",
  "9p",
  "virtio_blk",
  "ext4",
  "uhid",
  "hid_cp2112",
  "i2c_dev",
];
/** ext4 asks for this one at run time, without naming it as what it depends on. */
const OPTIONAL_MODULES = ["crc32c_generic"];
const COMMAND_LINE = "console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on";
const NO_CLOCK = "initcall_blacklist=cmos_init";
const CHIP_LABEL = "cp2112_gpio";
/** The same length, so that it fits in its place. */
const PI_LABEL = "pinctrl-rp1";

export interface Rig {
  readonly kernel: KernelPackage;
  /** The part of the first root file system that all boots share. */
  readonly base: Buffer;
  /** Each boot has a folder in it. */
  readonly folder: string;
}

export interface GuestOptions {
  readonly rig: Rig;
  /** Shell text; `house`, `$NODE` and `$BUILD` (where this build is, inside the guest) are there. */
  readonly job: string;
  /** Texts that the job finds at the root of its own file system. */
  readonly files?: Readonly<Record<string, string>>;
  /** File of a file system with the guest's programs (house-image.ts), /dev/vda; the host's own without it. */
  readonly house?: string;
  /** The guest's data disk: /dev/vda, or /dev/vdb beside a house. */
  readonly disk?: VolatileDisk;
  /** Date and time of the guest's clock chip, UTC; the present without it. */
  readonly rtc?: string;
  /** False: the kernel has no driver for the clock chip, as on a Pi without one. */
  readonly battery?: boolean;
}

/**
 * The chip's label as a Raspberry Pi 5 has it. That is the whole change: with it everything that looks for the
 * header's chip by label finds this one, in sysfs and in the character device.
 */
function relabelChip(name: string, content: Buffer): Buffer {
  if (name !== "hid_cp2112") return content;
  const at = content.indexOf(`\0${CHIP_LABEL}\0`, 0, "latin1");
  if (at < 0) throw new Error(`the module ${name} does not hold the label ${CHIP_LABEL}`);
  const changed = Buffer.from(content);
  changed.write(PI_LABEL, at + 1, "latin1");
  return stripSignature(changed);
}

/** Without Debian's signature, which no longer fits; the kernel loads unsigned modules. */
function stripSignature(module: Buffer): Buffer {
  const mark = "~Module signature appended~\n";
  const end = module.length - mark.length;
  if (module.toString("latin1", end) !== mark) return module;
  return module.subarray(0, end - 12 - module.readUInt32BE(end - 4));
}

/** Everything that boots of one test run share. Throws when there is no kernel to be had. */
export function prepareRig(say: (line: string) => void): Rig {
  const kernel = fetchKernel(say);
  const modules = [
    ...collectModules(kernel, MODULES),
    ...OPTIONAL_MODULES.flatMap((name) => {
      try {
        return collectModules(kernel, [name]);
      } catch {
        return [];
      }
    }),
  ];
  const unique = [...new Map(modules.map((module) => [module.name, module])).values()];
  const ordered = [
    ...unique.filter(({ name }) => OPTIONAL_MODULES.includes(name)),
    ...unique.filter(({ name }) => !OPTIONAL_MODULES.includes(name)),
  ];
  const init = readFileSync(path.join(projectRoot(), "test", "kernel", "guest", "init.sh"));
  const busybox = readFileSync(findProgram("busybox") ?? "/bin/busybox");
  const entries: CpioEntry[] = [
    { name: "bin" },
    { name: "bin/busybox", content: busybox, executable: true },
    { name: "init", content: init, executable: true },
    { name: "modules" },
    { name: "modules/order", content: ordered.map(({ name }) => `${name}\n`).join("") },
    ...ordered.map(({ name, content }) => ({
      name: `modules/${name}.ko`,
      content: relabelChip(name, content),
    })),
  ];
  return { kernel, base: writeCpio(entries), folder: makeTestFolder() };
}

/** Variables of init and of the job. */
function formatSettings({ house }: GuestOptions): string {
  const build = path.posix.join("/project", path.relative(projectRoot(), buildRoot()));
  const disk = house === undefined ? "host" : "disk";
  return `HOUSE=${disk}\nNODE=${process.execPath}\nBUILD=${build}\n`;
}

function qemuArguments(options: GuestOptions, folder: string, initrd: string): string[] {
  const share = (tag: string, from: string): string[] => [
    "-virtfs",
    `local,path=${from},mount_tag=${tag},security_model=none,readonly=on,multidevs=remap`,
  ];
  const disk = (id: string, settings: string): string[] => [
    ...["-drive", `if=none,id=${id},format=raw,${settings}`],
    ...["-device", `virtio-blk-pci,drive=${id}`],
  ];
  const programs =
    options.house === undefined
      ? [...share("host", "/"), ...share("project", projectRoot())]
      : disk("house", `readonly=on,file=${options.house}`);
  const data = `cache=writeback,file=nbd+unix:///?socket=${diskSocket(folder)}`;
  return [
    // One processor: with two, QEMU's emulation may stumble over code that the kernel patches while it runs.
    ...["-accel", "tcg", "-machine", "q35", "-cpu", "Nehalem", "-smp", "1", "-m", "512"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-kernel", options.rig.kernel.image, "-initrd", initrd],
    ...["-append", options.battery === false ? `${COMMAND_LINE} ${NO_CLOCK}` : COMMAND_LINE],
    ...["-serial", `file:${path.join(folder, "console.log")}`],
    ...["-chardev", "stdio,id=job,signal=off", "-device", "virtio-serial-pci"],
    ...["-device", "virtconsole,chardev=job"],
    ...["-rtc", `base=${options.rtc ?? "utc"},clock=host`],
    ...programs,
    ...(options.disk ? disk("data", data) : []),
  ];
}

const diskSocket = (folder: string): string => path.join(folder, "disk.sock");

export class Guest {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #closed: Promise<void>;
  #running = true;
  #lines: string[] = [];

  private constructor(child: ChildProcess, folder: string, disk: VolatileDisk | undefined) {
    this.#child = child;
    this.#folder = folder;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#lines.push(text));
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => this.#lines.push(line));
    }
    this.#closed = once(child, "close").then(async () => {
      this.#running = false;
      await disk?.close();
      rmSync(path.join(folder, "initrd"), { force: true });
    });
  }

  /** Switches the machine on; it is switched off after the test if it still runs. */
  static async start(t: TestContext, options: GuestOptions): Promise<Guest> {
    const folder = mkdtempSync(path.join(options.rig.folder, "boot-"));
    const initrd = path.join(folder, "initrd");
    const job = writeCpio([
      { name: "settings.sh", content: formatSettings(options) },
      { name: "job.sh", content: `${options.job}\n` },
      ...Object.entries(options.files ?? {}).map(([name, content]) => ({ name, content })),
    ]);
    writeFileSync(initrd, Buffer.concat([options.rig.base, job]));
    await options.disk?.listen(diskSocket(folder));
    const program = findProgram("qemu-system-x86_64") ?? "qemu-system-x86_64";
    const child = spawn(program, qemuArguments(options, folder, initrd), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const guest = new Guest(child, folder, options.disk);
    t.after(() => guest.kill());
    return guest;
  }

  /** What the job has printed so far, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for a line of the job's from `from` on; throws with all lines and the kernel's last words when it ends. */
  async waitFor(pattern: RegExp, limitMs: number, from = 0): Promise<RegExpExecArray> {
    const deadline = performance.now() + limitMs;
    let next = from;
    for (;;) {
      const running = this.#running;
      for (; next < this.#lines.length; next++) {
        const found = pattern.exec(this.#lines[next] ?? "");
        if (found) return found;
      }
      if (!running || performance.now() > deadline) {
        const why = running ? `not within ${limitMs / 1000} s` : "the machine is off";
        throw new Error(`no line ${pattern} (${why})\n${this.explain()}`);
      }
      await sleep(20);
    }
  }

  /** Waits until the job has ended by itself and the machine is off; returns its lines. Throws if it failed. */
  async end(limitMs: number): Promise<readonly string[]> {
    const [, status] = await this.waitFor(/^@@END (\d+)$/, limitMs);
    const limit = new AbortController();
    await Promise.race([this.#closed, sleep(10_000, undefined, { signal: limit.signal })]).catch(
      () => undefined,
    );
    limit.abort();
    await this.kill();
    if (status !== "0") throw new Error(`the job ended with ${status}\n${this.explain()}`);
    return this.#lines;
  }

  /** SIGKILL, that is: the plug is pulled. */
  async kill(): Promise<void> {
    if (this.#running) this.#child.kill("SIGKILL");
    await this.#closed;
  }

  explain(): string {
    const console = readFileSync(path.join(this.#folder, "console.log"), "utf8");
    return [...this.#lines.slice(-60), "--- console", console.slice(-3000)].join("\n");
  }
}
