/** Sends load from a process of its own: wrk where it is installed, else autocannon. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pinned, tool } from "../tools.ts";

/** What is sent. */
export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back. */
export interface LoadResult {
  readonly requestsPerS: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx, and connections that failed. */
  readonly failures: number;
}

/** The generator's name and how it runs. */
export async function findGenerator(): Promise<
  { readonly name: string; readonly run: (load: Load) => Promise<LoadResult> }
> {
  const wrk = await outputOf("wrk", ["-v"]);
  if (wrk?.includes("wrk") === true) return { name: "wrk", run: runWrk };
  return { name: "autocannon", run: runAutocannon };
}

/** LuaJIT text that prints the counts as JSON. */
const WRK_REPORT = `
done = function(summary, latency, requests)
  io.write(string.format('\\nRESULT {"requests":%d,"us":%d,"p50":%f,"p99":%f,"failures":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
`;

async function runWrk(load: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), "loopgate-bench-"));
  try {
    const lua = [`wrk.method = ${JSON.stringify(load.method ?? "GET")}`];
    if (load.body !== undefined) lua.push(`wrk.body = [==[${load.body}]==]`);
    for (const [name, value] of Object.entries(load.headers ?? {})) {
      lua.push(`wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`);
    }
    const script = join(folder, "load.lua");
    writeFileSync(script, `${lua.join("\n")}\n${WRK_REPORT}`);
    const threads = load.connections === 1 ? 1 : 2;
    const output = await outputOf("wrk", [
      `-t${threads}`,
      `-c${load.connections}`,
      `-d${load.seconds}s`,
      "--timeout",
      "30s",
      "-s",
      script,
      load.url,
    ]);
    const line = output?.split("\n").find((text) => text.startsWith("RESULT "));
    if (line === undefined) throw new Error(`Cannot read what wrk said: ${output ?? "nothing"}`);
    const { requests, us, p50, p99, failures } = JSON.parse(line.slice("RESULT ".length)) as Record<string, number>;
    if (requests === undefined || us === undefined) throw new Error(`Cannot read what wrk said: ${line}`);
    return {
      requests,
      requestsPerS: requests / (us / 1e6),
      p50Ms: (p50 ?? Number.NaN) / 1000,
      p99Ms: (p99 ?? Number.NaN) / 1000,
      failures: failures ?? 0,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runAutocannon(load: Load): Promise<LoadResult> {
  const headers = Object.entries(load.headers ?? {}).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const output = await outputOf(pinned("node") ?? process.execPath, [
    tool("autocannon"),
    "--json",
    "-c",
    String(load.connections),
    "-d",
    String(load.seconds),
    "-m",
    load.method ?? "GET",
    ...(load.body === undefined ? [] : ["-b", load.body]),
    ...headers,
    load.url,
  ]);
  const start = output?.indexOf("{") ?? -1;
  if (output === undefined || start < 0) throw new Error(`Cannot read what autocannon said: ${output ?? "nothing"}`);
  const result = JSON.parse(output.slice(start)) as {
    readonly requests: { readonly total: number };
    readonly latency: { readonly p50: number; readonly p99: number };
    readonly duration: number;
    readonly errors: number;
    readonly non2xx: number;
  };
  return {
    requests: result.requests.total,
    requestsPerS: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failures: result.errors + result.non2xx,
  };
}

/** What a program wrote to stdout and stderr; undefined where there is no such program. */
export function outputOf(file: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", () => resolve(undefined));
    child.on("close", () => resolve(output));
  });
}
