/** A gateway on a folder in memory, with guests that are built on first use. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildWorkloads } from "../../scripts/build_workloads.ts";
import type { FileFacts, FileReader, FolderEntry } from "../../src/config/file_reader.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/gateway.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { LIVE_KINDS } from "../../src/telemetry/live_counters.ts";
import { eventually } from "./http_harness.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const GUESTS = `${ROOT}test/guests/quickjs`;
const LARGE_GUESTS = `${ROOT}test/guests/starlingmonkey`;

/** Components of `test/guests/quickjs` and `test/guests/starlingmonkey`, and the samples. */
const COMPONENTS = {
  probe: `${GUESTS}/probe/dist/probe.wasm`,
  traveller: `${GUESTS}/traveller/dist/traveller.wasm`,
  datagrams: `${GUESTS}/datagrams/dist/datagrams.wasm`,
  greeter: `${GUESTS}/greeter/dist/greeter.wasm`,
  web_app: `${GUESTS}/web/dist/web_app.wasm`,
  web_checks: `${GUESTS}/web/dist/checks.wasm`,
  echo_service: `${GUESTS}/web/dist/echo_service.wasm`,
  starling_web_app: `${LARGE_GUESTS}/web/dist/web_app.wasm`,
  starling_web_checks: `${LARGE_GUESTS}/web/dist/checks.wasm`,
  starling_echo_service: `${LARGE_GUESTS}/web/dist/echo_service.wasm`,
  starling_http_api: `${LARGE_GUESTS}/leet/dist/http_api.wasm`,
  starling_service_leet: `${LARGE_GUESTS}/leet/dist/service_leet.wasm`,
  hello: `${ROOT}workloads/hello/dist/hello.wasm`,
  fetch_proxy: `${ROOT}workloads/fetch-proxy/dist/fetch_proxy.wasm`,
  http_api: `${ROOT}workloads/service-tcp/dist/http_api.wasm`,
  service_leet: `${ROOT}workloads/service-tcp/dist/service_leet.wasm`,
} as const;

export type ComponentName = keyof typeof COMPONENTS;

let built: Promise<void> | undefined;
/** Half a minute of building, for a few tests only. */
let largeBuilt: Promise<void> | undefined;

/** The bytes of a component, built where it is missing or stale. */
export async function componentBytes(name: ComponentName): Promise<Uint8Array> {
  if (COMPONENTS[name].startsWith(LARGE_GUESTS)) {
    await (largeBuilt ??= buildWorkloads(LARGE_GUESTS));
    return await readFile(COMPONENTS[name]);
  }
  built ??= (async () => {
    await buildWorkloads(GUESTS);
    await buildWorkloads(`${ROOT}workloads`);
  })();
  await built;
  return await readFile(COMPONENTS[name]);
}

/** Files by path; a value that is no text or bytes is written as JSON. */
export type FolderContent = Readonly<Record<string, unknown>>;

/** A folder called "w" in memory. */
export function memoryFiles(content: FolderContent): FileReader {
  const files = new Map(Object.entries(content).map(([path, value]) => [`w/${path}`, toBytes(value)]));
  const isFolder = (path: string): boolean => [...files.keys()].some((file) => file.startsWith(`${path}/`));
  return {
    list(folder) {
      const names = new Map<string, FolderEntry>();
      for (const file of files.keys()) {
        if (!file.startsWith(`${folder}/`)) continue;
        const [name = "", ...below] = file.slice(folder.length + 1).split("/");
        names.set(name, { name, kind: below.length > 0 ? "folder" : "file" });
      }
      return Promise.resolve([...names.values()]);
    },
    read(file) {
      const bytes = files.get(file);
      return bytes === undefined ? Promise.reject(new Error("it is not there")) : Promise.resolve(bytes);
    },
    inspect(path) {
      const facts = (kind: FileFacts["kind"]): FileFacts => ({ kind, realPath: `/${path}`, isReadable: true });
      if (files.has(path)) return Promise.resolve(facts("file"));
      return Promise.resolve(isFolder(path) ? facts("folder") : undefined);
    },
    variable: () => undefined,
  };
}

function toBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** A gateway with what it said. */
export interface GatewayHarness {
  readonly gateway: Gateway;
  readonly port: number;
  readonly url: string;
  readonly events: GatewayEvent[];
  /** Everything alive is what was alive before the first request: nothing but the services and what they hold. */
  backToIdle(): Promise<void>;
}

/** Whether nothing is alive but what was when nothing happened. */
export function isIdle(gateway: Gateway, idle: ReturnType<Gateway["counters"]>): boolean {
  const now = gateway.counters();
  // Instances that wait for the next request are idle, and have one timer together.
  const timers = idle.timers + (now.idleInstances > 0 ? 1 : 0) - (idle.idleInstances > 0 ? 1 : 0);
  const expected = { ...idle, idleInstances: now.idleInstances, timers };
  return LIVE_KINDS.every((kind) => now[kind] === expected[kind]);
}

/** Starts a gateway on `content`; what is alive once every service is ready counts as idle. */
export async function startTestGateway(
  content: FolderContent,
  options: Omit<GatewayOptions, "folder" | "files" | "listen" | "emit"> = {},
): Promise<GatewayHarness> {
  const events: GatewayEvent[] = [];
  const gateway = await startGateway({
    ...options,
    folder: "w",
    files: memoryFiles(content),
    listen: { host: "127.0.0.1", port: 0 },
    emit: (event) => events.push(event),
  });
  const settled = ["ready", "completed", "failed", undefined];
  const late = gateway.workloads.filter(({ service }) => service?.env.some(([name]) => name === "MODE") === true);
  if (late.length === 0) {
    await eventually(() => gateway.workloads.every(({ name }) => settled.includes(gateway.serviceState(name))));
  }
  const idle = await settledCounters(gateway);
  return {
    gateway,
    port: gateway.address.port,
    url: gateway.url,
    events,
    backToIdle: () => eventually(() => isIdle(gateway, idle)),
  };
}

/** A service that listens may compute on before it waits: what is alive once that no more changes, or soon. */
export async function settledCounters(gateway: Gateway): Promise<ReturnType<Gateway["counters"]>> {
  const hasService = gateway.workloads.some(({ name }) => gateway.serviceState(name) !== undefined);
  const enough = hasService ? 10 : 3;
  let before = gateway.counters();
  for (let round = 0, same = 0; round < 100 && same < enough; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const now = gateway.counters();
    same = LIVE_KINDS.every((kind) => now[kind] === before[kind]) ? same + 1 : 0;
    before = now;
  }
  return before;
}

/** Closes the gateway and says what is left of it: nothing. */
export async function closeToNothing({ gateway }: GatewayHarness): Promise<Readonly<Record<string, number>>> {
  await gateway.close();
  return Object.fromEntries(Object.entries(gateway.counters()).filter(([, count]) => count !== 0));
}
