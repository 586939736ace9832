/** The description of the JSON interface: an OpenAPI 3.1 document made from the table of routes. Pure. */
import type { ApiAction } from "./api-actions.ts";
import type { ApiRoute } from "./api-route.ts";
import { type AnySchema, type JsonSchema, named, objectOf, PARTS, text } from "./schema.ts";

interface ErrorAnswer {
  readonly code: string;
  readonly message: string;
}

export const ERROR = named(
  "Error",
  "Why there is no answer",
  objectOf<ErrorAnswer>({ code: text("For programs"), message: text("For people") }),
);

const REFUSALS: readonly (readonly [status: string, code: string, meaning: string])[] = [
  ["400", "parameter", "A parameter is malformed; the message names it"],
  ["401", "signed-out", "Neither a session nor a token that is known"],
  ["403", "access", "The role may not see this"],
  ["404", "not-found", "There is no such thing, or it is not the reader's"],
  ["422", "uncomputable", "These days cannot be computed; the code says why, such as tariff-none"],
];

export function describeApi(routes: readonly ApiRoute[], actions: readonly ApiAction[]): object {
  const refusals = Object.fromEntries(
    REFUSALS.map(([, code, meaning]) => [code, refusal(code, meaning)]),
  );
  const parts = [...routes.map(({ answer }) => answer), ERROR].map((schema) => schema.parts);
  return {
    openapi: "3.1.0",
    info: {
      title: "Wattproof gateway",
      version: "1.0.0",
      summary: "Sealed readings, bills and the chain that proves them",
      description:
        "Read-only but for what an operator's token may do about alarms. Quantities are integers whose unit is in the name; times are unix seconds; civil days are those of the meter's zone. Lists are paged by `limit` with `offset`, `before` or `from`.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/api/v1" }],
    security: [{ token: [] }, { session: [] }],
    paths: Object.fromEntries([
      ...routes.map((route) => [templateOf(route), { get: operation(route) }]),
      ...actions.map((action) => [templateOf(action), { post: actionOf(action) }]),
    ]),
    components: {
      schemas: Object.fromEntries(
        Object.entries(Object.assign({}, ...parts) as AnySchema["parts"]).sort(([a], [b]) =>
          a < b ? -1 : 1,
        ),
      ),
      responses: refusals,
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "Made by `gateway token`, begins with wpt_",
        },
        session: { type: "apiKey", in: "cookie", name: "wattproof_session" },
      },
    },
  };
}

function templateOf({ path }: { readonly path: string }): string {
  return path.replace(/:(\w+)/g, "{$1}");
}

function operation({ path, shows, summary, parameters, answer, refuses }: ApiRoute): JsonSchema {
  const isFound = parameters.some((parameter) => parameter.in === "path");
  const codes = REFUSALS.filter(
    ([, code]) =>
      (code !== "not-found" || isFound) &&
      (code !== "parameter" || parameters.length > 0) &&
      (code !== "uncomputable" || refuses === code),
  );
  return {
    operationId: `get${path.replace(/[/:.]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    tags: [shows],
    parameters: parameters.map(({ name, in: place, description, json }) => ({
      name,
      in: place,
      description,
      ...(place === "path" && { required: true }),
      schema: json,
    })),
    responses: {
      "200": {
        description: "The answer",
        content: { "application/json": { schema: answer.json } },
      },
      ...Object.fromEntries(
        codes.map(([status, code]) => [status, { $ref: `#/components/responses/${code}` }]),
      ),
    },
  };
}

/** What an operator's token may do; a browser's session may not, as another site could send it. */
function actionOf({ path, summary, method }: ApiAction): JsonSchema {
  const note = {
    type: "string",
    maxLength: 500,
    description: "For those who read the alarm later",
  };
  const own = REFUSALS.filter(([, code]) => code !== "uncomputable");
  const codes = own.map(([status, code]) => [status, { $ref: `#/components/responses/${code}` }]);
  return {
    operationId: method.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary,
    tags: ["alarms"],
    security: [{ token: [] }],
    parameters: [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: "path",
      description: "Number of the alarm",
      required: true,
      schema: { type: "integer", minimum: 1 },
    })),
    requestBody: {
      content: { "application/json": { schema: { type: "object", properties: { note } } } },
    },
    responses: {
      "200": {
        description: "It is done",
        content: { "application/json": { schema: { type: "object" } } },
      },
      ...Object.fromEntries(codes),
      "409": refusal("alarm-state", "Somebody was faster"),
    },
  };
}

function refusal(code: string, meaning: string): JsonSchema {
  return {
    description: `${meaning} (${code})`,
    content: { "application/json": { schema: { $ref: `${PARTS}Error` } } },
  };
}
