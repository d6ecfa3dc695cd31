/** A gateway on a real folder that is watched, and what an operator does to such a folder. */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/gateway.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { componentBytes, type FolderContent } from "./gateway_harness.ts";
import { eventually } from "./http_harness.ts";
import { requestHost } from "./request_host.ts";

type ReloadEvent = Extract<GatewayEvent, { readonly kind: "reload" }>;

/** A folder below the system's temporary one. */
export class TestFolder {
  readonly path: string;
  #writes = 0;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(content: FolderContent): Promise<TestFolder> {
    const folder = new TestFolder(await mkdtemp(join(tmpdir(), "loopgate-reload-")));
    for (const [path, value] of Object.entries(content)) await folder.write(path, value);
    return folder;
  }

  /** As careful tools do it: a new file takes the name of the old one. A value that is no text or bytes is written as JSON. */
  async write(path: string, value: unknown): Promise<void> {
    const file = join(this.path, path);
    await mkdir(dirname(file), { recursive: true });
    const draft = `${file}.${this.#writes++}.tmp`;
    await writeFile(draft, contentOf(value));
    await rename(draft, file);
  }

  /** As careless ones do it: the old file is emptied and filled again. */
  async overwrite(path: string, value: unknown): Promise<void> {
    await writeFile(join(this.path, path), contentOf(value));
  }

  /** A whole sub-folder at once: written elsewhere and then moved in. */
  async deploy(name: string, content: FolderContent): Promise<void> {
    const draft = await TestFolder.make(content);
    await rename(draft.path, join(this.path, name));
  }

  async remove(path = ""): Promise<void> {
    await rm(join(this.path, path), { recursive: true });
  }
}

function contentOf(value: unknown): string | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array ? value : JSON.stringify(value);
}

/** A gateway that watches a folder of its own. */
export interface WatchedGateway {
  readonly gateway: Gateway;
  readonly folder: TestFolder;
  readonly events: GatewayEvent[];
  /** `outcome workload` of each reload so far. */
  reloads(): readonly string[];
  /** Waits until so many reloads were told, and gives the last one. */
  untilReloads(count: number): Promise<ReloadEvent>;
  /** The body of an answer of the workload's route. */
  ask(workload: string, path: string): Promise<string>;
  /** Closes it and removes the folder; resolves to what is left alive. */
  close(): Promise<Readonly<Record<string, number>>>;
}

/** Starts one; every service is ready. */
export async function watchFolder(
  content: FolderContent,
  options: Omit<GatewayOptions, "folder" | "files" | "listen" | "emit"> = {},
): Promise<WatchedGateway> {
  const folder = await TestFolder.make(content);
  const events: GatewayEvent[] = [];
  const gateway = await startGateway({
    watch: true,
    ...options,
    folder: folder.path,
    listen: { host: "127.0.0.1", port: 0 },
    emit: (event) => events.push(event),
  });
  const told = (): ReloadEvent[] => events.filter((event) => event.kind === "reload");
  await eventually(() => gateway.workloads.every(({ name }) => isSettled(gateway.serviceState(name))));
  return {
    gateway,
    folder,
    events,
    reloads: () => told().map(({ outcome, workload }) => (workload === undefined ? outcome : `${outcome} ${workload}`)),
    async untilReloads(count) {
      await eventually(() => told().length >= count);
      const last = told().at(-1);
      if (last === undefined) throw new TypeError("Cannot wait for no reload");
      return last;
    },
    ask: async (workload, path) => await (await requestHost(gateway.url + path, `${workload}.example`)).text(),
    async close() {
      await gateway.close();
      await folder.remove();
      return Object.fromEntries(Object.entries(gateway.counters()).filter(([, count]) => count !== 0));
    },
  };
}

function isSettled(state: string | undefined): boolean {
  return state === undefined || state === "ready" || state === "completed" || state === "failed";
}

/** The route file of a workload that `WatchedGateway.ask` reaches; "/environment" shows the version. */
export function routeFile(workload: string, version: string, more: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    match: { host: `${workload}.example`, path: "/*" },
    component: "probe.wasm",
    env: { VERSION: version },
    ...more,
  };
}

/** A workload's file whose service answers "/connect" with the version. */
export function serviceFile(version: string, more: Readonly<Record<string, string>> = {}, readyPort = 7777): unknown {
  return {
    service: { component: "greeter.wasm", env: { NAME: version, ...more }, ready: { tcp: readyPort } },
    net: [],
  };
}

/** A workload with one route and no service, below its folder. */
export async function routeContent(workload: string, version: string): Promise<FolderContent> {
  return { "all.route.jsonc": routeFile(workload, version), "probe.wasm": await componentBytes("probe") };
}

/** The same with a service. */
export async function serviceContent(workload: string, version: string): Promise<FolderContent> {
  return {
    ...(await routeContent(workload, version)),
    "workload.jsonc": serviceFile(version),
    "greeter.wasm": await componentBytes("greeter"),
  };
}

/** Paths below the gateway's folder. */
export function within(workload: string, content: FolderContent): FolderContent {
  return Object.fromEntries(Object.entries(content).map(([path, value]) => [`${workload}/${path}`, value]));
}

/** The same component under another digest: a custom section (wasm core spec, 5.5.3) at its end. */
export function marked(component: Uint8Array, mark: string): Uint8Array {
  const name = new TextEncoder().encode(mark);
  return new Uint8Array([...component, 0, name.length + 1, name.length, ...name]);
}
