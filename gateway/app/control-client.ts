/** The other end of the control socket: asks a running gateway, or says that none runs. */
import { connect } from "node:net";
import { fail, WattproofError } from "../../shared/base/error.ts";
import { ERROR_CODES, type ErrorCode } from "../../shared/base/error-code.ts";

/** Longer than any order takes that only writes a few records. */
const ANSWER_MS = 60_000;
/** Orders that may go over every meter and month of a large chain. */
const LONG_ORDERS: Readonly<Record<string, number>> = { bill: 1_800_000 };

function toCode(code: unknown): ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code)
    ? (code as ErrorCode)
    : "control";
}

function readAnswer(line: string): unknown {
  const answer = JSON.parse(line) as {
    result?: unknown;
    error?: { code: string; message: string };
  };
  if (answer.error === undefined) return answer.result;
  throw new WattproofError(toCode(answer.error.code), answer.error.message);
}

/**
 * Sends one request to the gateway that runs on a data folder. Throws `control` when no answer comes in time (a stopped process
 * still accepts connections), or none that can be read, and the order's own code.
 * @param answerMs patience, milliseconds; by default it follows from the method
 * @returns its result, or undefined when no gateway listens there
 */
export async function askGateway(
  socketPath: string,
  method: string,
  parameters: unknown,
  answerMs: number = LONG_ORDERS[method] ?? ANSWER_MS,
): Promise<{ result: unknown } | undefined> {
  const socket = connect(socketPath);
  socket.setEncoding("utf8");
  const connected = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  });
  if (!connected) return undefined;
  return await new Promise((resolve, reject) => {
    let text = "";
    const seconds = Math.round(answerMs / 1000);
    socket.setTimeout(answerMs, () => {
      const message = `the gateway gave no answer in ${seconds} s; it may still carry out the order`;
      socket.destroy(new WattproofError("control", message));
    });
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.once("error", reject);
    socket.once("end", () => {
      try {
        if (!text.endsWith("\n")) fail("control", "the gateway ended without an answer");
        resolve({ result: readAnswer(text) });
      } catch (error) {
        reject(error as Error);
      }
    });
    socket.write(`${JSON.stringify({ method, arguments: parameters })}\n`);
  });
}
