/** Stacks in what guests print lead to their sources, where the map that their build left stands beside the component. */
import { isUtf8 } from "node:buffer";
import { type GuestPaths, GuestStacks } from "../build/guest_stacks.ts";
import type { GatewayEvent } from "../telemetry/events.ts";

/** What a mapper goes by. */
export interface StackMapperOptions {
  /** The workloads as they are now. */
  readonly served: () => readonly GuestPaths[];
  /** When the map of a version is read: as soon as that serves, for a build may replace it, or for its first stack. */
  readonly reads: "early" | "late";
  /** Of the service that is served. One that starts beside it is of a version that may come to serve, built with a map of its own. */
  readonly stateOf?: (workload: string) => string | undefined;
  /** What a reload says, with paths as they are from here. */
  readonly shown?: (text: string) => string;
  /** Whose maps are used, where somebody else has something to tell them. */
  readonly stacks?: GuestStacks;
}

/** For the events of a gateway. */
export function stackMapper(
  { served, reads, stateOf, shown, stacks = new GuestStacks() }: StackMapperOptions,
): (event: GatewayEvent) => GatewayEvent {
  return (event) => {
    if (event.kind === "guest-output") {
      const line = stacks.inLine(event.line, event.guest, served());
      return line === event.line ? event : { ...event, line };
    }
    if (event.kind === "service-state" && event.state === "starting" && stateOf !== undefined) {
      const workload = served().find(({ name }) => name === event.workload);
      if (workload !== undefined && stateOf(event.workload) !== "starting") stacks.tryService(workload);
    }
    if (event.kind === "reload") {
      for (const workload of served()) {
        if (workload.name !== event.workload) continue;
        if (event.outcome === "unchanged") continue;
        if (event.outcome === "kept") {
          stacks.returnService(workload);
          continue;
        }
        if (reads === "early") stacks.follow(workload);
        else stacks.forget(workload);
      }
    }
    return event.kind === "reload" && event.detail !== undefined && shown !== undefined
      ? { ...event, detail: shown(event.detail) }
      : event;
  };
}

/** Whether it is a frame of a stack that leads into the gateway's own half of a guest, which its author did not write. */
export function isSdkFrame(event: GatewayEvent): boolean {
  return event.kind === "guest-output" && /^\s+at (?:.* )?\(?loopgate:guest\/\S+:\d+:\d+\)?$/.test(event.line);
}

/** For what one component writes, piece by piece: a stack comes in one piece. */
export function bytesMapper(component: string): (bytes: Uint8Array) => Uint8Array {
  const stacks = new GuestStacks();
  return (bytes) => {
    if (!isUtf8(bytes)) return bytes;
    const text = new TextDecoder().decode(bytes);
    const mapped = stacks.inText(text, component);
    return mapped === text ? bytes : new TextEncoder().encode(mapped);
  };
}
