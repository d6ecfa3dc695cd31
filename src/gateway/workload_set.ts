/** All workloads of a gateway, with the router that leads to them and the way out that they share. */
import type { LoadedGateway } from "../config/gateway_file.ts";
import type { RouteClaims } from "../config/route_claims.ts";
import type { RoutesBeside } from "../config/route_ties.ts";
import { isMountAllowed } from "../config/volume_layer.ts";
import type { GuestTools } from "../instance/guest_tools.ts";
import type { Egress } from "../network/egress.ts";
import type { RouterTable } from "../router/router_table.ts";
import type { PolicyLayer } from "../policy/policy.ts";
import type { DenialCounts } from "../telemetry/denial_counts.ts";
import type { LimitCounts } from "../telemetry/limit_counts.ts";
import type { RouteTarget } from "../workload/held_route.ts";
import type { GatewaySpec, WorkloadSpec } from "../workload/spec.ts";
import { Workload } from "../workload/workload.ts";
import { EgressGeneration } from "./egress_generation.ts";
import type { OpenedEgressTools } from "./egress_tools.ts";
import { belowCeiling } from "./kept_policies.ts";
import { claimsAfter, withHeld } from "./left_out.ts";
import { type GatewayLimits, withLimits } from "./limit_overrides.ts";
import type { FirstReading } from "./read_folder.ts";
import { WorkloadSlot } from "./workload_slot.ts";
import { componentOf, type WorkloadVersion } from "./workload_version.ts";

/** What the workloads of a gateway share. */
export interface WorkloadSetOptions {
  /** Has the routes of the current versions at all times. */
  readonly router: RouterTable<RouteTarget>;
  readonly tools: GuestTools;
  readonly counts: { readonly denials: DenialCounts; readonly limits: LimitCounts };
  readonly egress: Egress;
  /** Of an embedder. */
  readonly limits: GatewayLimits | undefined;
  /** How long a former version may finish what is inside. */
  readonly drainMs: number;
  /**
   * Opens the way out under a reading of the operator's file.
   *
   * @throws {LoopgateError} ERR_CONFIG when it cannot be used
   */
  readonly openEgressTools: (spec: GatewaySpec) => OpenedEgressTools;
  readonly operator: GatewaySpec;
}

/** Owns the workloads. */
export class WorkloadSet {
  readonly #options: WorkloadSetOptions;
  readonly #slots = new Map<string, WorkloadSlot>();
  /** What is known of the routes of workloads that the start left out and that are not served yet. */
  readonly #leftOut = new Map<string, RouteClaims>();
  #outside: EgressGeneration;
  /** As the operator's file says it now. */
  #ceiling: PolicyLayer | undefined;

  constructor(options: WorkloadSetOptions) {
    this.#options = options;
    this.#outside = new EgressGeneration(options.openEgressTools(options.operator));
  }

  /** What is served, by name. */
  get specs(): readonly WorkloadSpec[] {
    return this.served.map(({ spec }) => spec);
  }

  /** The versions that the router leads to, by name. */
  get served(): readonly Workload[] {
    return [...this.#slots.values()].flatMap((slot) => slot.current ?? [])
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What is served or is to be, or held, but for `name`: what a new version of it has to get along with. */
  *wantedBeside(name: string): Generator<RoutesBeside & { readonly name: string; readonly isLeftOut: boolean }> {
    for (const [other, slot] of this.#slots) {
      const spec = other === name ? undefined : slot.wanted?.spec;
      if (spec !== undefined) yield { name: other, routes: spec.routes, isLeftOut: false };
    }
    for (const [other, { routes }] of this.#leftOut) if (other !== name) yield { name: other, routes, isLeftOut: true };
  }

  /** The version that the router leads to. */
  current(name: string): Workload | undefined {
    return this.#slots.get(name)?.current;
  }

  /** The place of a workload, made when it is new. */
  slot(name: string): WorkloadSlot {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot: WorkloadSlot = new WorkloadSlot({
      make: (version) => this.#make(version),
      onSwapped: () => this.#route(),
      drainMs: this.#options.drainMs,
      onEmpty: () => this.#slots.delete(name),
    });
    this.#slots.set(name, slot);
    return slot;
  }

  /** The files of a workload that the start left out have faults still, and these are its routes. Nothing for others. */
  keepOut(name: string, claims: RouteClaims): void {
    const before = this.#leftOut.get(name);
    if (before === undefined) return;
    this.#leftOut.set(name, claimsAfter(before, claims));
    this.#route();
  }

  /** Takes a workload out; its requests finish. Resolves to whether there was one. */
  async remove(name: string): Promise<boolean> {
    if (this.#leftOut.delete(name)) this.#route();
    return (await this.#slots.get(name)?.remove()) ?? false;
  }

  /** Makes everything of the first reading; nothing of it runs yet. */
  open({ parts, operator }: FirstReading): void {
    this.#ceiling = operator.ceiling.layer;
    for (const [name, { version, leftOut }] of parts) {
      if (version !== undefined) this.slot(name).open(version);
      if (leftOut !== undefined) this.#leftOut.set(name, leftOut.claims);
    }
    this.#route();
  }

  /** Starts the services. */
  start(): void {
    for (const slot of this.#slots.values()) slot.current?.start();
  }

  /** New versions are made under this reading of the operator's file; the limits of the process stay. */
  useOperator({ gateway, ceiling }: LoadedGateway): void {
    const next = new EgressGeneration(this.#options.openEgressTools(gateway));
    this.#outside.retire();
    this.#outside = next;
    this.#ceiling = ceiling.layer;
    for (const slot of this.#slots.values()) {
      slot.recheckDraining();
      slot.cutVolumes((mount) => isMountAllowed(mount, ceiling.volumes));
    }
  }

  /** What is served of a workload, whose newer version cannot be, goes no further than this reading of the operator's file. */
  cut(name: string, { ceiling }: LoadedGateway): void {
    const slot = this.#slots.get(name);
    if (slot?.current === undefined || ceiling.layer === undefined) return;
    slot.adoptPolicies(belowCeiling(slot.current.spec, ceiling.layer));
  }

  /** Requests that wait for a place or a service get their answer; those that run may finish. */
  sendAwayWaiting(): void {
    for (const slot of this.#slots.values()) slot.sendAwayWaiting();
  }

  /** Ends all workloads side by side, and then the way out. To be called once. */
  async close(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => slot.close()));
    this.#outside.retire();
  }

  #make(version: WorkloadVersion): Workload {
    const { tools, counts, egress, limits } = this.#options;
    const outside = this.#outside;
    return new Workload({
      spec: withLimits(version.spec, limits),
      componentOf: (path) => componentOf(version, path),
      tools,
      egressTools: outside.tools,
      denials: counts.denials,
      limitCounts: counts.limits,
      egress,
      ceiling: () => this.#ceiling,
      onClosed: outside.use(),
    });
  }

  #route(): void {
    for (const name of this.#leftOut.keys()) if (this.current(name) !== undefined) this.#leftOut.delete(name);
    const routes = [...this.#slots.values()].flatMap((slot) => slot.current?.routes ?? []);
    const served = routes.map((route) => ({ match: route.match, target: route }));
    this.#options.router.replace(withHeld(served, this.#leftOut));
  }
}
