/** Routes of the JSON interface that show the chain itself: blocks, headers, lines and records with their proofs. */
import { requireFound } from "../page/context.ts";
import { BEFORE_HEIGHT, FROM_HEIGHT, FROM_POSITION, LIMIT } from "./api-parameters.ts";
import { type ApiRoute, apiRoute } from "./api-route.ts";
import { BLOCK, BLOCK_DETAIL, HEADER, LINE, RECORD, RECORD_DETAIL } from "./chain-answers.ts";
import { rowsOf } from "./schema.ts";

export const CHAIN_ROUTES: readonly ApiRoute[] = [
  apiRoute({
    path: "/blocks",
    shows: "chain",
    summary: "Blocks, the newest first",
    query: { before: BEFORE_HEIGHT, limit: LIMIT },
    answer: rowsOf(BLOCK),
    read: (readModel, { before, limit }) => ({ rows: readModel.blocks(before, limit) }),
  }),
  apiRoute({
    path: "/blocks/:height",
    shows: "chain",
    summary: "One block with its header",
    answer: BLOCK_DETAIL,
    read: (readModel, { height }) => requireFound(readModel.block(height), `Block ${height}`),
  }),
  apiRoute({
    path: "/headers",
    shows: "chain",
    summary: "Headers by height; the page that follows begins at the last height plus one",
    query: { from: FROM_HEIGHT, limit: LIMIT },
    answer: rowsOf(HEADER),
    read: (readModel, { from, limit }) => ({ rows: readModel.headers(from, limit) }),
  }),
  apiRoute({
    path: "/lines",
    shows: "chain",
    summary: "Signed lines by position; the page that follows begins at the last position plus one",
    query: { from: FROM_POSITION, limit: LIMIT },
    answer: rowsOf(LINE),
    read: (readModel, { from, limit }) => ({ rows: readModel.lines(from, limit) }),
  }),
  apiRoute({
    path: "/records",
    shows: "chain",
    summary: "Records by position; the page that follows begins at the last position plus one",
    query: { from: FROM_POSITION, limit: LIMIT },
    answer: rowsOf(RECORD),
    read: (readModel, { from, limit }) => ({ rows: readModel.records(from, limit) }),
  }),
  apiRoute({
    path: "/records/:position",
    shows: "chain",
    summary: "One record with its proofs",
    answer: RECORD_DETAIL,
    read: (readModel, { position }) =>
      requireFound(readModel.record(position), `Record ${position}`),
  }),
];
