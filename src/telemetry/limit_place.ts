/** Where the files set a limit, for whoever reads that it was met: `limits.memory` of the route's file or workload.jsonc. */
import type { GuestLabel } from "./events.ts";
import type { LimitName } from "./limit_counts.ts";

/** Whose file has the limit. */
type Owner = "guest" | "workload" | "service" | "volume" | "process" | "listener";

/** Of each limit the owner and the key: mostly its own name. */
const PLACES: Readonly<Record<LimitName, readonly [owner: Owner, key: string]>> = {
  memory: ["guest", "memory"],
  cpu: ["guest", "cpu"],
  wall: ["guest", "wall"],
  idle: ["guest", "idle"],
  requestBody: ["guest", "requestBody"],
  responseBody: ["guest", "responseBody"],
  headerBytes: ["guest", "headerBytes"],
  concurrency: ["guest", "concurrency"],
  queueWait: ["guest", "queueWait"],
  serviceWait: ["guest", "serviceWait"],
  sockets: ["guest", "sockets"],
  handles: ["guest", "handles"],
  logRate: ["guest", "logRate"],
  descriptors: ["guest", "descriptors"],
  directoryEntries: ["guest", "directoryEntries"],
  start: ["service", "start"],
  instances: ["workload", "instances"],
  connections: ["workload", "connections"],
  openFiles: ["workload", "openFiles"],
  volumeSize: ["volume", "size"],
  volumeFiles: ["volume", "files"],
  stacks: ["process", "stacks"],
  processInstances: ["process", "instances"],
  processMemory: ["process", "memory"],
  processConnections: ["process", "connections"],
  processOpenFiles: ["process", "openFiles"],
  streamsTotal: ["listener", "streamsTotal"],
};

/** Of a key of `listener`, whose limits clients meet. */
export function listenerPlace(key: string): string {
  return `listener.${key} of gateway.jsonc`;
}

/**
 * The key, and the file where it stands. Without a role it is the listener's that clients met.
 *
 * @example
 * limitPlace("memory", "component"); // "limits.memory of the route or of workload.jsonc"
 * limitPlace("memory", "service"); // "service.limits.memory of workload.jsonc"
 */
export function limitPlace(limit: LimitName, role: GuestLabel["role"] | undefined): string | undefined {
  // `loopgate run` has no files.
  if (role === "command") return undefined;
  const [owner, key] = PLACES[limit];
  if (role === undefined) return listenerPlace(key);
  switch (owner) {
    case "guest":
      return role === "service"
        ? `service.limits.${key} of workload.jsonc`
        : `limits.${key} of the route or of workload.jsonc`;
    case "service":
      return `service.limits.${key} of workload.jsonc`;
    case "workload":
      return `limits.${key} of workload.jsonc`;
    case "volume":
      return key === "size" ? "size (memory of one in memory) of the volume" : `${key} of the volume`;
    case "process":
      return `process.${key} of gateway.jsonc`;
    case "listener":
      return listenerPlace(key);
  }
}
