/**
 * A reporter for node:test that writes one JSON line for each test (not for suites), so that the
 * runner counts by itself what ran, failed and was skipped: {kind: pass|fail|skip, file, name, reason?}.
 */
import path from "node:path";
import process from "node:process";

export default async function* reportResults(source) {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const isSuite = data.details?.type === "suite";
    const isFailure = type === "test:fail";
    if (isSuite && !isFailure) continue;
    if (data.details?.error?.failureType === "subtestsFailed") continue;
    const skip = data.skip ?? data.todo;
    const isSkip = !isFailure && skip !== undefined && skip !== false;
    const file = data.file ? path.relative(process.cwd(), data.file) : "";
    const result = { kind: isFailure ? "fail" : isSkip ? "skip" : "pass", file, name: data.name };
    yield `${JSON.stringify(isSkip ? { ...result, reason: String(skip) } : result)}\n`;
  }
}
