/** The ten workloads of the soak: one that has to be served at all times, and nine that misbehave, each in its own way. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { wat } from "../../test/engine/wat.ts";
import { componentBytes } from "../../test/support/gateway_harness.ts";

/** What may come of a request to a workload. */
export interface Expected {
  readonly workload: string;
  readonly path: string;
  readonly body?: string;
  /** Every other status is a fault of the gateway. */
  readonly statuses: readonly number[];
  /** Whether an answer may break off after its head. */
  readonly mayBreak?: boolean;
}

/** The address that stands for the upstream; `runSoak` has it lead to the load's own server. */
export const UPSTREAM = "203.0.113.1:8080";

/** While the gateway is up: places, queues and services may be full or away for a moment, which is an answer too. */
const BUSY = [429, 503];

/** What is sent, in turns. */
export const REQUESTS: readonly Expected[] = [
  { workload: "hello", path: "/hello", statuses: [200] },
  { workload: "leet", path: "/task", body: '{"payload":"Hello"}', statuses: [200, ...BUSY] },
  { workload: "echo", path: "/echo", body: "x".repeat(200_000), statuses: [200, ...BUSY] },
  { workload: "computing", path: "/", statuses: [504, ...BUSY] },
  { workload: "computing", path: "/spin", statuses: [504, ...BUSY] },
  { workload: "trapping", path: "/trap", statuses: [500, ...BUSY] },
  { workload: "trapping", path: "/trap-after-head", statuses: [200, ...BUSY], mayBreak: true },
  { workload: "trapping", path: "/trap-after-end", statuses: [200, ...BUSY] },
  { workload: "trapping", path: "/unfinished", statuses: [200, ...BUSY], mayBreak: true },
  { workload: "exiting", path: "/exit", statuses: [500, ...BUSY] },
  { workload: "exiting", path: "/no-answer", statuses: [500, ...BUSY] },
  { workload: "hanging", path: "/hang", statuses: [504, ...BUSY] },
  // 504: on a busy machine its 300 ms may be over before its head.
  { workload: "hanging", path: "/hang-after-head", statuses: [200, 504, ...BUSY], mayBreak: true },
  { workload: "hanging", path: "/hang-after-end", statuses: [200, 504, ...BUSY] },
  { workload: "leaking", path: "/leak", statuses: [200, 500, ...BUSY] },
  ...["/", "/refuse", "/reset", "/broken", "/slow", "/error"].map((path) => ({
    workload: "proxy",
    path: "/",
    body: JSON.stringify([{ do: "http", authority: UPSTREAM, path, firstByteTimeoutMs: 300 }]),
    // The guest gives up when a body breaks off, and tells of all else.
    statuses: path === "/broken" ? [200, 500, ...BUSY] : [200, ...BUSY],
  })),
  // Its service dies with each client: what the handler makes of it is 500, and while the service is away 503.
  { workload: "dying", path: "/connect", statuses: [200, 500, ...BUSY] },
  { workload: "starting", path: "/x", statuses: [503, 429] },
];

const SPIN = `
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $out))
  (core module $M (func (export "handle") (param i32 i32) (loop $again (br $again))))
  (core instance $m (instantiate $M))
  (func $handle (param "request" (own $request)) (param "response-out" (own $out))
    (canon lift (core func $m "handle")))
  (instance $handler (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $handler))`;

/** Writes the workloads below `folder`. */
export async function writeWorkloads(folder: string): Promise<void> {
  const [probe, greeter, traveller] = await Promise.all([
    componentBytes("probe"),
    componentBytes("greeter"),
    componentBytes("traveller"),
  ]);
  const route = (host: string, more: object = {}): object => ({
    match: { host: `${host}.soak`, path: "/*" },
    component: "handler.wasm",
    ...more,
  });
  const service = (more: object): object => ({
    service: { component: "service.wasm", ready: { tcp: 7777 }, restart: { policy: "on-failure" }, ...more },
    net: [],
  });
  // On a busy machine a guest may lose half a second between the head of its answer and the end.
  const limits = { wall: "300ms", idle: "1s" };
  const files: Readonly<Record<string, object | Uint8Array>> = {
    "hello/all.route.jsonc": route("hello", { instance: "fresh" }),
    "hello/handler.wasm": await componentBytes("hello"),
    "leet/all.route.jsonc": route("leet"),
    "leet/handler.wasm": await componentBytes("http_api"),
    "leet/workload.jsonc": service({}),
    "leet/service.wasm": await componentBytes("service_leet"),
    "echo/all.route.jsonc": route("echo"),
    "echo/handler.wasm": probe,
    "computing/all.route.jsonc": route("computing", { limits: { cpu: "100ms", concurrency: 8 } }),
    "computing/handler.wasm": probe,
    "computing/wat.route.jsonc": {
      match: { host: "computing.soak", path: "/" },
      component: "spin.wasm",
      limits: { cpu: "100ms", concurrency: 8 },
    },
    "computing/spin.wasm": await wat(SPIN),
    "trapping/all.route.jsonc": route("trapping"),
    "trapping/handler.wasm": probe,
    "exiting/all.route.jsonc": route("exiting"),
    "exiting/handler.wasm": probe,
    "hanging/all.route.jsonc": route("hanging", { limits }),
    "hanging/handler.wasm": probe,
    "leaking/all.route.jsonc": route("leaking", {
      instance: { reuse: 100 },
      limits: { memory: "64MiB", concurrency: 8 },
    }),
    "leaking/handler.wasm": probe,
    "proxy/all.route.jsonc": route("proxy"),
    "proxy/handler.wasm": traveller,
    "proxy/workload.jsonc": { net: [UPSTREAM], dns: false },
    "dying/all.route.jsonc": route("dying"),
    "dying/handler.wasm": probe,
    "dying/workload.jsonc": service({ env: { MODE: "once" } }),
    "dying/service.wasm": greeter,
    "starting/all.route.jsonc": route("starting", { limits: { concurrency: 4, queue: 4, queueWait: "300ms" } }),
    "starting/handler.wasm": probe,
    "starting/workload.jsonc": service({ env: { MODE: "never" }, limits: { start: "400ms" } }),
    "starting/service.wasm": greeter,
  };
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content instanceof Uint8Array ? content : JSON.stringify(content));
  }
}
