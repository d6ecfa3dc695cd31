/**
 * The limits of guests: each has a default, each can be set in the files (`limits`), each has a comment that names the
 * attack it stops. `config` reads them, `instance`, `workload`, `server` and `network` enforce them.
 */

/** What a route's requests and instances may use. */
export interface RouteLimits {
  /** Over all memories of one instance. Past it `memory.grow` fails inside the guest. Stops a guest from taking the machine's memory. */
  readonly memoryBytesMax: number;
  /** Time that one request may compute (504). Stops endless loops from using up a core. */
  readonly cpuMs: number;
  /** From the request to the head of its answer, what it waits for included (504; 429 or 503 before a guest has it). Stops requests that wait for ever from taking all places. */
  readonly wallMs: number;
  /** Between two pieces of an answer's body, and from its end to the guest's own. Stops guests that stop in the middle. */
  readonly idleMs: number;
  /** Bytes of a request's body (413). Stops a client from feeding a guest without end; bodies are never held whole. */
  readonly requestBodyBytesMax: number;
  /** Bytes of an answer's body (cut, 502 when its length says so before). Stops a guest from sending without end. */
  readonly responseBodyBytesMax: number;
  /** Names and values of a request's fields (431) and of an answer's (502). Stops huge heads; the listener's own bound is above it. */
  readonly headerBytesMax: number;
  /** Requests that are served at a time. Stops one route from taking the places of all. */
  readonly concurrencyMax: number;
  /** Requests that wait for a place (429 past it). Stops a burst from becoming a backlog that no client waits for. */
  readonly queueMax: number;
  /** How long one waits (429). Past it many clients have gone and an answer is wasted work. */
  readonly queueWaitMs: number;
  /** How long one waits for a service that is starting (503). A cold start takes seconds; a client that waits for more holds a place for nothing. */
  readonly serviceWaitMs: number;
  /**
   * Instances that are kept for the next request. They hold memory while nobody asks, for a minute each. As many as `concurrencyMax`: of
   * 128 requests at a time that wait for something the 96 past 32 had a new instance made each time, and took six times as long.
   */
  readonly idleInstancesMax: number;
  /** Open sockets of one instance (`new-socket-limit`). Stops a guest from filling the host with sockets. */
  readonly socketsMax: number;
  /** Resource handles of one instance (trap). Each is an object of the host of up to 1 KB. */
  readonly handlesMax: number;
  /** Open files and directories of one instance, and streams on them (`insufficient-memory`). Each holds a descriptor of the process, of which all guests have some thousands together. */
  readonly descriptorsMax: number;
  /** Entries of directories that one instance is reading. The host holds a whole listing, for it has to be of one moment. */
  readonly directoryEntriesMax: number;
  /** Lines of stdout and stderr, in bytes per second over all instances of the route; what is over is dropped and counted. Stops a flood of the log. */
  readonly logBytesPerSecond: number;
}

/** What a service may use. */
export interface ServiceLimits {
  /** As of a route, for the whole life of the service. */
  readonly memoryBytesMax: number;
  /** As of a route. */
  readonly socketsMax: number;
  /** As of a route. */
  readonly handlesMax: number;
  /** As of a route. */
  readonly descriptorsMax: number;
  /** As of a route. */
  readonly directoryEntriesMax: number;
  /** As of a route. */
  readonly logBytesPerSecond: number;
  /** Of one core, 0 to 1, while other guests wait for their turn. Stops a service that computes from slowing its neighbours. */
  readonly cpuShare: number;
  /** How long a start may take until the service listens; past it the start has failed. Stops a service that never becomes ready from looking as if it soon would. */
  readonly startMs: number;
}

/** What a workload may use, over all its guests. */
export interface WorkloadTotals {
  /** Instances, busy and idle, the service included (503 past it). Stops one workload from taking the instances of all. */
  readonly instancesMax: number;
  /** Connections to the outside, HTTP and TCP and UDP peers. Stops a guest from using up the file descriptors. */
  readonly connectionsMax: number;
  /** Open files of volumes over all its guests. Stops many instances from using up the file descriptors that one alone could not. */
  readonly openFilesMax: number;
}

/** What a volume may hold when its file does not say. */
export interface VolumeLimits {
  /** Bytes of all files in a folder (`insufficient-space`). Stops a guest from filling the disk. */
  readonly bytesMax: number;
  /** Files, directories and links (`insufficient-space`). Stops a guest from using up a disk's inodes with empty files, each of which takes a block as well. */
  readonly filesMax: number;
}

/** What all guests of the process may use together. Nobody can lift them: they keep the process alive. */
export interface ProcessLimits {
  /** Instances of all workloads, by their wasm memories: up to four are one, for V8 can have 16,364. Idle ones are given up first, then 503. */
  readonly instancesMax: number;
  /**
   * Guests that are suspended at a time, and the components that wait for another one inside them: each has a stack of its own,
   * of which the system allows about 31,000. A guest that calls itself as deep as it can takes 1 MiB of the machine with it.
   */
  readonly stacksMax: number;
  /** Memory of all instances. Idle ones are given up first, then `memory.grow` fails and new instances are refused (503). */
  readonly memoryBytesMax: number;
  /** Connections to the outside of all workloads. Each is a file descriptor, and up to 256 KiB of buffers. */
  readonly connectionsMax: number;
  /** Open files of volumes of all workloads. Without it a dozen workloads take the descriptors that clients need. */
  readonly openFilesMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** What a route has when no file says otherwise. */
export const ROUTE_LIMITS: RouteLimits = {
  memoryBytesMax: 128 * MIB,
  cpuMs: 5_000,
  wallMs: 30_000,
  idleMs: 120_000,
  requestBodyBytesMax: 100 * MIB,
  responseBodyBytesMax: 1024 * MIB,
  headerBytesMax: 16 * KIB,
  concurrencyMax: 256,
  queueMax: 1024,
  queueWaitMs: 30_000,
  serviceWaitMs: 10_000,
  idleInstancesMax: 256,
  socketsMax: 128,
  handlesMax: 65_536,
  descriptorsMax: 64,
  directoryEntriesMax: 16_384,
  logBytesPerSecond: 256 * KIB,
};

/** What a service has when no file says otherwise. */
export const SERVICE_LIMITS: ServiceLimits = {
  memoryBytesMax: 256 * MIB,
  socketsMax: 4_096,
  handlesMax: 65_536,
  descriptorsMax: 512,
  directoryEntriesMax: 65_536,
  logBytesPerSecond: 256 * KIB,
  cpuShare: 0.5,
  startMs: 60_000,
};

/** What a workload has when no file says otherwise. */
export const WORKLOAD_TOTALS: WorkloadTotals = { instancesMax: 1_024, connectionsMax: 128, openFilesMax: 1_024 };

/** What a volume has when no file says otherwise. */
export const VOLUME_LIMITS: VolumeLimits = { bytesMax: 64 * MIB, filesMax: 10_000 };

/** What the process has when `gateway.jsonc` says nothing. */
export const PROCESS_LIMITS: ProcessLimits = {
  instancesMax: 4_000,
  stacksMax: 4_000,
  memoryBytesMax: 4 * 1024 * MIB,
  connectionsMax: 4_096,
  openFilesMax: 8_192,
};
