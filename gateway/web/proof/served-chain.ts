/**
 * What a gateway serves of its chain, for somebody who does not believe it: bytes and texts, read from JSON of unknown shape.
 *
 * In: a function that fetches `/api/v1/…`. Out: records, headers and lines. Nothing here is checked but its form; the walks of
 * this folder do that. Throws `schema` for what has another form.
 */
import { decodeBase64url } from "../../../shared/base/bytes.ts";
import { fail } from "../../../shared/base/error.ts";

/** Fetches a path below /api/v1 and gives its JSON. Throws `not-found` and whatever stops it. */
export type FetchJson = (path: string) => Promise<unknown>;

export interface ServedHeader {
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
}

export interface ServedBlock extends ServedHeader {
  readonly seal: Uint8Array;
}

export interface ServedRecord {
  readonly line1: string;
  /** Absent when the record has none or it was erased. */
  readonly line2?: string;
  /** Where the signer's key was admitted, says the gateway: 0 for a member, an enrolment for a meter. */
  readonly keyPosition: number;
  /** From the record to the root of the log of its block. */
  readonly inclusion: readonly Uint8Array[];
  readonly block: ServedBlock;
  readonly checkpoint?: { readonly note: string; readonly consistency: readonly Uint8Array[] };
}

export class ServedChain {
  readonly #fetch: FetchJson;

  constructor(fetch: FetchJson) {
    this.#fetch = fetch;
  }

  async record(position: number): Promise<ServedRecord> {
    const row = await this.#fetch(`/records/${position}`);
    const [line2, checkpoint] = [member(row, "line2"), member(row, "checkpoint")];
    return {
      line1: text(row, "line1"),
      ...(line2 === undefined ? {} : { line2: text(row, "line2") }),
      keyPosition: natural(row, "keyPosition"),
      inclusion: hashes(row, "inclusion"),
      block: block(member(row, "block")),
      ...(checkpoint === undefined
        ? {}
        : {
            checkpoint: {
              note: text(checkpoint, "note"),
              consistency: hashes(checkpoint, "consistency"),
            },
          }),
    };
  }

  async block(height: number): Promise<ServedBlock> {
    return block(await this.#fetch(`/blocks/${height}`));
  }

  /** Headers from a height on, ascending, `limit` at most; fewer at the tip. */
  async headers(from: number, limit: number): Promise<readonly ServedHeader[]> {
    return rows(await this.#fetch(`/headers?from=${from}&limit=${limit}`)).map(header);
  }

  /** Line 1 of the records from a position on, `limit` at most. */
  async lines(from: number, limit: number): Promise<readonly string[]> {
    return rows(await this.#fetch(`/lines?from=${from}&limit=${limit}`)).map((row) =>
      text(row, "line1"),
    );
  }
}

function block(value: unknown): ServedBlock {
  return { ...header(value), seal: bytes(value, "seal") };
}

function header(value: unknown): ServedHeader {
  return { header: bytes(value, "header"), nonce: bytes(value, "nonce") };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) fail("schema", "expected an object");
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === "string" ? found : fail("schema", `${name}: expected a text`);
}

function natural(value: unknown, name: string): number {
  const found = member(value, name);
  return Number.isSafeInteger(found) && (found as number) >= 0
    ? (found as number)
    : fail("schema", `${name}: expected an integer from 0`);
}

function bytes(value: unknown, name: string): Uint8Array {
  return decodeBase64url(text(value, name));
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = member(value, name);
  return Array.isArray(found) ? found : fail("schema", `${name}: expected a list`);
}

function rows(value: unknown): readonly unknown[] {
  return list(value, "rows");
}

function hashes(value: unknown, name: string): readonly Uint8Array[] {
  return list(value, name).map((hash) =>
    typeof hash === "string" ? decodeBase64url(hash) : fail("schema", `${name}: expected hashes`),
  );
}
