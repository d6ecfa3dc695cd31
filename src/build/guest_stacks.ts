/** The stacks that guests print, with the places of their sources. */
import type { GuestLabel } from "../telemetry/events.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import { readTextNow } from "./build_files.ts";
import { componentOfMap, GuestMap, hasPlace, mapFileOf } from "./guest_map.ts";

/** What is needed of a workload to know whose line it is. */
export type GuestPaths = Pick<WorkloadSpec, "name"> & {
  readonly service?: { readonly component: string } | undefined;
  readonly routes: readonly { readonly name: string; readonly component: string }[];
};

/** A map and its text, from which it is made for the first line that needs it. */
interface KeptMap {
  readonly text: string;
  map?: GuestMap | undefined;
}

/** Maps of components, each read once: what stands beside a component later may belong to the next one. */
export class GuestStacks {
  readonly #readText: (file: string) => string | undefined;
  /** By component; undefined where none stood beside it. */
  readonly #maps = new Map<string, KeptMap | undefined>();

  /** What `tryService` put aside. */
  readonly #before = new Map<string, KeptMap | undefined>();

  constructor(readText: (file: string) => string | undefined = readTextNow) {
    this.#readText = readText;
  }

  /** The maps of a workload's components may be others from now on; they are read when they are needed. */
  forget({ service, routes }: GuestPaths): void {
    for (const guest of [service, ...routes]) if (guest !== undefined) this.#maps.delete(guest.component);
  }

  /** Takes the maps of a workload's components as they are now: for a version that begins to serve. */
  follow({ service, routes }: GuestPaths): void {
    for (const component of [service, ...routes].flatMap((guest) => guest?.component ?? [])) {
      this.#take(component);
      this.#before.delete(component);
    }
  }

  /**
   * Takes the map of the service's component for a version that is started, until it serves (`follow`) or the one before goes
   * on (`returnService`): why a service does not start is what its author wants to read.
   */
  tryService({ service }: GuestPaths): void {
    if (service === undefined) return;
    const { component } = service;
    if (!this.#before.has(component)) this.#before.set(component, this.#maps.get(component));
    this.#take(component);
  }

  /** The version that `tryService` was for does not come to serve. */
  returnService({ service }: GuestPaths): void {
    if (service === undefined || !this.#before.has(service.component)) return;
    this.#maps.set(service.component, this.#before.get(service.component));
    this.#before.delete(service.component);
  }

  /**
   * A build has left a map beside `component`. Where it is of the very bytes whose map is kept, sources moved and nothing else
   * (a comment went in): no version will come, and lines lead where the sources are now.
   */
  rebuilt(component: string): void {
    const text = this.#readText(mapFileOf(component));
    const sha256 = text === undefined ? undefined : componentOfMap(text);
    if (text === undefined || sha256 === undefined) return;
    for (const maps of [this.#maps, this.#before]) {
      const kept = maps.get(component);
      if (kept !== undefined && componentOfMap(kept.text) === sha256) maps.set(component, { text });
    }
  }

  /** A line of a guest of one of `workloads`, with places of its sources where it has some of the bundle. */
  inLine(line: string, { workload: name, route, role }: GuestLabel, workloads: readonly GuestPaths[]): string {
    if (!hasPlace(line)) return line;
    const workload = workloads.find((each) => each.name === name);
    const guest = role === "component" ? workload?.routes.find((each) => each.name === route) : workload?.service;
    return guest === undefined ? line : this.inText(line, guest.component);
  }

  /** What `component` printed, with places of its sources where it has some of the bundle. */
  inText(text: string, component: string): string {
    return hasPlace(text) ? this.#mapOf(component)?.inText(text) ?? text : text;
  }

  #mapOf(component: string): GuestMap | undefined {
    const kept = this.#maps.has(component) ? this.#maps.get(component) : this.#take(component);
    if (kept === undefined) return undefined;
    if (!("map" in kept)) kept.map = GuestMap.of(component, kept.text);
    return kept.map;
  }

  #take(component: string): KeptMap | undefined {
    const text = this.#readText(mapFileOf(component));
    const kept = text === undefined ? undefined : { text };
    this.#maps.set(component, kept);
    return kept;
  }
}
