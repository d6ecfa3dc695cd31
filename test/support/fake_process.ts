/** The process of the command line, in memory. */
import assert from "node:assert/strict";
import type { Clock } from "../../src/base/clock.ts";
import { LoopgateError } from "../../src/base/errors.ts";
import type { CliTools } from "../../src/cli/cli.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { Gateway, GatewayOptions } from "../../src/gateway/gateway.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { memoryFiles } from "./memory_files.ts";
import { routeSpec as route, workloadSpec as workload } from "./specs.ts";

/** A process in memory: what it wrote, how it ended, and a button for Ctrl-C. */
export class FakeProcess {
  out = "";
  err = "";
  exits: number[] = [];
  nowNs = 0n;
  closes = 0;
  started: GatewayOptions[] = [];
  variables: Readonly<Record<string, string>> = {};
  #onSignal: (() => void) | undefined;

  readonly clock: Clock = {
    monotonicNs: () => this.nowNs,
    monotonicMs: () => Number(this.nowNs) / 1e6,
    wallMs: () => 0,
    startTimer: () => () => {},
  };

  signal(): void {
    assert.ok(this.#onSignal !== undefined, "nobody watches signals");
    this.#onSignal();
  }

  get isWatching(): boolean {
    return this.#onSignal !== undefined;
  }

  tools(argv: readonly string[], overrides: Partial<CliTools> = {}): CliTools {
    const decoder = new TextDecoder();
    const textOf = (text: string | Uint8Array): string => (typeof text === "string" ? text : decoder.decode(text));
    const terminal: Terminal = {
      argv,
      variables: this.variables,
      stdout: { isColoured: false, write: (text) => void (this.out += textOf(text)) },
      stderr: { isColoured: false, write: (text) => void (this.err += textOf(text)) },
      watchSignals: (onSignal) => {
        this.#onSignal = onSignal;
        return () => {
          this.#onSignal = undefined;
        };
      },
      onExit: () => {},
      takeFaults: () => {},
      exit: (exitCode) => void this.exits.push(exitCode),
    };
    return {
      terminal,
      clock: this.clock,
      files: memoryFiles({}),
      ownAddresses: () => ({ listeners: [], interfaces: [] }),
      startGateway: (options) => {
        this.started.push(options);
        return Promise.resolve(this.gateway());
      },
      runCommand: () => Promise.reject(new Error("not asked for")),
      builds: { runJob: () => assert.fail("not asked for"), runProgram: () => assert.fail("not asked for") },
      probe: { stamp: () => assert.fail("not asked for"), open: () => assert.fail("not asked for") },
      startReplica: () => assert.fail("not asked for"),
      writeFile: () => Promise.reject(new Error("not asked for")),
      probePort: () => Promise.reject(new Error("not asked for")),
      ...overrides,
    };
  }

  gateway(close: () => Promise<void> = () => Promise.resolve()): Gateway {
    return {
      address: { host: "127.0.0.1", port: 8080 },
      url: "http://127.0.0.1:8080",
      adminAddress: undefined,
      drainMs: 10_000,
      publish: () => assert.fail("not asked for"),
      workloads: [workload([route("task", { path: "/task", methods: ["POST"] }), route("page", {})])],
      faults: [],
      counters: () => new LiveCounters().snapshot(),
      metrics: () => ({
        requests: [],
        denied: [],
        limited: [],
        failed: [],
        reloads: [],
        instances: [],
        certificatesEndMs: [],
        http2: { streams: 0, resets: [] },
        spans: [],
      }),
      serviceState: () => undefined,
      reload: () => Promise.resolve([]),
      fetch: () => Promise.reject(new Error("not asked for")),
      close: () => {
        this.closes++;
        return close();
      },
    };
  }
}

/** Lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** An error of the system with its code. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`listen ${code}`), { code });
}

/** What `startGateway` is rejected with when it cannot listen. */
export function listenError(cause: unknown): LoopgateError {
  return new LoopgateError("LG5001", 'Cannot listen on "a:1"', { cause });
}
