// tidy: long because the steps of a guest's life belong together, and each is told why
/**
 * One guest: its instance, and its requests one after the other (or its one life, for a service). Whoever makes one
 * ends it.
 *
 * `new` -> `begin` -> (`start`, once) -> `call`s -> `rest` -> `begin` -> ... -> `end`. A guest can be killed between `begin`
 * and `rest` or `end`; one that trapped or was killed can only be ended.
 */
import { formatByteSize } from "../base/quantity.ts";
import { StackLimitTrap } from "../component/canon_lift.ts";
import type { CompiledComponent } from "../component/engine.ts";
import { ComponentError } from "../component/errors.ts";
import type { ExportedFunction } from "../component/exported.ts";
import { HandleLimitTrap } from "../component/handles.ts";
import type { ComponentInstance } from "../component/instance.ts";
import { LineOutput } from "../host/cli/line_output.ts";
import type { GuestEgress } from "../host/egress/guest_egress.ts";
import { createHostImports } from "../host/imports.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { SpanParent } from "../telemetry/trace.ts";
import type { OpenMounts } from "../volume/workload_volumes.ts";
import type { CountInstance } from "../telemetry/instance_counts.ts";
import { CpuMeter } from "./cpu_meter.ts";
import { GuestContext } from "./guest_context.ts";
import { GuestRefusedError } from "./guest_refused.ts";
import type { GuestTools } from "./guest_tools.ts";
import type { InstanceHost } from "./instance_host.ts";
import type { InstancePages } from "./instance_pages.ts";
import { lineCount, type LogRate } from "./log_rate.ts";
import { placesOf, type WorkloadBudget } from "./process_budget.ts";
import { VolumeMemory } from "./volume_memory.ts";

export type { GuestTools } from "./guest_tools.ts";

/** What one guest may use, beside what its network and its exchange limit. */
export interface GuestLimits {
  /** Over all memories of the instance. */
  readonly memoryBytesMax: number;
  /** Resource handles. */
  readonly handlesMax: number;
  /** Of each request; default: as long as it likes. */
  readonly cpuMs?: number;
  /** Of one core, while others wait; default: its turn whenever the round comes to it. */
  readonly cpuShare?: number;
}

/** What one guest is. */
export interface GuestProgram {
  readonly component: CompiledComponent;
  readonly label: GuestLabel;
  readonly env: readonly (readonly [string, string])[];
  /** The program's name first, as in `argv`. */
  readonly args: readonly string[];
  /** Default: what a guest of 32 bits can have. */
  readonly limits?: GuestLimits;
  /** What its workload may hold; default: what the process may. */
  readonly budget?: WorkloadBudget;
  /** Counts what becomes of its instances. */
  readonly countInstance?: CountInstance;
  /** How much its guests may log; default: all they write. */
  readonly logRate?: LogRate;
  /** Makes the volumes of an instance; without it there are none. */
  readonly openMounts?: OpenMounts | undefined;
}

/** For a command that the operator runs. */
const NO_LIMITS: GuestLimits = { memoryBytesMax: 2 ** 32, handlesMax: 65_536 };

/** Where a guest's output goes when not to the log. */
export type GuestOutput = (stream: "stdout" | "stderr", bytes: Uint8Array) => void;

/** What is made for one request (or one life) of a guest alone. */
export interface GuestOptions {
  /** Its own side of the workload's network; released by `rest` and `end`. */
  readonly network: GuestNetwork;
  /** The name of the request that it answers. */
  readonly requestId?: string;
  /** What its start functions do belongs there. */
  readonly trace?: SpanParent | undefined;
  /** Its component's way to the outside; without one requests and names are denied. */
  readonly egress?: GuestEgress | undefined;
  /** The CDN-Loop values of the request that it answers. */
  readonly incomingCdnLoop?: () => readonly Uint8Array[];
  /** Default: lines for the log. */
  readonly output?: GuestOutput;
}

/** How a guest's connections end: "reset" tells its peers that they may have half an answer. */
export type ReleaseKind = "close" | "reset";

/** Where a guest's lines go, and how the last one of each stream gets there. */
interface GuestLog {
  readonly output: GuestOutput;
  readonly end: () => void;
}

/** A guest, new, busy, idle or ended. */
export class Guest {
  readonly context: GuestContext;
  readonly #program: GuestProgram;
  readonly #tools: GuestTools;
  readonly #limits: GuestLimits;
  readonly #budget: WorkloadBudget;
  readonly #meter: CpuMeter;
  #pages: InstancePages | undefined;
  #host: InstanceHost | undefined;
  #instance: ComponentInstance | undefined;
  /** Of the request (or the life) that is under way. */
  #network: GuestNetwork | undefined;
  #requestId: string | undefined;
  /** Most requests write nothing. */
  #log: GuestLog | undefined;
  readonly #writeLog: GuestOutput = (stream, bytes) => (this.#log ??= this.#openLog()).output(stream, bytes);
  #killed: Error | undefined;
  #isStarted = false;
  #isEnded = false;

  /** Takes nothing yet. */
  constructor(program: GuestProgram, tools: GuestTools) {
    const { label, env, args, openMounts, limits = NO_LIMITS, budget = tools.budget.openWorkload(Infinity) } = program;
    this.#program = program;
    this.#tools = tools;
    this.#limits = limits;
    this.#budget = budget;
    const { clock, randomBytes, counters, emit } = tools;
    const onLimit: GuestContext["onLimit"] = (limit, detail, times) => tools.onLimit(label, limit, detail, times);
    this.context = new GuestContext({
      label,
      env,
      args,
      clock,
      randomBytes,
      counters,
      emit,
      onLimit,
      // A guest that runs has its pages.
      openMounts: openMounts && (() => openMounts(this.#pages && new VolumeMemory(this.#pages))),
    });
    const { cpuShare } = limits;
    const turns = tools.turns.openGuest(label.workload, cpuShare === undefined ? {} : { cpuShare });
    this.#meter = new CpuMeter({ clock: tools.computeClock, turns });
  }

  /** Begins and starts a guest that has one life: a service, a command. */
  static async start(program: GuestProgram, tools: GuestTools, options: GuestOptions): Promise<Guest> {
    const guest = new Guest(program, tools);
    try {
      guest.begin(options);
      await guest.start();
    } catch (error) {
      guest.end("reset");
      throw error;
    }
    return guest;
  }

  /** False until `start`: it has to be called before the first call. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** It was ended from outside. */
  get isKilled(): boolean {
    return this.#killed !== undefined;
  }

  /** How long the request (or the life) has computed. */
  get cpuMs(): number {
    return this.#meter.usedMs;
  }

  /** How often it gave its turn away. */
  get yieldCount(): number {
    return this.#meter.yieldCount;
  }

  /** It computes, and others have their turn now. */
  get isWaitingForTurn(): boolean {
    return this.#meter.isWaitingForTurn;
  }

  /**
   * Begins a request: everything of the last one is gone. What `options` gives is the guest's from here, also when it throws.
   * @throws {GuestRefusedError} then nothing was begun
   */
  begin(options: GuestOptions): void {
    const { network, requestId, egress, incomingCdnLoop, output } = options;
    const refusal = this.#budget.takeStack();
    if (refusal !== undefined) {
      network.release("reset");
      throw this.#refused(refusal);
    }
    this.#network = network;
    this.#requestId = requestId;
    this.#tools.counters.add("instances", 1);
    this.context.begin({ network, egress, incomingCdnLoop, output: output ?? this.#writeLog });
    this.context.trace = options.trace;
    this.#meter.begin(this.#limits.cpuMs ?? Infinity);
  }

  /**
   * Makes the instance; start functions run here.
   *
   * @throws {GuestRefusedError} the trap of a start function
   */
  async start(): Promise<void> {
    const refusal = this.#budget.takeInstance(placesOf(this.#program.component));
    if (refusal !== undefined) throw this.#refused(refusal);
    const { memoryBytesMax, handlesMax } = this.#limits;
    let tellEarly: (() => void) | undefined;
    let isRefused = false;
    const onLimit = (limit: "memory" | "processMemory", detail: string): void => {
      const tell = (): void => this.context.onLimit(limit, detail);
      if (limit !== "processMemory" || this.#isStarted) return tell();
      // It may be why there will be no guest: then whoever asked for one is told so, and nobody twice.
      isRefused = true;
      tellEarly = tell;
    };
    const pages = this.#budget.openPages({ memoryBytesMax, onLimit });
    const host = this.#budget.openHost({ onLimit });
    this.#pages = pages;
    this.#host = host;
    this.context.memory = host;
    this.#program.countInstance?.("created");
    try {
      await this.#program.component.instantiate(createHostImports(this.context), {
        handlesMax,
        meter: this.#meter,
        pages,
        host,
        onMade: (instance) => {
          this.#instance = instance;
        },
      });
    } catch (error) {
      if (error instanceof ComponentError && isRefused) {
        throw this.#refused("processMemory");
      }
      if (error instanceof Error && error.cause instanceof StackLimitTrap) throw this.#refused("stacks");
      throw error;
    }
    if (this.#killed !== undefined) throw this.#killed;
    this.#isStarted = true;
    tellEarly?.();
  }

  /** Calls an exported function; rejects with the guest's `err` or its trap. */
  call(interfaceName: string, functionName: string, args: readonly unknown[]): Promise<unknown> {
    const found = this.#instance?.findInterface(interfaceName)?.[functionName];
    if (typeof found !== "function") {
      const message = `Cannot call ${interfaceName}#${functionName}: the component has no such export`;
      return Promise.reject(new TypeError(message));
    }
    // The name says that it is a function that waits, and no resource class.
    const result = (found as ExportedFunction)(...args) as Promise<unknown>;
    return result.then(undefined, (error: unknown) => {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof HandleLimitTrap) this.context.onLimit("handles", cause.message);
      // What others have is no fault of the guest.
      if (cause instanceof StackLimitTrap) throw this.#refused("stacks");
      throw error;
    });
  }

  /** Ends a call that is under way, suspended or computing: it rejects with a trap that has this cause. */
  kill(cause: Error): void {
    if (this.#network === undefined) return;
    this.#killed ??= cause;
    this.#instance?.kill(cause);
    this.#meter.withdraw();
  }

  /** Ends a request and puts the instance back to its first state. Returns why it cannot serve another one, if so. */
  recycle(release: ReleaseKind): string | undefined {
    if (this.#killed !== undefined) return "killed";
    // Before the resources go: dropping a socket would close it cleanly.
    this.#network?.release(release);
    let refusal: string | null;
    try {
      refusal = this.#instance === undefined ? "not-started" : this.#instance.recycle();
    } catch (error) {
      this.#tools.emit({ kind: "fault", where: "the recycling of a guest", error });
      return "fault";
    }
    if (refusal !== null) return refusal;
    this.#rest(true);
    return undefined;
  }

  /** Ends a request and keeps the instance as it is: its memory, and what it holds but for its sockets. */
  keep(release: ReleaseKind): string | undefined {
    if (this.#killed !== undefined) return "killed";
    if (this.#instance?.state !== "idle") return "trapped";
    this.#network?.release(release);
    this.#rest(false);
    return undefined;
  }

  /** Releases everything the guest has. Idempotent. */
  end(release: ReleaseKind): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#meter.close();
    try {
      // Before the resources go: dropping a socket would close it cleanly.
      this.#network?.release(release);
      this.#instance?.dispose();
    } catch (error) {
      // A resource that cannot be disposed of is the host's fault, and no reason to leave the rest behind.
      this.#tools.emit({ kind: "fault", where: "the release of a guest", error });
    } finally {
      this.#rest(true);
      if (this.#pages !== undefined) {
        this.#pages.close();
        this.#host?.close();
        this.#budget.giveInstance(placesOf(this.#program.component));
      }
    }
  }

  #rest(isRecycled: boolean): void {
    if (this.#network === undefined) return;
    this.#network = undefined;
    this.#log?.end();
    this.#log = undefined;
    this.context.end(isRecycled);
    this.#budget.giveStack();
    this.#tools.counters.add("instances", -1);
  }

  #refused(limit: GuestRefusedError["limit"]): GuestRefusedError {
    return new GuestRefusedError(limit, this.#budget.maxOf(limit));
  }

  #openLog(): GuestLog {
    const { label, logRate } = this.#program;
    const guest = { guest: label, ...(this.#requestId !== undefined && { requestId: this.#requestId }) };
    let dropped = 0;
    const open = (stream: "stdout" | "stderr"): LineOutput =>
      new LineOutput((line) => {
        if (logRate === undefined || logRate.take(line)) {
          this.#tools.emit({ kind: "guest-output", ...guest, stream, line });
        } else dropped++;
      });
    const lines = { stdout: open("stdout"), stderr: open("stderr") };
    // Once for each write: one may have 65,536 lines, and the host's time for them is everybody's.
    const tellDropped = (): void => {
      if (dropped === 0 || logRate === undefined) return;
      const detail = `lines were dropped: it logs more than ${formatByteSize(logRate.bytesPerSecond)} per second`;
      this.context.onLimit("logRate", detail, dropped);
      dropped = 0;
    };
    return {
      output: (stream, bytes) => {
        if (logRate?.isOpen() === false) dropped += lineCount(bytes);
        else lines[stream].write(bytes);
        tellDropped();
      },
      end: () => {
        lines.stdout.end();
        lines.stderr.end();
        tellDropped();
      },
    };
  }
}
