/** One life of a guest: its instance, its side of the network, its output. Whoever makes one ends it. */
import type { Clock } from "../base/clock.ts";
import type { CompiledComponent } from "../component/engine.ts";
import type { ExportedFunction } from "../component/exported.ts";
import type { ComponentInstance } from "../component/instance.ts";
import { LineOutput } from "../host/cli/line_output.ts";
import type { HostContext } from "../host/context.ts";
import type { GuestEgress } from "../host/egress/guest_egress.ts";
import { createHostImports } from "../host/imports.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import type { ReportLimit } from "../telemetry/limit_log.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";

/** What all guests of a gateway share. */
export interface GuestTools {
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  /** Counts that a guest met a limit, and tells the operator now and then (`LimitLog`). */
  readonly onLimit: ReportLimit;
}

/** What one guest is. */
export interface GuestProgram {
  readonly component: CompiledComponent;
  readonly label: GuestLabel;
  readonly env: readonly (readonly [string, string])[];
  /** The program's name first, as in `argv`. */
  readonly args: readonly string[];
}

/** Where a guest's output goes when not to the log. */
export type GuestOutput = (stream: "stdout" | "stderr", bytes: Uint8Array) => void;

/** What is made for one guest alone. */
export interface GuestOptions {
  /** Its own side of the workload's network. */
  readonly network: GuestNetwork;
  /** Its component's way to the outside; without one requests and names are denied. */
  readonly egress?: GuestEgress;
  /** The CDN-Loop values of the request that it answers. */
  readonly incomingCdnLoop?: readonly Uint8Array[];
  /** Default: lines for the log. */
  readonly output?: GuestOutput;
}

/** How a guest's connections end: "reset" tells its peers that they may have half an answer. */
export type ReleaseKind = "close" | "reset";

/** A running guest. */
export class Guest {
  readonly context: HostContext;
  readonly #instance: ComponentInstance;
  readonly #endOutput: () => void;
  #isEnded = false;

  /** Use `Guest.start`. */
  private constructor(
    parts: Pick<Guest, "context"> & { readonly instance: ComponentInstance; readonly endOutput: () => void },
  ) {
    this.context = parts.context;
    this.#instance = parts.instance;
    this.#endOutput = parts.endOutput;
  }

  /**
   * Instantiates the program; `network` is released when that fails, and by `end` otherwise.
   *
   * @throws the trap of a start function
   */
  static async start(program: GuestProgram, tools: GuestTools, options: GuestOptions): Promise<Guest> {
    const { label, env, args } = program;
    const { network, egress, incomingCdnLoop } = options;
    const lines = options.output === undefined ? lineOutputs(label, tools.emit) : undefined;
    const output = options.output ?? ((stream, bytes) => lines?.[stream].write(bytes));
    const endOutput = (): void => {
      lines?.stdout.end();
      lines?.stderr.end();
    };
    const context: HostContext = {
      ...tools,
      onLimit: (limit, detail) => tools.onLimit(label, limit, detail),
      label,
      env,
      args,
      network,
      output,
      ...(egress !== undefined && { egress }),
      ...(incomingCdnLoop !== undefined && { incomingCdnLoop }),
    };
    let instance: ComponentInstance;
    try {
      instance = await program.component.instantiate(createHostImports(context));
    } catch (error) {
      network.release("reset");
      endOutput();
      throw error;
    }
    tools.counters.add("instances", 1);
    return new Guest({ context, instance, endOutput });
  }

  /** Calls an exported function; rejects with the guest's `err` or its trap. */
  async call(interfaceName: string, functionName: string, args: readonly unknown[]): Promise<unknown> {
    const found = this.#instance.findInterface(interfaceName)?.[functionName];
    if (typeof found !== "function") {
      throw new TypeError(`Cannot call ${interfaceName}#${functionName}: the component has no such export`);
    }
    // The name says that it is a function and no resource class.
    return await (found as ExportedFunction)(...args);
  }

  /** Ends a call that is suspended: it rejects with a trap that has this cause. */
  kill(cause: Error): void {
    this.#instance.kill(cause);
  }

  /** Releases everything the guest has. Idempotent. */
  end(release: ReleaseKind): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      // Before the resources go: dropping a socket would close it cleanly.
      this.context.network.release(release);
      this.#instance.dispose();
    } catch (error) {
      // A resource that cannot be disposed of is the host's fault, and no reason to leave the rest behind.
      this.context.emit({ kind: "fault", where: "the release of a guest", error });
    } finally {
      this.#endOutput();
      this.context.counters.add("instances", -1);
    }
  }
}

function lineOutputs(label: GuestLabel, emit: EmitEvent): Record<"stdout" | "stderr", LineOutput> {
  const open = (stream: "stdout" | "stderr"): LineOutput =>
    new LineOutput((line) => emit({ kind: "guest-output", guest: label, stream, line }));
  return { stdout: open("stdout"), stderr: open("stderr") };
}
