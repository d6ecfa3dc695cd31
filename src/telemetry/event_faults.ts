/** Which events tell of a fault, and its code. */
import type { FaultCode } from "../base/fault_codes.ts";
import type { GatewayEvent } from "./events.ts";
import type { LimitName } from "./limit_counts.ts";

const LIMIT_FAULTS: Readonly<Record<LimitName, FaultCode>> = {
  memory: "LG7101",
  cpu: "LG7017",
  wall: "LG7016",
  idle: "LG7102",
  requestBody: "LG7005",
  responseBody: "LG7014",
  headerBytes: "LG7007",
  concurrency: "LG7008",
  queueWait: "LG7008",
  serviceWait: "LG7015",
  sockets: "LG7103",
  handles: "LG7104",
  logRate: "LG7105",
  descriptors: "LG7106",
  openFiles: "LG7106",
  directoryEntries: "LG7106",
  volumeSize: "LG7107",
  volumeFiles: "LG7107",
  instances: "LG7108",
  connections: "LG7108",
  start: "LG8002",
  stacks: "LG7109",
  processInstances: "LG7109",
  processMemory: "LG7109",
  processConnections: "LG7109",
  processOpenFiles: "LG7109",
  streamsTotal: "LG7110",
};

/** Undefined for what is no fault. */
export function eventFault(event: GatewayEvent): FaultCode | undefined {
  switch (event.kind) {
    case "denied":
      return "LG3101";
    case "limited":
      return event.guest === undefined ? "LG7110" : LIMIT_FAULTS[event.limit];
    case "guest-ended":
      // One that exits may have done what it was to do.
      if (event.outcome === "completed" || event.outcome === "exited") return undefined;
      return event.guest.role === "service" ? "LG8001" : "LG7011";
    case "service-state":
      return event.state === "failed" ? "LG8003" : undefined;
    case "reload":
      return event.outcome === "kept" || event.outcome === "left-out" ? "LG8004" : undefined;
    case "left-out":
      return event.fault.code;
    case "published":
      return "LG8005";
    case "traces":
      return event.state === "failing" ? "LG9002" : undefined;
    case "fault":
      return "LG9001";
    case "request":
      return event.code;
    case "certificate":
      return "LG1504";
    case "guest-output":
    case "refused":
      return undefined;
  }
}
