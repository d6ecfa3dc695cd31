/** A workload while it lives: its private network, its service, its routes. */
import { LoopbackRefusals, portsText } from "./loopback_refusals.ts";
import { revealArguments, revealEnvironment } from "../base/secret.ts";
import { WaitList } from "../base/waitable.ts";
import type { CompiledComponent } from "../component/engine.ts";
import type { GuestProgram, GuestTools } from "../instance/guest.ts";
import { describeEnd } from "../instance/guest_end.ts";
import { Handler } from "../instance/handler.ts";
import { LogRate } from "../instance/log_rate.ts";
import type { WorkloadBudget } from "../instance/process_budget.ts";
import { PAGE_BYTES, VolumeMemory } from "../instance/volume_memory.ts";
import { type EgressTools, GuestEgress } from "../host/egress/guest_egress.ts";
import { LookupSlots } from "../host/egress/lookup_slots.ts";
import type { GuestRole } from "../network/access.ts";
import type { CountDenials } from "../network/denial_log.ts";
import type { Egress } from "../network/egress.ts";
import type { OnReach } from "../network/guest_network.ts";
import { WorkloadNetwork } from "../network/workload_network.ts";
import { cutPolicy, type Policy, type PolicyLayer } from "../policy/policy.ts";
import type { MountSpec } from "../volume/mount.ts";
import { WorkloadVolumes, type WorkloadVolumesOptions } from "../volume/workload_volumes.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { LimitCounts } from "../telemetry/limit_counts.ts";
import { firstInstancesOf } from "./first_instances.ts";
import { Route } from "./route.ts";
import { startRun } from "./service_run.ts";
import { describeState } from "./service_state.ts";
import { type ServiceRun, ServiceSupervisor } from "./service_supervisor.ts";
import type { RouteSpec, ServiceSpec, WorkloadSpec } from "./spec.ts";

/** What a workload needs. */
export interface WorkloadOptions {
  readonly spec: WorkloadSpec;
  /** The compiled component of a path in `spec`. */
  readonly componentOf: (path: string) => CompiledComponent;
  readonly tools: GuestTools;
  /** Of the gateway: what a way to the outside needs besides a policy. Without it nobody has one. */
  readonly egressTools?: EgressTools;
  /** Of the gateway: counts every denial. */
  readonly denials?: CountDenials;
  /** See `WorkloadNetworkOptions`. */
  readonly onReach?: OnReach;
  /** See `WorkloadVolumesOptions`. */
  readonly substituteVolume?: WorkloadVolumesOptions["substitute"];
  /** Of the gateway: counts the limits that requests met. */
  readonly limitCounts?: LimitCounts;
  /** The sockets to the outside. */
  readonly egress?: Egress;
  /** What the operator allows now; it may change while the workload lives. */
  readonly ceiling?: () => PolicyLayer | undefined;
  /** It was closed, and nothing of it is left. */
  readonly onClosed?: () => void;
}

/** The policies of a version: the workload's own is its service's. */
export type WorkloadPolicies = Pick<WorkloadSpec, "policy" | "routes">;

/** Owns everything of one workload. */
export class Workload {
  readonly name: string;
  readonly routes: readonly Route[];
  readonly network: WorkloadNetwork;
  readonly service: ServiceSupervisor | undefined;
  readonly #options: WorkloadOptions;
  readonly #serviceChanged = new WaitList();
  readonly #lookups = new LookupSlots();
  readonly #budget: WorkloadBudget;
  readonly #volumes: WorkloadVolumes;
  readonly #egresses: { readonly label: GuestLabel; readonly policy: Policy; readonly egress: GuestEgress }[] = [];
  #closed: Promise<void> | undefined;
  /** Another version has taken its place. */
  #isFormer = false;
  /** One failed start ends it: it will not be restarted, whatever its supervisor is about to do. */
  #isTried = false;

  constructor(options: WorkloadOptions) {
    const { spec, tools, egress, denials, onReach, componentOf } = options;
    this.#options = options;
    this.name = spec.name;
    this.#budget = tools.budget.openWorkload(spec.totals.instancesMax, firstInstancesOf(spec, componentOf));
    const refusals = new LoopbackRefusals({
      clock: tools.clock,
      emit: tools.emit,
      hasService: spec.service !== undefined,
      listening: () => this.network.listening,
    });
    this.network = new WorkloadNetwork({
      workload: spec.name,
      clock: tools.clock,
      counters: tools.counters,
      emit: tools.emit,
      connectionsMax: spec.totals.connectionsMax,
      totals: tools.networks,
      onLimit: tools.onLimit,
      ...(egress !== undefined && { egress }),
      ...(denials !== undefined && { denials }),
      onReach: (guest, reach) => {
        refusals.tell(guest, reach);
        onReach?.(guest, reach);
      },
    });
    this.#volumes = new WorkloadVolumes({
      clock: tools.clock,
      counters: tools.counters,
      openFilesMax: spec.totals.openFilesMax,
      openFiles: tools.openFiles,
      // Whole pages; what the volume itself may hold, its quota says.
      memoryFor: (bytesMax) =>
        new VolumeMemory(this.#budget.openPages({ memoryBytesMax: bytesMax + PAGE_BYTES, onLimit: () => {} })),
      substitute: options.substituteVolume,
    });
    tools.counters.add("workloads", 1);
    this.service = spec.service === undefined ? undefined : this.#makeService(spec.service);
    this.routes = spec.routes.map((route) => this.#makeRoute(route));
  }

  /** What it was made of. */
  get spec(): WorkloadSpec {
    return this.#options.spec;
  }

  /** Starts the service. Requests may come before it is ready. */
  start(): void {
    this.service?.start();
  }

  /** Requests inside its routes. */
  get insideCount(): number {
    return this.routes.reduce((sum, route) => sum + route.insideCount, 0);
  }

  /**
   * Waits for the end of the service's first start: undefined when it can be used, else why not. One failed start is an
   * answer, for whoever asks has something else that serves.
   */
  async untilStarted(): Promise<string | undefined> {
    const { service } = this;
    if (service === undefined) return undefined;
    this.#isTried = true;
    while (service.state.kind === "idle" || service.state.kind === "starting") {
      await new Promise<void>((resolve) => this.#serviceChanged.add(resolve));
    }
    const { state } = service;
    this.#isTried = false;
    if (state.kind === "ready" || state.kind === "completed") return undefined;
    const isEnded = state.kind === "restarting" || state.kind === "failed";
    return isEnded ? `its service did not start: ${state.reason}` : service.unavailability().detail;
  }

  /** Sends away who waits for a place or for the service; everybody else may finish. Idempotent. */
  sendAwayWaiting(): void {
    for (const route of this.routes) route.sendAwayWaiting();
  }

  /**
   * Lets everybody inside finish, up to `limitMs`, and closes; the service stays up until then. Nobody new may be led to
   * the routes. Resolves to the number of requests that were cut.
   */
  async drain(limitMs: number): Promise<number> {
    this.#isFormer = true;
    const { promise: limit, resolve: endWait } = Promise.withResolvers<void>();
    const cancelTimer = this.#options.tools.clock.startTimer(limitMs, endWait);
    await Promise.race([limit, Promise.all(this.routes.map((route) => route.untilIdle()))]);
    cancelTimer();
    const cut = this.insideCount;
    await this.close();
    return cut;
  }

  /**
   * From here on the guests are judged by the policies of a newer version of this workload, and what they have open and
   * may not have any more ends. A guest that the newer version does not have finishes under its own, as far as the
   * operator allows that now: who takes a route away says nothing of what its last requests may reach.
   */
  adoptPolicies(newer: WorkloadPolicies | undefined): void {
    const ceiling = this.#options.ceiling?.();
    for (const { label, policy, egress } of this.#egresses) {
      const adopted = label.role === "service"
        ? newer?.policy
        : newer?.routes.find((route) => route.name === label.route)?.policy;
      egress.setPolicy(adopted ?? (ceiling === undefined ? policy : cutPolicy(policy, ceiling)));
    }
  }

  /** The operator's word on volumes has changed: what is not allowed any more is gone at once. */
  cutVolumes(isAllowed: (mount: MountSpec) => boolean): void {
    this.#volumes.cut(isAllowed);
  }

  /** Ends the routes, then the service, then the network. What runs is cut. Idempotent. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    for (const route of this.routes) route.close();
    await this.service?.stop();
    for (const { egress } of this.#egresses) egress.close();
    this.network.close();
    await this.#volumes.close();
    this.#budget.close();
    this.#options.tools.counters.add("workloads", -1);
    this.#options.onClosed?.();
  }

  /** One for each component and for the service: nothing of it is ever shared between two of them. */
  #makeEgress(role: GuestRole, label: GuestLabel, policy: Policy): GuestEgress | undefined {
    const { tools: { clock, counters }, egressTools, egress } = this.#options;
    if (egressTools === undefined) return undefined;
    const made = new GuestEgress({
      tools: egressTools,
      policy,
      role,
      label,
      network: this.network,
      lookups: this.#lookups,
      egress,
      clock,
      counters,
    });
    this.#egresses.push({ label, policy, egress: made });
    return made;
  }

  #makeRoute(spec: RouteSpec): Route {
    const { tools, componentOf, limitCounts } = this.#options;
    const { limits } = spec;
    const label: GuestLabel = { workload: this.name, route: spec.name, role: "component" };
    const egress = this.#makeEgress("component", label, spec.policy);
    const handler = new Handler({
      program: {
        component: componentOf(spec.component),
        label,
        env: revealEnvironment(spec.env),
        args: argvOf(spec),
        openMounts: this.#volumes.mountsFor(spec.volumes ?? [], limits),
      },
      tools,
      openNetwork: () =>
        this.network.openGuest("component", label, {
          socketsMax: spec.limits.socketsMax,
          ...(egress !== undefined && { access: egress.access }),
        }),
      ...(egress !== undefined && { egress }),
      limits,
      mode: spec.instance,
      budget: this.#budget,
    });
    return new Route({
      workload: this.name,
      name: spec.name,
      match: spec.match,
      handler,
      service: this.service,
      clock: tools.clock,
      limits,
      countLimit: (limit) => limitCounts?.add(label, limit),
    });
  }

  #makeService(spec: ServiceSpec): ServiceSupervisor {
    const { tools, componentOf } = this.#options;
    const label: GuestLabel = { workload: this.name, role: "service" };
    const { readyTcpPort, limits: { memoryBytesMax, handlesMax, cpuShare, logBytesPerSecond } } = spec;
    const program: GuestProgram = {
      component: componentOf(spec.component),
      label,
      env: revealEnvironment(spec.env),
      args: argvOf(spec),
      limits: { memoryBytesMax, handlesMax, cpuShare },
      budget: this.#budget,
      countInstance: tools.instanceCounts.counterOf(label),
      logRate: new LogRate({ bytesPerSecond: logBytesPerSecond, clock: tools.clock }),
      openMounts: this.#volumes.mountsFor(spec.volumes ?? [], spec.limits),
    };
    const egress = this.#makeEgress("service", label, this.#options.spec.policy);
    const trace = tools.tracer?.openService(label.workload);
    return new ServiceSupervisor({
      startRun: () => {
        // A service that starts again has no grants and no connections of the one before.
        egress?.reset();
        return this.#reportingEnd(startRun(program, tools, {
          network: this.network.openGuest("service", label, {
            socketsMax: spec.limits.socketsMax,
            ...(egress !== undefined && { access: egress.access }),
          }),
          ...(egress !== undefined && { egress }),
          trace,
        }));
      },
      listening: readyTcpPort === undefined ? undefined : {
        isReady: () => this.network.isListening(readyTcpPort),
        onReady: (wake) => this.network.onListening(readyTcpPort, wake),
        where: `on port ${readyTcpPort}, as "ready" says`,
        elsewhere: () => this.network.listening.length === 0 ? undefined : portsText(this.network.listening),
      },
      startMs: spec.limits.startMs,
      policy: spec.restart,
      restartsMax: spec.restartsMax,
      clock: tools.clock,
      onStartLimit: (detail) => tools.onLimit(label, "start", detail),
      onListeningElsewhere: (detail) =>
        tools.emit({ kind: "service-state", workload: this.name, state: "starting", detail }),
      onState: (state) => {
        this.#serviceChanged.wakeAll();
        if (state.kind === "restarting" && this.#isTried) return;
        const isFormer = state.kind === "stopped" && this.#isFormer;
        const detail = isFormer ? "of the former version" : describeState(state);
        tools.emit({
          kind: "service-state",
          workload: this.name,
          state: state.kind,
          ...(detail !== undefined && { detail }),
        });
      },
    });
  }

  #reportingEnd(run: ServiceRun): ServiceRun {
    const label: GuestLabel = { workload: this.name, role: "service" };
    const ended = run.ended.then((end) => {
      const isStopped = this.service?.state.kind === "stopped";
      if (end.kind === "refused") this.#options.limitCounts?.add(label, end.error.limit);
      if (!isStopped) {
        if (end.kind === "trapped") this.#options.tools.onTrap?.(label, end.error);
        this.#options.tools.emit({ kind: "guest-ended", guest: label, outcome: end.kind, detail: describeEnd(end) });
      }
      return end;
    });
    return { ...run, ended };
  }
}

/** As a shell would call it: guests expect the program's name in the first place. */
function argvOf(spec: RouteSpec | ServiceSpec): readonly string[] {
  const name = spec.component.split("/").at(-1) ?? spec.component;
  return [name, ...revealArguments(spec.args)];
}
