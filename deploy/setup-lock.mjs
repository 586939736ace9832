/**
 * One set-up of a folder at a time: two `npm ci` at once take each other's files away.
 *
 * The lock is a file with the process id of its holder. One whose holder is gone, as after a power cut, holds nothing.
 */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";

const LOOK_AGAIN_MS = 200;

/** Waits until no other set-up of `root` runs; `onWait` is called once if it has to. Returns what gives the lock back. */
export async function lockSetup(root, onWait) {
  const file = path.join(root, ".build", "setup.lock");
  mkdirSync(path.dirname(file), { recursive: true });
  for (let waited = false; !take(file); await setTimeout(LOOK_AGAIN_MS)) {
    if (!isHeld(file)) rmSync(file, { force: true });
    else if (!waited) {
      waited = true;
      onWait();
    }
  }
  return () => rmSync(file, { force: true });
}

function take(file) {
  // Made elsewhere and linked, so that a lock is never there without its holder's id.
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function isHeld(file) {
  try {
    process.kill(Number(readFileSync(file, "utf8")), 0);
    return true;
  } catch (error) {
    // Gone meanwhile, or its holder is; a process of somebody else may not be asked, but is there.
    return error.code === "EPERM";
  }
}
