/** A command or a service under test: `wasi:cli/run` from its start to its end. */
import { LOOPBACK_V4, LOOPBACK_V6 } from "../base/ip_address.ts";
import { untilReady } from "../base/waitable.ts";
import type { CompiledComponent } from "../component/engine.ts";
import { exitCodeOf } from "../gateway/run_command.ts";
import { GuestEgress } from "../host/egress/guest_egress.ts";
import { LookupSlots } from "../host/egress/lookup_slots.ts";
import { describeEnd, type GuestEnd } from "../instance/guest_end.ts";
import { WorkloadNetwork } from "../network/workload_network.ts";
import type { Policy } from "../policy/policy.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { MemoryShare } from "../volume/quota.ts";
import { WorkloadVolumes } from "../volume/workload_volumes.ts";
import { startRun } from "../workload/service_run.ts";
import type { ServiceRun } from "../workload/service_supervisor.ts";
import { ScriptError } from "./script_error.ts";
import { TcpPeer } from "./tcp_peer.ts";
import type { TestWorld } from "./test_world.ts";

/** How a command ended. Plain data, for `assert.deepEqual`. */
export interface RunEnd {
  /** "completed": `run` returned ok. "failed": it returned its error. "exited": `wasi:cli/exit` was called. */
  readonly kind: GuestEnd["kind"];
  /** As `loopgate run` has it: 134 for a trap. */
  readonly exitCode: number;
  /** A sentence; of a trap with its reason. */
  readonly detail: string;
}

/** What a command is made of. */
export interface TestCommandOptions {
  readonly component: CompiledComponent;
  readonly name: string;
  readonly policy: Policy;
  readonly world: TestWorld;
  readonly env: readonly (readonly [string, string])[];
  readonly args: readonly string[];
}

/** As for a command that the operator runs. */
const OPEN_FILES_MAX = 1_024;
/** The volumes of a test are its own: nobody shares memory with them. */
const UNSHARED: MemoryShare = { take: () => true, give: () => {} };
const LABEL: GuestLabel = { workload: "test", role: "service" };

/** Started by the first who needs it. */
export class TestCommand {
  readonly #options: TestCommandOptions;
  readonly #network: WorkloadNetwork;
  readonly #egress: GuestEgress;
  readonly #volumes: WorkloadVolumes;
  #run: ServiceRun | undefined;

  constructor(options: TestCommandOptions) {
    this.#options = options;
    const { world, policy } = options;
    const { clock, counters, emit, onLimit } = world.tools;
    const { egress } = world;
    this.#network = new WorkloadNetwork({
      workload: LABEL.workload,
      clock,
      counters,
      emit,
      egress,
      onLimit,
      denials: world.attempts,
      onReach: (label, reach) => world.reached(label, reach),
    });
    this.#egress = new GuestEgress({
      tools: world.egressTools,
      policy,
      role: "service",
      label: LABEL,
      network: this.#network,
      lookups: new LookupSlots(),
      egress,
      clock,
      counters,
    });
    const files = world.openFiles(world.ownMounts);
    this.#volumes = new WorkloadVolumes({
      clock,
      counters,
      openFilesMax: OPEN_FILES_MAX,
      memoryFor: () => UNSHARED,
      substitute: (spec) => files.volumeOf(spec),
    });
    world.openLoopback(this.#network);
  }

  /** Resolves with its end. */
  async run(): Promise<RunEnd> {
    const end = await this.#start().ended;
    return { kind: end.kind, exitCode: exitCodeOf(end), detail: describeEnd(end) };
  }

  /** Resolves when it listens on the port and has a client there. */
  async connect(port: number): Promise<TcpPeer> {
    const { world, name } = this.#options;
    const run = this.#start();
    const early = run.ended.then((end) => {
      throw new ScriptError(
        `Cannot connect to port ${port} of "${name}": ${describeEnd(end)}, expected it to listen there`,
      );
    });
    early.catch(() => {});
    await Promise.race([this.#listening(port), early]);
    const guest = this.#network.openGuest("component", {
      workload: LABEL.workload,
      route: "client",
      role: "component",
    });
    world.own(guest.label);
    for (const address of [LOOPBACK_V4, LOOPBACK_V6]) {
      const socket = guest.createTcpSocket(address.family);
      if (typeof socket === "string") throw new ScriptError(`Cannot connect to port ${port}: ${socket}`);
      const error = socket.startConnect({ address, port });
      if (error === undefined) await untilReady(socket);
      const connection = error ?? socket.finishConnect();
      // The connection lives on by its streams.
      socket.drop();
      if (typeof connection === "string") continue;
      const wait = <T>(promise: Promise<T>): Promise<T> => world.time.during(promise);
      return new TcpPeer({ connection, clock: world.time.clock, wait });
    }
    throw new ScriptError(`Cannot connect to port ${port} of "${name}": it refused, expected it to listen there`);
  }

  /** Ends it. Idempotent. */
  async close(): Promise<void> {
    this.#run?.kill(new Error("The test is over"));
    await this.#run?.ended;
    this.#egress.close();
    this.#network.close();
    await this.#volumes.close();
  }

  #start(): ServiceRun {
    const { component, env, args, world } = this.#options;
    const openMounts = this.#volumes.mountsFor(world.ownMounts, {
      descriptorsMax: OPEN_FILES_MAX,
      directoryEntriesMax: OPEN_FILES_MAX,
    });
    return this.#run ??= startRun({ component, label: LABEL, env, args, openMounts }, world.tools, {
      network: this.#network.openGuest("service", LABEL, { access: this.#egress.access }),
      egress: this.#egress,
    });
  }

  async #listening(port: number): Promise<void> {
    while (!this.#network.isListening(port)) {
      await new Promise<void>((resolve) => void this.#network.onListening(port, resolve));
    }
  }
}
