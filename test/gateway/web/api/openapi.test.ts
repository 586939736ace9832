// The document of the JSON interface: valid by an independent validator, and true of every answer.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Hono } from "hono";
import { orderPayment } from "../../../../gateway/app/payment-desk.ts";
import { decodeConfig } from "../../../../gateway/config.ts";
import { openReadOnly } from "../../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../../gateway/projection/read-model.ts";
import { maySee, ROLES, type Shows } from "../../../../gateway/web/access/role.ts";
import { ALARM_ACTIONS } from "../../../../gateway/web/api/api-actions.ts";
import { API_ROUTES } from "../../../../gateway/web/api/api-routes.ts";
import { describeApi } from "../../../../gateway/web/api/openapi.ts";
import { createPortal } from "../../../../gateway/web/portal.ts";
import { nodeSuite } from "../../../../shared/crypto/node-suite.ts";
import { makeBilledHouse } from "../../../support/billed-house.ts";
import { makeFakeLive } from "../../../support/fake-live.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";
import { seededBytes } from "../../../support/seeded-bytes.ts";
import { TestGate } from "../../../support/test-gate.ts";
import { createTestPortal, FIRST_METER } from "../../../support/test-portal.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required?: boolean;
  readonly schema: { readonly type?: string };
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly Shows[];
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<Record<string, { readonly content?: unknown }>>;
}

interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, { readonly get: Operation; readonly post?: Operation }>>;
}

const text = JSON.stringify(describeApi(API_ROUTES, ALARM_ACTIONS));
const document = JSON.parse(text) as Document;
/** What can be asked, not what can be done. */
const READ = Object.entries(document.paths).filter(([, { post }]) => post === undefined);
const base = document.servers[0]?.url ?? "";

const ajv = new Ajv2020({ strict: true, strictRequired: true, allErrors: true });
ajv.addFormat("date", /^\d{4}-\d\d-\d\d$/);
ajv.addVocabulary(["openapi", "info", "servers", "security", "paths", "components"]);
ajv.addSchema(document, "api");

/** The compiled schema at a place of the document, with what it refers to. */
function schemaAt(...place: readonly string[]): ValidateFunction {
  const pointer = place.map((part) =>
    encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")),
  );
  return ajv.compile({ $ref: `api#/${pointer.join("/")}` });
}

function answerSchema(path: string): ValidateFunction {
  const place = ["paths", path, "get", "responses", "200"];
  return schemaAt(...place, "content", "application/json", "schema");
}

const isError = schemaAt("components", "schemas", "Error");

function assertValid(check: ValidateFunction, value: unknown, what: string): void {
  assert.ok(check(value), `${what}: ${ajv.errorsText(check.errors)}`);
}

/** Asks every route of the document as a reader of the document would. */
async function askAll(
  app: Hono,
  parts: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
  routes: typeof READ = READ,
): Promise<Map<string, number>> {
  const statuses = new Map<string, number>();
  for (const [path, { get }] of routes) {
    const address = path.replace(/\{(\w+)\}/g, (_, name: string) => {
      return encodeURIComponent(parts[name] ?? assert.fail(`no example of ${name}`));
    });
    const response = await app.request(base + address, { headers });
    const answer = await response.json();
    if (response.status === 200) assertValid(answerSchema(path), answer, `${path} of ${address}`);
    else {
      assertValid(isError, answer, address);
      assert.ok(get.responses[String(response.status)], `${path} does not name ${response.status}`);
    }
    statuses.set(path, response.status);
  }
  return statuses;
}

describe("the OpenAPI document", () => {
  test("is valid, says an independent validator", async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(text));
    assert.ok(valid, JSON.stringify(errors));
    const broken = { ...JSON.parse(text), paths: { overview: {} } };
    assert.equal((await new Validator().validate(broken)).valid, false, "the validator can fail");
  });

  test("describes the routes that there are, and is what the gateway serves", async () => {
    const routes = API_ROUTES.map(({ path }) => path.replace(/:(\w+)/g, "{$1}"));
    const actions = ALARM_ACTIONS.map(({ path }) => path.replace(/:(\w+)/g, "{$1}"));
    assert.deepEqual(Object.keys(document.paths), [...routes, ...actions]);
    const ids = Object.values(document.paths).map(({ get, post }) => (post ?? get).operationId);
    assert.equal(new Set(ids).size, ids.length);
    const served = await createTestPortal().request(`${base}/openapi.json`);
    assert.equal(await served.text(), text);
  });

  test("all its schemas compile", () => {
    for (const path of READ) answerSchema(path[0]);
  });

  test("each parameter that it names is read, and refused when it is malformed", async () => {
    const app = createTestPortal({ meters: 1, days: 3 });
    const parts = { meter: FIRST_METER, date: "2024-01-01", no: "x", height: "1", position: "1" };
    for (const [path, { get }] of READ) {
      for (const { name, in: place, required } of get.parameters) {
        assert.equal(required === true, place === "path", name);
        const wrong = name === "q" || name === "no" ? "x".repeat(201) : "~";
        const values: Record<string, string> = { ...parts };
        if (place === "path") values[name] = wrong;
        const filled = path.replace(/\{(\w+)\}/g, (_, part: string) => values[part] ?? "");
        const query = place === "query" ? `?${name}=${wrong}` : "";
        const response = await app.request(base + filled + query);
        assert.equal(response.status, 400, `${path} ${name}`);
        const answer = (await response.json()) as { code: string };
        assertValid(isError, answer, path);
        assert.equal(answer.code, "parameter");
      }
    }
  });
});

describe("every answer is what the document says", () => {
  test("over a village with gaps, silence and a broken day", async () => {
    const readModel = createFakeReadModel({
      meters: 3,
      days: 40,
      gapDates: ["2024-01-04"],
      silentDates: ["2024-01-06"],
      partialDates: ["2024-01-08"],
      brokenDate: "2024-01-09",
    });
    const { live } = makeFakeLive(readModel);
    const app = createTestPortal({}, { readModel, live });
    for (const date of ["2024-01-04", "2024-01-06", "2024-01-08", "2024-01-09"]) {
      for (const position of ["0", "9", "30"]) {
        const no = `352-2024-01-${FIRST_METER}`;
        const statuses = await askAll(app, {
          meter: FIRST_METER,
          date,
          no,
          height: position,
          position,
        });
        assert.deepEqual(new Set(statuses.values()), new Set([200]));
      }
    }
  });

  test("over an empty gateway", async () => {
    const parts = { meter: FIRST_METER, date: "2024-01-01", no: "x", height: "0", position: "0" };
    const statuses = await askAll(createTestPortal({ meters: 0, days: 0 }), parts);
    assert.equal(statuses.get("/overview"), 200);
    assert.equal(statuses.get("/meters/{meter}"), 404);
  });

  test("over a real store, for every role", async () => {
    const { app, gate, example, positions } = realStore();
    for (const role of ROLES) {
      const token = gate.addToken(`program of ${role}`, role, [example.meter]);
      for (const position of positions) {
        const statuses = await askAll(
          app,
          {
            ...example,
            date: "2024-01-02",
            height: "1",
            position,
          },
          { authorization: `Bearer ${token}` },
          // What names no record answers the same each time.
          position === positions[0] ? READ : READ.filter(([path]) => path.includes("{position}")),
        );
        for (const [path, status] of statuses) {
          const [shows] = document.paths[path]?.get.tags ?? [];
          assert.ok(shows);
          const allowed = maySee({ name: role, role, meters: [] }, shows);
          assert.equal(status, allowed ? 200 : 403, `${role} ${path}`);
        }
      }
    }
    assert.equal((await app.request(`${base}/overview`)).status, 401);
  });
});

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

/** A billed month, a payment, an event and a day that opens to nonsense, and the portal over them. */
function realStore(): {
  app: Hono;
  gate: TestGate;
  example: { meter: string; no: string };
  positions: readonly string[];
} {
  const house = makeBilledHouse();
  const { ledger: t, meter, no } = house;
  const { ledger, keys, clock } = t;
  const broken = t.enrol(t.addMeter());
  t.enrol(t.addMeter());
  t.hold(t.event(meter, "tamper", { after: "open" }), t.day(broken, { garbage: true }));
  t.mine();
  const randomBytes = seededBytes("payments");
  const config = decodeConfig({});
  const office = { ledger, suite: nodeSuite, keys, clock, randomBytes, config, brokerUrl: "" };
  orderPayment(office, { no, amount: "0.01", ref: "cash", at: 1_706_900_000 });
  t.mine();
  ledger.vault.setOnline([{ meter: meter.id, online: true, at: 1 }]);
  ledger.counters.add([{ code: "held", count: 6 }]);
  const db = openReadOnly(join(t.folder, "gateway.db"));
  open.push(() => {
    db.close();
    t.close();
  });
  const gate = new TestGate();
  const readModel = createReadModel(db, { suite: nodeSuite });
  const app = createPortal({ readModel, clock, suite: nodeSuite, gate: gate.gate });
  const positions = Array.from({ length: ledger.tip().logSize }, (_, i) => String(i));
  return { app, gate, example: { meter: meter.id, no }, positions };
}
