/** Routes of the JSON interface about how the gateway does: alarms, what blocks took, answers of intake. */
import {
  BEFORE_DATE,
  BEFORE_HEIGHT,
  BEFORE_ID,
  LIMIT,
  OF_METER,
  OF_STATE,
} from "./api-parameters.ts";
import { type ApiRoute, apiRoute } from "./api-route.ts";
import { rowsOf } from "./schema.ts";
import { ALARM, BLOCK_COST, COUNTER, DAY_COST } from "./upkeep-answers.ts";

export const UPKEEP_ROUTES: readonly ApiRoute[] = [
  apiRoute({
    path: "/alarms",
    shows: "alarms",
    summary: "Alarms, the newest first",
    query: { state: OF_STATE, meter: OF_METER, before: BEFORE_ID, limit: LIMIT },
    answer: rowsOf(ALARM),
    read: (readModel, { state, meter, before, limit }) => ({
      rows: readModel.alarms({
        limit,
        ...(state !== undefined && { state }),
        ...(meter !== undefined && { meter }),
        ...(before !== undefined && { before }),
      }),
    }),
  }),
  apiRoute({
    path: "/performance/blocks",
    shows: "operations",
    summary: "What making each of the newest blocks took, the newest first",
    query: { before: BEFORE_HEIGHT, limit: LIMIT },
    answer: rowsOf(BLOCK_COST),
    read: (readModel, { before, limit }) => ({ rows: readModel.blockCosts(before, limit) }),
  }),
  apiRoute({
    path: "/performance/days",
    shows: "operations",
    summary: "The same by day, the newest first",
    query: { before: BEFORE_DATE, limit: LIMIT },
    answer: rowsOf(DAY_COST),
    read: (readModel, { before, limit }) => ({ rows: readModel.dayCosts(before, limit) }),
  }),
  apiRoute({
    path: "/counters",
    shows: "operations",
    summary: "How often intake gave each answer",
    answer: rowsOf(COUNTER),
    read: (readModel) => ({ rows: readModel.counters() }),
  }),
];
