/** Loopgate itself, on one of its runtimes: a folder with one workload, served by the command that users run. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DENO_V8_FLAGS } from "../../deno_v8_flags.mjs";
import { pinned, ROOT } from "../../tools.ts";
import { freePort, type Peer, type Served, startServer } from "./peer.ts";

/** What a folder of the bench says beyond its component. */
export interface FolderOptions {
  /** Of the route, as in the files. */
  readonly limits?: Readonly<Record<string, string | number>>;
  readonly net?: readonly string[];
}

/** The gateway on `runtime`; with `replicas`, as that many processes. */
export function loopgate(runtime: "node" | "deno", { replicas }: { readonly replicas?: number } = {}): Peer {
  return {
    name: `loopgate ${runtime}${replicas === undefined ? "" : `, ${replicas} replicas`}`,
    missing: async () => pinned(runtime) === undefined ? `${runtime} is not there` : undefined,
    async start(served) {
      const folder = writeFolder({ bench: served });
      const port = await freePort();
      const [file, args] = gatewayCommand(runtime, folder, port);
      return await startServer(file, replicas === undefined ? args : [...args, "--replicas", String(replicas)], {
        url: `http://127.0.0.1:${port}`,
        onStop: () => rmSync(folder, { recursive: true }),
      });
    },
  };
}

/** The program and its arguments that serve `folder`. */
export function gatewayCommand(runtime: "node" | "deno", folder: string, port: number): [string, readonly string[]] {
  const flags = runtime === "deno"
    ? ["run", "-A", "--no-check", `--v8-flags=${DENO_V8_FLAGS}`]
    : ["--disable-warning=ExperimentalWarning"];
  const main = join(ROOT, "src/cli/loopgate.mjs");
  return [pinned(runtime) ?? "", [...flags, main, "serve", folder, "--listen", `127.0.0.1:${port}`, "--log", "json"]];
}

/** A folder of workloads in a new temporary place; the one named "bench" takes every path, others `/<name>`. */
export function writeFolder(workloads: Readonly<Record<string, Served & FolderOptions>>): string {
  const folder = mkdtempSync(join(tmpdir(), "loopgate-bench-"));
  for (const [name, { component, service, mode, limits, net }] of Object.entries(workloads)) {
    const own = join(folder, name);
    mkdirSync(own);
    copyFileSync(component, join(own, "handler.wasm"));
    const workload: Record<string, unknown> = {};
    if (net !== undefined) workload["net"] = net;
    if (service !== undefined) {
      copyFileSync(service, join(own, "service.wasm"));
      workload["service"] = { component: "service.wasm", ready: { tcp: 7777 } };
    }
    writeFileSync(join(own, "workload.jsonc"), JSON.stringify(workload));
    const route = {
      match: { path: name === "bench" ? "/*" : `/${name}` },
      component: "handler.wasm",
      ...(mode === "reuse" && { instance: "reuse" }),
      ...(limits !== undefined && { limits }),
    };
    writeFileSync(join(own, "all.route.jsonc"), JSON.stringify(route));
  }
  return folder;
}
