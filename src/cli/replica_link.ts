/** What the process of `--replicas` and its replicas tell each other. Messages come over a channel, so they are read, not believed. */
import type { ListenAddress } from "../server/http_listener.ts";

/** What one replica is. */
export interface ReplicaAssignment {
  /** From 1. */
  readonly index: number;
  /** Where to listen, over what the words say: the port that the first one got. Undefined: as the words say. */
  readonly listen: ListenAddress | undefined;
  /** Whether it prints what is served. */
  readonly isTableShown: boolean;
}

/** What a replica says. */
export type ReplicaReport =
  | {
    readonly kind: "listening";
    readonly host: string;
    readonly port: number;
    /** How long it lets requests finish when it is told to drain. */
    readonly drainMs: number;
  }
  /** The answer to a ping: its event loop turns. */
  | { readonly kind: "alive" }
  /** It ends, for this reason; the text is for stderr. */
  | { readonly kind: "fault"; readonly text: string };

/** A replica's side. */
export interface ParentLink {
  readonly assignment: ReplicaAssignment;
  /** Resolves when the report is out of this process. */
  report(report: ReplicaReport): Promise<void>;
  /** Calls `drain` when the parent asks for it, and when the parent is gone. */
  onDrain(drain: () => void): void;
}

/** How a replica ended. */
export interface ReplicaEnd {
  /** Null when a signal ended it, or when it could not be started. */
  readonly exitCode: number | null;
  /** One line for the log: "it exited with code 1". */
  readonly detail: string;
}

/** What becomes of a replica, for its parent. */
export interface ReplicaHandlers {
  readonly onReport: (report: ReplicaReport) => void;
  /** Called once, and nothing after it. */
  readonly onEnd: (end: ReplicaEnd) => void;
}

/** The parent's side of one replica. */
export interface ReplicaProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Asks it to let its requests finish and to end. Idempotent; does nothing when it has ended. */
  drain(): void;
  /** Asks whether it is there; the answer is "alive". Does nothing when it has ended. */
  ping(): void;
  /** Ends it now. Does nothing when it has ended. */
  kill(): void;
}

/** Starts a replica. Never throws: what fails is how it ended, told later. */
export type StartReplica = (assignment: ReplicaAssignment, handlers: ReplicaHandlers) => ReplicaProcess;

/** Reads an assignment; undefined when the text is none. */
export function parseAssignment(text: string): ReplicaAssignment | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Whoever sets the variable by hand does not mean us.
    return undefined;
  }
  if (!isObject(value) || typeof value["index"] !== "number" || !Number.isSafeInteger(value["index"])) return undefined;
  if (typeof value["isTableShown"] !== "boolean") return undefined;
  const listen = value["listen"] === undefined ? undefined : readAddress(value["listen"]);
  if (value["listen"] !== undefined && listen === undefined) return undefined;
  return { index: value["index"], listen, isTableShown: value["isTableShown"] };
}

/** Reads a report; undefined when the message is none. */
export function parseReport(message: unknown): ReplicaReport | undefined {
  if (!isObject(message)) return undefined;
  if (message["kind"] === "fault" && typeof message["text"] === "string") {
    return { kind: "fault", text: message["text"] };
  }
  if (message["kind"] === "alive") return { kind: "alive" };
  const address = message["kind"] === "listening" ? readAddress(message) : undefined;
  const drainMs = message["drainMs"];
  if (address === undefined || typeof drainMs !== "number" || !(drainMs >= 0)) return undefined;
  return { kind: "listening", ...address, drainMs };
}

function readAddress(value: unknown): { readonly host: string; readonly port: number } | undefined {
  if (!isObject(value)) return undefined;
  const { host, port } = value;
  return typeof host === "string" && typeof port === "number" ? { host, port } : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
