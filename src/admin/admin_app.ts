/** What the admin listener answers: a table of paths. Nothing in here changes anything, so GET and HEAD are all there is. */
import { escapeText } from "../base/escape_text.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import type { AdminSource } from "./admin_source.ts";
import type { PageFile } from "./page_files.ts";
import type { PrometheusMetrics } from "./prometheus.ts";

/** A question, as far as the answer depends on it. */
export interface AdminRequest {
  readonly method: string;
  /** With its query. */
  readonly target: string;
  /** The Host field. */
  readonly host: string | undefined;
}

/** An answer, whole. */
export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** What the app needs. */
export interface AdminAppOptions {
  readonly source: AdminSource;
  readonly metrics: Pick<PrometheusMetrics, "text" | "contentType">;
  /** A file of the page by its name; undefined when there is none. */
  readonly pageFile: (name: string) => Promise<PageFile | undefined>;
  /** The host that the operator wrote; browsers may use it as a name. */
  readonly listenHost: string;
}

/** Sent with every answer: the page runs its own script, asks its own listener, and is framed by nobody. */
const SAFE_FIELDS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/** Answers requests; never throws. */
export class AdminApp {
  readonly #options: AdminAppOptions;

  constructor(options: AdminAppOptions) {
    this.#options = options;
  }

  /** The answer to one request. */
  async answer(request: AdminRequest): Promise<AdminAnswer> {
    const answer = await this.#answer(request);
    return { ...answer, fields: { ...SAFE_FIELDS, ...answer.fields } };
  }

  async #answer({ method, target, host }: AdminRequest): Promise<AdminAnswer> {
    if (!isOwnHost(host, this.#options.listenHost)) {
      // A page of the web whose name was pointed at this machine would read everything otherwise (DNS rebinding).
      return text(
        421,
        "Cannot answer under this Host, expected an address, localhost, or the name that the gateway listens on\n",
      );
    }
    if (method !== "GET" && method !== "HEAD") {
      return { ...text(405, "Cannot change anything here, expected GET\n"), fields: { allow: "GET, HEAD" } };
    }
    const path = target.split("?", 1)[0] ?? "";
    const { source, metrics } = this.#options;
    switch (path) {
      case "/healthz":
        return text(200, "ok\n");
      case "/readyz":
        return this.#readiness();
      case "/metrics":
        return { status: 200, contentType: metrics.contentType, body: await metrics.text() };
      case "/workloads":
        return json(200, statusOf(source));
      default:
        return await this.#page(path);
    }
  }

  #readiness(): AdminAnswer {
    const readiness = this.#options.source.readiness();
    const { isReady } = readiness;
    const sentences = isReady ? ["ready", ...readiness.leftOut] : readiness.waitsFor;
    return text(isReady ? 200 : 503, sentences.map((sentence) => `${escapeText(sentence)}\n`).join(""));
  }

  async #page(path: string): Promise<AdminAnswer> {
    const file = await this.#options.pageFile(path === "/" ? "index.html" : path.slice(1));
    if (file !== undefined) return { status: 200, contentType: file.contentType, body: file.text };
    return text(404, "Cannot find this, expected /, /healthz, /readyz, /metrics or /workloads\n");
  }
}

/** The body of `/workloads`. */
function statusOf(source: AdminSource): unknown {
  return {
    version: source.version,
    url: source.url,
    startedAt: new Date(source.startedWallMs).toISOString(),
    readiness: source.readiness(),
    faults: source.faults(),
    workloads: source.workloads(),
    live: source.live(),
    totals: source.totals(),
    recent: source.recent().map(({ wallMs, event }) => ({ time: new Date(wallMs).toISOString(), ...plain(event) })),
  };
}

/** An Error has nothing that JSON shows, and its stack is for the log. */
function plain(event: ReturnType<AdminSource["recent"]>[number]["event"]): Readonly<Record<string, unknown>> {
  if (event.kind !== "fault") return event;
  const { kind, where, error } = event;
  return { kind, where, detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}

/** Addresses cannot be rebound, and the other names are the machine's or the operator's own. */
function isOwnHost(host: string | undefined, listenHost: string): boolean {
  // HTTP/1.0 probes send none; a browser always does.
  if (host === undefined) return true;
  const name = host.replace(/:[0-9]*$/, "").toLowerCase();
  const address = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  return name === "localhost" || name === listenHost.toLowerCase() || parseIpAddress(address) !== undefined;
}

function text(status: number, body: string): AdminAnswer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

function json(status: number, value: unknown): AdminAnswer {
  return { status, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(value)}\n` };
}
