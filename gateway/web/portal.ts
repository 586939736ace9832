/**
 * The portal: the gateway's pages and JSON over node:http. Server-rendered, read-only but for the forms of access/; every answer
 * carries the security headers, every parameter was checked, every failure has a code.
 *
 * In: a read model, a clock and the crypto suite. Out: a Hono app, and a server for it.
 */
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { type Clock, unixNow } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { LiveReader } from "../live/live-values.ts";
import type { ReadModel } from "../projection/read-model-types.ts";
import { addAccessRoutes } from "./access/access-routes.ts";
import type { Gate } from "./access/gate.ts";
import { maySee, type Shows, type Viewer } from "./access/role.ts";
import { scopeReadModel, withoutReadings } from "./access/scoped-model.ts";
import { ALARM_POST, addAlarmRoutes } from "./alarm-routes.ts";
import { API_ROUTES } from "./api/api-routes.ts";
import { loadAssets } from "./assets.ts";
import { createOwnWork, type HeavyWork } from "./heavy-work.ts";
import type { EventHub } from "./live/event-hub.ts";
import { answerEvents, EVENTS_PATH } from "./live/event-route.ts";
import { scopeLive, sightOf } from "./live/live-sight.ts";
import { formatMetrics, METRICS_TYPE } from "./metrics.ts";
import { type Problem, problemPage } from "./page/problem.ts";
import { streamPieces } from "./piece-stream.ts";
import { problemOf } from "./problem-of.ts";
import { type Answer, type Asked, ROUTES } from "./routes.ts";
import { isAllowedHost, LOOPBACK_HOSTS, SECURITY_HEADERS } from "./security-headers.ts";
import { loadVerifier, VERIFIER_PATH } from "./verifier.ts";
import { type Frame, type Page, renderPage } from "./view/layout.ts";

export interface PortalOptions {
  readonly readModel: ReadModel;
  readonly clock: Clock;
  /** For checking proofs while a page is made; the native one on a gateway. */
  readonly suite: CryptoSuite;
  /** Host names that requests may use, without port. Default: those of loopback. */
  readonly allowedHosts?: readonly string[];
  /** Who may see what; absent: everybody sees everything, which only a portal on loopback may offer. */
  readonly gate?: Gate;
  /** Text of a bill's bundle; absent: the portal hands out none. */
  readonly exportBundle?: (no: string) => string | Promise<string>;
  /** Default: on this thread. */
  readonly work?: HeavyWork;
  /** Newest live values; absent where the gateway takes none. */
  readonly live?: LiveReader;
  /** What tells open pages that something happened; absent: they do not move. */
  readonly events?: EventHub;
  /** Carries an operator's order out in the thread that writes; absent: the portal only shows. */
  readonly office?: (method: string, parameters: unknown) => Promise<unknown>;
  /** Where failures that are not the reader's go. Default: nowhere. */
  readonly onError?: (error: unknown) => void;
  /** Writing direction of the page. Default "ltr". */
  readonly dir?: "ltr" | "rtl";
}

const API = "/api/v1";
/** Addresses that take a POST whatever else there is. */
const FORMS = ["/sign-in", "/sign-out", "/set-up", "/account"];
const PRIVATE = "private, no-store";

/** The portal as an app; it holds no state of its own. */
export function createPortal(options: PortalOptions): Hono {
  const {
    readModel,
    suite,
    clock,
    gate,
    office,
    live,
    events,
    allowedHosts = LOOPBACK_HOSTS,
  } = options;
  const assets = loadAssets();
  const verifier = loadVerifier();
  const { work = createOwnWork(readModel) } = options;
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    for (const [name, value] of SECURITY_HEADERS) c.res.headers.set(name, value);
    if (verifier !== undefined && c.req.path === VERIFIER_PATH && c.res.ok) {
      c.res.headers.set("Content-Security-Policy", verifier.policy);
    }
  });
  app.use(compress());
  app.use(async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (!isAllowedHost(host, allowedHosts)) {
      fail("host", "the request names another host than this portal's");
    }
    const isForm = gate !== undefined && c.req.method === "POST" && takesPost(c.req.path);
    if (c.req.method !== "GET" && c.req.method !== "HEAD" && !isForm) {
      return respondProblem(c, {
        status: 405,
        code: "method",
        message: "this address takes GET and HEAD only",
      });
    }
    return next();
  });

  app.get("/assets/:name", (c) => {
    const asset = assets.byName.get(c.req.param("name"));
    if (asset === undefined) fail("not-found", "this file is not here");
    const headers = { "Cache-Control": "public, max-age=31536000, immutable", ETag: asset.etag };
    if (c.req.header("if-none-match") === asset.etag) return c.body(null, 304, headers);
    return c.body(asset.bytes, 200, { ...headers, "Content-Type": asset.type });
  });

  app.get(VERIFIER_PATH, (c) => {
    if (verifier === undefined) fail("not-found", "the offline verifier is not built here");
    // The same for everybody, and of nobody's data: it asks for no sign-in.
    const headers = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache" };
    return c.body(verifier.text, 200, headers);
  });

  if (gate !== undefined) {
    const onSignOut = (session: string): void => events?.endSession(session);
    addAccessRoutes({ app, gate, respond: respondPage, addressOf, onSignOut });
    if (office !== undefined) addAlarmRoutes({ app, gate, office });
  }
  for (const route of ROUTES) {
    app.get(route.path, async (c) => {
      const viewer = gate?.viewer(c, { tokens: false });
      if (gate !== undefined && viewer === undefined) return askToSignIn(c, gate);
      if (viewer !== undefined && !maySee(viewer, route.shows)) {
        // The first page of those who may see no readings is the chain.
        if (route.path === "/") return c.redirect("/chain", 303);
        fail("access", `a ${viewer.role} may not see this`);
      }
      const mayExport = viewer === undefined || maySee(viewer, "readings");
      const { exportBundle } = options;
      const context = {
        readModel: modelFor(viewer),
        work,
        maySeeReadings: mayExport,
        suite,
        nowSeconds: unixNow(clock),
        mayOperate: viewer === undefined || maySee(viewer, "operations"),
        ...(gate !== undefined && viewer?.role === "operator" && office !== undefined
          ? { formToken: gate.formToken(c) }
          : {}),
        ...(mayExport && exportBundle !== undefined ? { exportBundle } : {}),
        ...liveFor(viewer),
      };
      return respond(c, await route.answer(context, askedOf(c)));
    });
  }
  for (const route of API_ROUTES) {
    app.get(`${API}${route.path}`, async (c) => {
      const viewer = requireViewer(c, route.shows);
      const sources = { ...liveFor(viewer), work };
      return respondJson(c, await route.read(modelFor(viewer), askedOf(c), sources), 200);
    });
  }
  app.get(EVENTS_PATH, (c) => {
    const viewer = requireViewer(c, "chain");
    if (events === undefined) fail("not-found", "this portal tells no events");
    return answerEvents(c, events, gate, viewer);
  });
  app.get("/metrics", (c) => {
    requireViewer(c, "metrics");
    const headers = { "Content-Type": METRICS_TYPE, "Cache-Control": PRIVATE };
    return c.body(formatMetrics(readModel), 200, headers);
  });

  app.notFound((c) =>
    respondProblem(c, { status: 404, code: "not-found", message: "there is no such page" }),
  );
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem.status === 500) options.onError?.(error);
    return respondProblem(c, problem);
  });
  return app;

  function takesPost(path: string): boolean {
    return FORMS.includes(path) || (office !== undefined && ALARM_POST.test(path));
  }

  /** Of programs: a token, or the session of a browser. Throws `signed-out`, `access`. */
  function requireViewer(c: Context, shows: Shows): Viewer | undefined {
    if (gate === undefined) return undefined;
    const viewer = gate.viewer(c, { tokens: true });
    if (viewer === undefined) fail("signed-out", "sign in, or send a token");
    if (!maySee(viewer, shows)) fail("access", `a ${viewer.role} may not see this`);
    return viewer;
  }

  function modelFor(viewer: Viewer | undefined): ReadModel {
    if (viewer?.role === "customer") return scopeReadModel(readModel, viewer.meters);
    return viewer?.role === "auditor" ? withoutReadings(readModel) : readModel;
  }

  function liveFor(viewer: Viewer | undefined): { readonly live?: LiveReader } {
    return live === undefined ? {} : { live: scopeLive(live, sightOf(viewer)) };
  }

  function askToSignIn(c: Context, to: Gate): Response {
    if (to.needsSetUp()) fail("signed-out", "open the set-up link that this gateway printed");
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`/sign-in?next=${encodeURIComponent(pathname + search)}`, 303);
  }

  function respond(c: Context, answer: Answer): Response {
    if (answer.kind === "redirect") return c.redirect(answer.to, 303);
    if (answer.kind === "page") return respondPage(c, answer.page, 200);
    const body =
      answer.kind === "file" ? answer.content : streamPieces(answer.pieces, options.onError);
    return c.body(body, 200, {
      "Content-Type": answer.type,
      "Content-Disposition": `attachment; filename="${answer.name}"`,
      "Cache-Control": PRIVATE,
    });
  }

  function respondPage(c: Context, page: Page, status: 200 | Problem["status"]): Response {
    const text = String(renderPage(page, readFrame(c), assets));
    return c.body(text, status, {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": PRIVATE,
    });
  }

  function respondProblem(c: Context, problem: Problem): Response {
    if (c.req.path.startsWith(`${API}/`) || c.req.path === EVENTS_PATH) {
      const { status, code, message } = problem;
      return respondJson(c, { code, message }, status);
    }
    return respondPage(c, problemPage(problem), problem.status);
  }

  /** Undefined when the store cannot be read; the error page is shown without it. */
  function readFrame(c: Context): Frame | undefined {
    try {
      const viewer = gate?.viewer(c, { tokens: false });
      // Strangers learn nothing of the chain.
      if (gate !== undefined && viewer === undefined) return undefined;
      const { tip, openAlarms } = modelFor(viewer).overview();
      const frame = { dir: options.dir ?? "ltr", tip, openAlarms };
      if (viewer === undefined) return frame;
      const shows = (kind: Shows): boolean => maySee(viewer, kind);
      return { ...frame, viewer: { name: viewer.name, shows } };
    } catch {
      return undefined;
    }
  }
}

/** The caller's address, where there is a connection. */
function addressOf(c: Context): string {
  return c.env === undefined || !("incoming" in (c.env as object))
    ? "local"
    : (getConnInfo(c).remote.address ?? "unknown");
}

function askedOf(c: Context): Asked {
  return { param: (name) => c.req.param(name) ?? "", query: (name) => c.req.query(name) };
}

function respondJson(c: Context, value: unknown, status: 200 | Problem["status"]): Response {
  const text = JSON.stringify(value, writeBytes);
  return c.body(text, status, { "Content-Type": "application/json", "Cache-Control": PRIVATE });
}

/** A member as it is, before a Buffer has turned itself into an object. */
function writeBytes(this: Readonly<Record<string, unknown>>, name: string, member: unknown) {
  const value = this[name];
  return value instanceof Uint8Array ? encodeBase64url(value) : member;
}

export interface RunningPortal {
  /** For people and for tests, for example "http://127.0.0.1:8088". */
  readonly url: string;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

/** Serves the app. Port 0 takes any free port. Rejects when the address is in use. */
export function startPortal(options: {
  readonly app: Hono;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
}): Promise<RunningPortal> {
  const { app, host = "127.0.0.1", port } = options;
  const server = createAdaptorServer({ fetch: app.fetch });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address() as AddressInfo;
      const name = host.includes(":") ? `[${host}]` : host;
      resolve({
        url: `http://${name}:${address.port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
  });
}
