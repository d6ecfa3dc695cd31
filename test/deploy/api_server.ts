/**
 * As much of Kubernetes' API as `kubectl apply`, `rollout status` and `rollout undo` ask for, with its rules about what they
 * send: a namespace has to be there, an immutable ConfigMap does not change, and each template of a Deployment is kept as
 * the ReplicaSet of a revision. Nothing runs: a Deployment is rolled out as soon as it is written.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An object of the API. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/** By group and version: what there is, by its name in paths. */
const RESOURCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "api/v1": { namespaces: "Namespace", services: "Service", configmaps: "ConfigMap" },
  "apis/apps/v1": { deployments: "Deployment", replicasets: "ReplicaSet" },
  "apis/autoscaling/v2": { horizontalpodautoscalers: "HorizontalPodAutoscaler" },
  "apis/networking.k8s.io/v1": { networkpolicies: "NetworkPolicy" },
  "apis/policy/v1": { poddisruptionbudgets: "PodDisruptionBudget" },
};
const REVISION = "deployment.kubernetes.io/revision";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** One of them, with what was written to it. */
export class ApiServer {
  /** By path. */
  readonly objects = new Map<string, KubernetesObject>();
  readonly #server: Server;
  #revision = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
  }

  static async open(): Promise<ApiServer> {
    const api = new ApiServer();
    api.#server.listen(0, "127.0.0.1");
    await new Promise((resolve) => api.#server.once("listening", resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The objects of a kind, in the order of their first write. */
  of(kind: string): readonly KubernetesObject[] {
    return [...this.objects.values()].filter((each) => each.kind === kind);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const bytes of request) text += String(bytes);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://a");
    const path = pathname.slice(1);
    if (searchParams.get("watch") !== null) {
      // Nothing happens after the list.
      response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
      return;
    }
    const { status, body } = discovery(path) ?? this.#object(request, path, text);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  #object(request: IncomingMessage, path: string, text: string): Answer {
    const [, group = "", namespace, resource = "", name] =
      /^(api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/.exec(path) ??
        /^(api\/v1)()\/(namespaces)\/([^/]+)$/.exec(path) ?? [];
    const kind = RESOURCES[group]?.[resource];
    if (kind === undefined) return refused(404, "NotFound", `there is no ${path}`);
    const apiVersion = group.replace(/^apis?\//, "");
    if (name === undefined && request.method === "GET") {
      const items = this.of(kind).filter(({ metadata }) => metadata.namespace === namespace);
      return { status: 200, body: { apiVersion, kind: `${kind}List`, metadata: { resourceVersion: "1" }, items } };
    }
    if (request.method === "POST") {
      const object = JSON.parse(text) as KubernetesObject;
      if (namespace !== undefined && !this.objects.has(`api/v1/namespaces/${namespace}`)) {
        return refused(404, "NotFound", `namespaces "${namespace}" not found`);
      }
      return { status: 201, body: this.#write(`${path}/${object.metadata.name}`, object) };
    }
    const before = this.objects.get(path);
    if (before === undefined) return refused(404, "NotFound", `${resource} "${name}" not found`);
    if (request.method === "GET") return { status: 200, body: before };
    const patched = patch(before, JSON.parse(text) as unknown) as KubernetesObject;
    if (before["immutable"] === true && JSON.stringify(before["data"]) !== JSON.stringify(patched["data"])) {
      return refused(422, "Invalid", `ConfigMap "${name}" is immutable`);
    }
    return { status: 200, body: this.#write(path, patched) };
  }

  #write(path: string, given: KubernetesObject): KubernetesObject {
    const uid = path;
    const object = { ...given, metadata: { ...given.metadata, uid, resourceVersion: "1", generation: 1 } };
    const written = object.kind === "Deployment" ? this.#rolledOut(path, object) : object;
    this.objects.set(path, written);
    return written;
  }

  /** With the ReplicaSet of its template, and the revision of that. */
  #rolledOut(path: string, deployment: KubernetesObject): KubernetesObject {
    const { template, selector } = deployment["spec"] as { readonly template: unknown; readonly selector: unknown };
    const { name, namespace, uid, annotations } = deployment.metadata;
    const isSame = (each: KubernetesObject): boolean =>
      JSON.stringify((each["spec"] as { template: unknown }).template) === JSON.stringify(template);
    const revision = String(++this.#revision);
    const kept = this.of("ReplicaSet").find(isSame)?.metadata.name ?? `${name}-${revision}`;
    this.objects.set(`apis/apps/v1/namespaces/${namespace}/replicasets/${kept}`, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: kept,
        ...(namespace !== undefined && { namespace }),
        uid: `${path}/${kept}`,
        labels: (template as { metadata: { labels: unknown } }).metadata.labels,
        annotations: { [REVISION]: revision },
        ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name, uid, controller: true }],
      },
      spec: { replicas: 1, selector, template },
    });
    const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
    const metadata = { ...deployment.metadata, annotations: { ...annotations, [REVISION]: revision } };
    return { ...deployment, metadata, status };
  }
}

function refused(code: number, reason: string, message: string): Answer {
  return { status: code, body: { apiVersion: "v1", kind: "Status", status: "Failure", code, reason, message } };
}

/** What there is, and that whoever writes may ask for unknown fields to be refused. */
function discovery(path: string): Answer | undefined {
  const ok = (body: unknown): Answer => ({ status: 200, body });
  if (path === "version") return ok({ major: "1", minor: "32", gitVersion: "v1.32.0" });
  if (path === "api") return ok({ kind: "APIVersions", versions: ["v1"] });
  if (path === "apis") {
    const groups = Object.keys(RESOURCES).filter((each) => each !== "api/v1").map((each) => {
      const [, name = "", version = ""] = each.split("/");
      const only = { groupVersion: `${name}/${version}`, version };
      return { name, versions: [only], preferredVersion: only };
    });
    return ok({ kind: "APIGroupList", apiVersion: "v1", groups });
  }
  if (path === "openapi/v3") {
    const paths = Object.keys(RESOURCES).map((each) => [each, { serverRelativeURL: `/openapi/v3/${each}` }]);
    return ok({ paths: Object.fromEntries(paths) });
  }
  const group = path.replace("openapi/v3/", "");
  const resources = RESOURCES[group];
  if (resources === undefined) return undefined;
  const [version = "", name = ""] = group.split("/").toReversed();
  if (path === group) {
    const verbs = ["create", "get", "list", "patch", "watch"];
    const list = Object.entries(resources).map(([each, kind]) => ({
      name: each,
      singularName: kind.toLowerCase(),
      kind,
      namespaced: kind !== "Namespace",
      verbs,
    }));
    return ok({ kind: "APIResourceList", groupVersion: path.replace(/^apis?\//, ""), resources: list });
  }
  const paths = Object.entries(resources).map(([each, kind]) => [`/${group}/${each}/{name}`, {
    patch: {
      parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
      responses: {},
      "x-kubernetes-group-version-kind": { group: name === "api" ? "" : name, version, kind },
    },
  }]);
  return ok({ openapi: "3.0.0", info: { title: "Kubernetes", version: "1" }, paths: Object.fromEntries(paths) });
}

/** A JSON patch of whole fields, which is what `rollout undo` sends, or a merge of objects, which `apply` does. */
function patch(before: unknown, change: unknown): unknown {
  if (!Array.isArray(change)) return merged(before, change);
  return change.reduce((after: unknown, { path, value }: { readonly path: string; readonly value: unknown }) => {
    return replaced(after, path.split("/").slice(1), value);
  }, before);
}

function replaced(before: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  return isObject(before) ? { ...before, [key]: replaced(before[key], rest, value) } : before;
}

function merged(before: unknown, change: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(change)) return mergedLists(before, change);
  if (!isObject(change) || !isObject(before)) return change;
  const after: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(change)) {
    if (key.startsWith("$")) continue;
    if (value === null) delete after[key];
    else after[key] = merged(after[key], value);
  }
  return after;
}

/** Lists of named things are merged by their names. */
function mergedLists(before: readonly unknown[], change: readonly unknown[]): readonly unknown[] {
  if (!change.every((each) => isObject(each) && "name" in each)) return change;
  const nameOf = (each: unknown): unknown => isObject(each) ? each["name"] : undefined;
  const changed = before.map((each) => {
    const change_ = change.find((one) => nameOf(one) === nameOf(each));
    return change_ === undefined ? each : merged(each, change_);
  });
  return [...changed, ...change.filter((each) => !before.some((one) => nameOf(one) === nameOf(each)))];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
