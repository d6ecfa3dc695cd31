/** What guests in TypeScript cost on each engine: a build, a component, a request's processor time of gateway and guest. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { buildFolder } from "../../src/build/build_folder.ts";
import type { GuestOutcome } from "../../src/build/build_workload.ts";
import { jobRunner, runProgram } from "../../src/cli/build_process.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { pinned, ROOT, run } from "../tools.ts";
import { type BenchRow, median, round, spread } from "./results.ts";

/** The `build` of a workload, by the name of what it makes. */
const BUILDS = {
  "quickjs": { engine: "quickjs" },
  "quickjs-speed": { engine: "quickjs", optimize: "speed" },
  "starlingmonkey": { engine: "starlingmonkey" },
} as const;

const sample = (file: string): string => JSON.stringify(join(ROOT, "workloads", file));

/** Handlers by name; the page has a service. */
const HANDLERS: Readonly<Record<string, string>> = {
  hello: `export { default } from ${sample("hello/src/hello.ts")};\n`,
  hono: `import { Hono } from "hono";
const app = new Hono();
app.get("/task/:name", (context) => context.text(\`Hello \${context.req.param("name")}\`));
export default app;
`,
  page: `export { default } from ${sample("service-tcp/src/http_api.ts")};\n`,
};
const SERVICE = `import service from ${sample("service-tcp/src/service_leet.ts")};
export default { run: () => service.run() };
`;

/** Measures and prints both runtimes. */
export async function guestsTable(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-bench-"));
  try {
    const built = await build(folder);
    const rows: BenchRow[] = [];
    console.log("Processor time of a request: median (spread) of 7 rounds\n");
    console.log("| | KB | build s | node: us | deno: us |\n| --- | ---: | ---: | ---: | ---: |");
    const [node, deno] = [await measure("node", folder), await measure("deno", folder)];
    for (const [name, { bytes, seconds }] of built) {
      const cells = [node[name] ?? [], deno[name] ?? []].map((us) => `${round(median(us))} (${spread(us)})`);
      console.log(`| ${name} | ${round(bytes / 1_000)} | ${round(seconds)} | ${cells.join(" | ")} |`);
      rows.push({ table: "guests", row: name, who: "build", values: { bytes, seconds } });
      rows.push({ table: "guests", row: name, who: "node", values: { cpuUs: median(node[name] ?? []) } });
      rows.push({ table: "guests", row: name, who: "deno", values: { cpuUs: median(deno[name] ?? []) } });
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Built {
  readonly bytes: number;
  readonly seconds: number;
}

/** Writes and builds a workload for each engine and handler. */
async function build(folder: string): Promise<ReadonlyMap<string, Built>> {
  for (const [way, section] of Object.entries(BUILDS)) {
    for (const [name, source] of Object.entries(HANDLERS)) {
      const workload = join(folder, `${name}-${way}`);
      await mkdir(join(workload, "src"), { recursive: true });
      await writeFile(join(workload, "src/handler.ts"), source);
      await writeFile(join(workload, "src/service.ts"), SERVICE);
      const match = { host: `${name}-${way}.example`, path: "/*" };
      await writeFile(join(workload, "all.route.jsonc"), JSON.stringify({ match, component: "dist/handler.wasm" }));
      const service = { component: "dist/service.wasm", ready: { tcp: 7777 } };
      const file = { build: section, ...(name === "page" && { service }) };
      await writeFile(join(workload, "workload.jsonc"), JSON.stringify(file));
    }
  }
  const outcomes: GuestOutcome[] = [];
  const tools = { runJob: jobRunner(), runProgram, clock: systemClock };
  await buildFolder(folder, folderFiles, { ...tools, onOutcome: (outcome) => void outcomes.push(outcome) });
  return new Map(outcomes.flatMap((outcome) => {
    if (outcome.kind !== "built") throw new Error(`Cannot measure: ${outcome.component} was not built`);
    const { component, bytes, durationMs } = outcome;
    const workload = basename(join(component, "../.."));
    return component.endsWith("handler.wasm") ? [[workload, { bytes, seconds: durationMs / 1_000 }] as const] : [];
  }));
}

async function measure(runtime: "node" | "deno", folder: string): Promise<Record<string, readonly number[]>> {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : ["--disable-warning=ExperimentalWarning"];
  const { code, output } = await run(pinned(runtime) ?? "", [
    ...flags,
    join(ROOT, "scripts/bench/guests_worker.ts"),
    folder,
  ]);
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (code !== 0 || line === undefined) throw new Error(`Cannot measure the guests on ${runtime}: ${output}`);
  return JSON.parse(line) as Record<string, readonly number[]>;
}
