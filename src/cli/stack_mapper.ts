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
}

/** For the events of a gateway. */
export function stackMapper({ served, reads }: StackMapperOptions): (event: GatewayEvent) => GatewayEvent {
  const stacks = new GuestStacks();
  return (event) => {
    if (event.kind === "guest-output") {
      const line = stacks.inLine(event.line, event.guest, served());
      return line === event.line ? event : { ...event, line };
    }
    if (event.kind === "reload" && event.outcome !== "kept") {
      for (const workload of served()) {
        if (workload.name !== event.workload) continue;
        if (reads === "early") stacks.follow(workload);
        else stacks.forget(workload);
      }
    }
    return event;
  };
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
