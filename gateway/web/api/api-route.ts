/** What a route of the JSON interface is made of. */
import type { LiveReader } from "../../live/live-values.ts";
import type { ReadModel } from "../../projection/read-model-types.ts";
import type { Shows } from "../access/role.ts";
import { createOwnWork, type HeavyWork } from "../heavy-work.ts";
import type { Asked } from "../routes.ts";
import { type ApiParameter, PATH_PARAMETERS } from "./api-parameters.ts";
import type { AnySchema, JsonSchema, Schema } from "./schema.ts";

/** What an answer may be made from besides the read model. */
export interface ApiSources {
  /** As far as the reader may see. */
  readonly live: LiveReader;
  /** Shows everything: ask only for what the reader's own model has. */
  readonly work: HeavyWork;
}

/** A route as the portal and the document see it. */
export interface ApiRoute {
  /** Below /api/v1. */
  readonly path: string;
  readonly shows: Shows;
  /** A sentence without its full stop. */
  readonly summary: string;
  readonly parameters: readonly DescribedParameter[];
  readonly answer: AnySchema;
  /** A refusal of its own: `uncomputable`, a period that cannot be billed. */
  readonly refuses?: "uncomputable";
  /** Throws `parameter`, `not-found`. */
  readonly read: (readModel: ReadModel, asked: Asked, sources?: Partial<ApiSources>) => unknown;
}

interface DescribedParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly description: string;
  readonly json: JsonSchema;
}

type PathName = keyof typeof PATH_PARAMETERS;
type NamesIn<P extends string> = P extends `${string}:${infer N}/${infer Rest}`
  ? N | NamesIn<`/${Rest}`>
  : P extends `${string}:${infer N}`
    ? N
    : never;
type ValueOf<P> = P extends ApiParameter<infer T> ? T : never;
type Values<P extends string, Q> = {
  readonly [N in NamesIn<P> & PathName]: ValueOf<(typeof PATH_PARAMETERS)[N]>;
} & { readonly [N in keyof Q]: ValueOf<Q[N]> };

/** Of a gateway that takes no live values. */
const NO_LIVE: LiveReader = { newest: () => undefined };

/** A route whose reader gets exactly the parameters that are described, and gives exactly what the schema says. */
export function apiRoute<
  const P extends string,
  T,
  Q extends Readonly<Record<string, ApiParameter<unknown>>> = Record<never, never>,
>(route: {
  readonly path: P;
  readonly shows: Shows;
  readonly summary: string;
  readonly query?: Q;
  readonly answer: Schema<T>;
  readonly refuses?: "uncomputable";
  readonly read: (
    readModel: ReadModel,
    values: Values<P, Q>,
    sources: ApiSources,
  ) => T | Promise<T>;
}): ApiRoute {
  const { path, shows, summary, query = {}, answer, refuses, read } = route;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name as PathName);
  const ofPath = names.map((name) => ({ name, ...PATH_PARAMETERS[name], in: "path" as const }));
  const ofQuery = Object.entries<ApiParameter<unknown>>(query).map(([name, parameter]) => ({
    name,
    ...parameter,
    in: "query" as const,
  }));
  return {
    path,
    shows,
    summary,
    parameters: [...ofPath, ...ofQuery],
    answer,
    ...(refuses === undefined ? {} : { refuses }),
    read: (readModel, asked, { live = NO_LIVE, work = createOwnWork(readModel) } = {}) => {
      const values = [
        ...ofPath.map(({ name, read: value }) => [name, value(asked.param(name), name)]),
        ...ofQuery.map(({ name, read: value }) => [name, value(asked.query(name), name)]),
      ];
      return read(readModel, Object.fromEntries(values) as Values<P, Q>, { live, work });
    },
  };
}
