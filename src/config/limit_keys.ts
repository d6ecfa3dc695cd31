// tidy: long because it is one table, with a row for each limit
/**
 * The limits as files name them: key, field of `base/limits.ts`, what can be asked for, and what happens past it. The
 * definition, the JSON schemas and the table of README.md are made from it.
 */
import type { ProcessLimits, RouteLimits, ServiceLimits, VolumeLimits, WorkloadTotals } from "../base/limits.ts";
import type { ListenerLimits } from "../server/listener_limits.ts";

/** How a limit is written: "64MiB", "30s", 256, or 0.5. A rate is a size, per second. */
export type LimitUnit = "size" | "rate" | "duration" | "count" | "share";

/** One limit. */
export interface LimitKey<Field extends string = string> {
  readonly field: Field;
  readonly unit: LimitUnit;
  /** What a file may say at least and at most. */
  readonly min: number;
  readonly max: number;
  /** What it bounds, as the start of a sentence. */
  readonly about: string;
  /** What happens past it. */
  readonly past: string;
}

/** Limits by their key in files. */
export type LimitKeys<Field extends string = string> = Readonly<Record<string, LimitKey<Field>>>;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const SECOND = 1000;
const HOUR = 3600 * SECOND;
/** V8 can have 16,364 memories in a process, and an instance has up to four for each place that it takes. */
const INSTANCES_MOST = 4_000;
/** Of requests, idle instances: what else bounds them is far below. */
const REQUESTS_MOST = 16_000;

const MEMORY = {
  field: "memoryBytesMax",
  unit: "size",
  // One page, and all that a 32-bit memory can have.
  min: 64 * KIB,
  max: 4 * GIB,
  about: "memory of an instance, over all its memories",
  past: "`memory.grow` fails in the guest",
} as const;
const SOCKETS = {
  field: "socketsMax",
  unit: "count",
  min: 0,
  max: 65_536,
  about: "open sockets of an instance",
  past: "`new-socket-limit`",
} as const;
const HANDLES = {
  field: "handlesMax",
  unit: "count",
  // Fewer than a hello needs with its streams and fields would be a riddle.
  min: 64,
  max: 1_048_576,
  about: "resource handles of an instance",
  past: "the guest traps (500)",
} as const;
const DESCRIPTORS = {
  field: "descriptorsMax",
  unit: "count",
  min: 0,
  max: 65_536,
  about: "open files of an instance, and streams on them",
  past: "`insufficient-memory`",
} as const;
const DIRECTORY_ENTRIES = {
  field: "directoryEntriesMax",
  unit: "count",
  min: 0,
  max: 1_048_576,
  about: "entries of directories that an instance is reading",
  past: "`insufficient-memory`",
} as const;
const LOG_RATE = {
  field: "logBytesPerSecond",
  unit: "rate",
  min: 0,
  max: GIB,
  about: "stdout and stderr, per second",
  past: "lines are dropped and counted",
} as const;

/** `limits` of a route file; in `workload.jsonc` for all its routes, in `gateway.jsonc` the ceiling. */
export const ROUTE_LIMIT_KEYS = {
  memory: MEMORY,
  cpu: { field: "cpuMs", unit: "duration", min: 1, max: HOUR, about: "computing of one request", past: "504" },
  wall: {
    field: "wallMs",
    unit: "duration",
    min: 1,
    max: 24 * HOUR,
    about: "from a request to the head of its answer, with all that it waits for",
    past: "504; 429 or 503 with Retry-After where no guest has had it yet",
  },
  idle: {
    field: "idleMs",
    unit: "duration",
    min: 1,
    max: 24 * HOUR,
    about: "between two pieces of an answer's body, and from its end to the guest's own",
    past: "the answer is cut, the guest is stopped",
  },
  requestBody: {
    field: "requestBodyBytesMax",
    unit: "size",
    min: 0,
    max: 1024 * GIB,
    about: "a request's body",
    past: "413",
  },
  responseBody: {
    field: "responseBodyBytesMax",
    unit: "size",
    min: 0,
    max: 1024 * GIB,
    about: "an answer's body",
    past: "502 when its length says so before, else the answer is cut",
  },
  headerBytes: {
    field: "headerBytesMax",
    unit: "size",
    min: 256,
    max: MIB,
    about: "names and values of a request's or an answer's header",
    past: "431, for an answer 502",
  },
  concurrency: {
    field: "concurrencyMax",
    unit: "count",
    min: 1,
    max: REQUESTS_MOST,
    about: "requests that are served at a time",
    past: "they wait in the queue",
  },
  queue: {
    field: "queueMax",
    unit: "count",
    min: 0,
    max: 100_000,
    about: "requests that wait for a place",
    past: "429 with Retry-After",
  },
  queueWait: {
    field: "queueWaitMs",
    unit: "duration",
    min: 1,
    max: HOUR,
    about: "how long one waits, within its `wall`",
    past: "429 with Retry-After",
  },
  serviceWait: {
    field: "serviceWaitMs",
    unit: "duration",
    min: 0,
    max: HOUR,
    about: "how long one waits for a service that is starting, within its `wall`",
    past: "503 with Retry-After",
  },
  idleInstances: {
    field: "idleInstancesMax",
    unit: "count",
    min: 0,
    max: REQUESTS_MOST,
    about: "instances kept for the next request",
    past: "they are dropped",
  },
  sockets: SOCKETS,
  handles: HANDLES,
  descriptors: DESCRIPTORS,
  directoryEntries: DIRECTORY_ENTRIES,
  logRate: LOG_RATE,
} as const satisfies LimitKeys<keyof RouteLimits>;

/** More keys of `limits` in `workload.jsonc`, and in the ceiling: over all guests of a workload. */
export const WORKLOAD_TOTAL_KEYS = {
  instances: {
    field: "instancesMax",
    unit: "count",
    min: 1,
    max: INSTANCES_MOST,
    about: "instances of a workload, idle ones and the service included",
    past: "503 with Retry-After",
  },
  connections: {
    field: "connectionsMax",
    unit: "count",
    min: 0,
    max: 65_536,
    about: "connections of a workload to the outside",
    past: "an idle one is closed, else `new-socket-limit`, for HTTP `connection-limit-reached`",
  },
  openFiles: {
    field: "openFilesMax",
    unit: "count",
    min: 0,
    max: 65_536,
    about: "open files of a workload, and streams on them",
    past: "`insufficient-memory`",
  },
} as const satisfies LimitKeys<keyof WorkloadTotals>;

/** `limits` of a service. */
export const SERVICE_LIMIT_KEYS = {
  memory: MEMORY,
  sockets: SOCKETS,
  handles: { ...HANDLES, past: "the service traps and is restarted" },
  descriptors: DESCRIPTORS,
  directoryEntries: DIRECTORY_ENTRIES,
  logRate: LOG_RATE,
  cpuShare: {
    field: "cpuShare",
    unit: "share",
    min: 0.01,
    max: 1,
    about: "of one core, while other guests wait",
    past: "it waits for its turn",
  },
  start: {
    field: "startMs",
    unit: "duration",
    min: 1,
    max: HOUR,
    about: "from the start until it listens on its port",
    past: "the start has failed",
  },
} as const satisfies LimitKeys<keyof ServiceLimits>;

/** Of a volume, in `volumes`. */
export const VOLUME_KEYS = {
  size: {
    field: "bytesMax",
    unit: "size",
    min: 0,
    max: 1024 * GIB,
    about: "bytes of all files of a folder that can be written",
    past: "`insufficient-space`",
  },
  files: {
    field: "filesMax",
    unit: "count",
    min: 0,
    max: 10_000_000,
    about: "files, folders and links of a volume that can be written",
    past: "`insufficient-space`",
  },
} as const satisfies LimitKeys<keyof VolumeLimits>;

/** `memory` of a volume: there is no such volume without it. */
export const VOLUME_MEMORY: LimitKey = {
  field: "bytesMax",
  unit: "size",
  min: 64 * KIB,
  max: 4 * GIB,
  about: "bytes of all files of a volume in memory, and for each name 1KiB and its text",
  past: "`insufficient-space`",
};

/** `process` of `gateway.jsonc`: all guests together. */
export const PROCESS_LIMIT_KEYS = {
  instances: {
    field: "instancesMax",
    unit: "count",
    min: 1,
    max: INSTANCES_MOST,
    about: "instances of all workloads, one with more than 4 memories several times",
    past: "idle ones are given up, then 503",
  },
  stacks: {
    field: "stacksMax",
    unit: "count",
    min: 1,
    // The system allows about 31,000 when there is nothing else; a memory takes as much of what it counts.
    max: 15_000,
    about: "guests that are suspended at a time, each component that waits for another one; of up to 1MiB each",
    past: "503",
  },
  memory: {
    field: "memoryBytesMax",
    unit: "size",
    min: MIB,
    max: 1024 * GIB,
    about: "memory of all instances",
    past: "idle ones are given up, then `memory.grow` fails and new instances are refused (503)",
  },
  connections: {
    field: "connectionsMax",
    unit: "count",
    min: 0,
    max: 65_536,
    about: "connections of all workloads to the outside",
    past: "as for a workload's `connections`",
  },
  openFiles: {
    field: "openFilesMax",
    unit: "count",
    min: 0,
    max: 1_000_000,
    about: "open files of all workloads, and streams on them",
    past: "`insufficient-memory`",
  },
} as const satisfies LimitKeys<keyof ProcessLimits>;

/** `listener` of `gateway.jsonc`. */
export const LISTENER_LIMIT_KEYS = {
  connections: {
    field: "connectionsMax",
    unit: "count",
    min: 1,
    max: 1_000_000,
    about: "open connections of clients",
    past: "closed at accept",
  },
  headerBytes: {
    field: "headerBytesMax",
    unit: "size",
    min: KIB,
    max: MIB,
    about: "request line and header together",
    past: "431",
  },
  headersTimeout: {
    field: "headersTimeoutMs",
    unit: "duration",
    min: SECOND,
    max: HOUR,
    about: "until a request's header is there",
    past: "408",
  },
  requestTimeout: {
    field: "requestTimeoutMs",
    unit: "duration",
    min: SECOND,
    max: 24 * HOUR,
    about: "until the whole request is there",
    past: "408",
  },
  keepAliveTimeout: {
    field: "keepAliveTimeoutMs",
    unit: "duration",
    min: 1,
    max: HOUR,
    about: "a connection without a request",
    past: "closed",
  },
  responseStallTimeout: {
    field: "responseStallTimeoutMs",
    unit: "duration",
    min: SECOND,
    max: HOUR,
    about: "a client that takes less than 1 KiB of its answer in this time",
    past: "cut",
  },
  bodyWindow: {
    field: "bodyWindowBytes",
    unit: "size",
    min: KIB,
    max: 16 * MIB,
    about: "bytes of a body that its guest has not read yet",
    past: "the client waits",
  },
  discard: {
    field: "discardBytesMax",
    unit: "size",
    min: 0,
    max: GIB,
    about: "bytes of an unwanted body that are read and thrown away",
    past: "closed after the answer",
  },
  requestsAhead: {
    field: "aheadRequestsMax",
    unit: "count",
    min: 1,
    max: 1_024,
    about: "requests of a connection behind the one that is served",
    past: "the connection is not read",
  },
  requestsAheadTotal: {
    field: "aheadRequestsTotalMax",
    unit: "count",
    min: 1,
    max: 1_000_000,
    about: "the same over all connections",
    past: "the connection is cut",
  },
  streams: {
    field: "streamsMax",
    unit: "count",
    min: 1,
    max: 1_000,
    about: "open streams of a connection of HTTP/2",
    past: "`REFUSED_STREAM`",
  },
  streamsTotal: {
    field: "streamsTotalMax",
    unit: "count",
    min: 1,
    max: 1_000_000,
    about: "the same over all connections",
    past: "`REFUSED_STREAM`",
  },
  linger: {
    field: "lingerMs",
    unit: "duration",
    min: 0,
    max: 60 * SECOND,
    about: "how long a connection is still read after its last answer",
    past: "closed",
  },
  drainTimeout: {
    field: "drainTimeoutMs",
    unit: "duration",
    min: 0,
    max: HOUR,
    about: "for requests in flight when the gateway stops",
    past: "cut",
  },
} as const satisfies LimitKeys<keyof ListenerLimits>;

/** All keys, each in the object that has it. */
export const ALL_LIMIT_KEYS: readonly LimitKeys[] = [
  ROUTE_LIMIT_KEYS,
  WORKLOAD_TOTAL_KEYS,
  SERVICE_LIMIT_KEYS,
  VOLUME_KEYS,
  PROCESS_LIMIT_KEYS,
  LISTENER_LIMIT_KEYS,
];
