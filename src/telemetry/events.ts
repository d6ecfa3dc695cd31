/** Notifications that travel up: lower folders emit, the composition root decides where they go. Never calls back down. */
import type { Diagnostic } from "../base/diagnostics.ts";
import type { FaultCode } from "../base/fault_codes.ts";
import type { LimitName } from "./limit_counts.ts";

/** What every event of a guest says about its origin. */
export interface GuestLabel {
  /** The name of its folder; of a command that of its file. */
  readonly workload: string;
  /** The route's name, for components. */
  readonly route?: string;
  /** What it is run as. */
  readonly role: "component" | "service" | "command";
}

/** Everything that can happen, as data. */
export type GatewayEvent =
  | {
    readonly kind: "guest-output";
    readonly guest: GuestLabel;
    /** The request that it wrote it for; a service writes for none. */
    readonly requestId?: string;
    readonly stream: "stdout" | "stderr";
    readonly line: string;
  }
  | {
    readonly kind: "guest-ended";
    readonly guest: GuestLabel;
    readonly requestId?: string;
    readonly outcome: "completed" | "exited" | "failed" | "trapped" | "refused";
    readonly detail: string;
  }
  | {
    readonly kind: "denied";
    readonly guest: GuestLabel;
    readonly operation: string;
    readonly target: string;
    readonly rule: string;
    /** How often, where one event stands for several; without it once. */
    readonly count?: number;
  }
  | {
    readonly kind: "limited";
    /** Undefined: clients met a limit of the listener, before there was a request. */
    readonly guest?: GuestLabel;
    readonly limit: LimitName;
    readonly detail: string;
    /** Where the files set it; undefined for `loopgate run`, which has none. */
    readonly setBy?: string | undefined;
    /** How often, where one event stands for several; without it once. */
    readonly count?: number;
  }
  | {
    /** A change of the files of a workload, or of the gateway's own (then without a workload). */
    readonly kind: "reload";
    readonly workload?: string;
    /**
     * "kept": the change has faults, and what was served before still is. "left-out": it has, and nothing was served before.
     * "unchanged": after that the files are again as what is served.
     */
    readonly outcome: "added" | "replaced" | "removed" | "kept" | "left-out" | "unchanged";
    /** Without a workload: the file, or "the folder" where it is not one file's. */
    readonly file?: string;
    /** Some of it counts from the next start of the gateway on; `detail` says what. */
    readonly needsRestart?: true;
    readonly detail?: string;
  }
  | {
    /** A fault for which the start leaves a workload out; there may be several of one. */
    readonly kind: "left-out";
    readonly workload: string;
    readonly fault: Diagnostic;
  }
  | {
    /** Something that whoever uses a published port has to know. */
    readonly kind: "published";
    readonly workload: string;
    /** On the private loopback. */
    readonly port: number;
    readonly detail: string;
  }
  | { readonly kind: "service-state"; readonly workload: string; readonly state: string; readonly detail?: string }
  | {
    readonly kind: "request";
    /** Its name: what the guest saw and the client got as `X-Request-Id`. */
    readonly requestId: string;
    /** Of the trace that it is recorded in. */
    readonly traceId?: string;
    readonly workload?: string;
    readonly route?: string;
    readonly method: string;
    readonly path: string;
    readonly status: number;
    /** Of the body, as far as it was received. */
    readonly requestBytes: number;
    /** Of the body, as far as it was handed to the connection. */
    readonly responseBytes: number;
    readonly durationMs: number;
    /** How long its guest computed, up to the answer's end; missing when there was none. */
    readonly cpuMs?: number;
    /** Why the gateway answered by itself, when it did. */
    readonly cause?: string;
    /** Of the cause: there when it is. */
    readonly code?: FaultCode;
  }
  | {
    /** A guest connected to its workload's loopback where nothing listens; told once in a while for each guest. */
    readonly kind: "refused";
    readonly guest: GuestLabel;
    readonly target: string;
    readonly detail: string;
  }
  | {
    /** The collector of traces cannot be reached, or can again. */
    readonly kind: "traces";
    readonly endpoint: string;
    readonly state: "failing" | "exported";
    readonly detail?: string;
    /** How many spans were dropped meanwhile. */
    readonly count?: number;
  }
  | {
    /** A certificate of the listener is in use, and clients will not like it. */
    readonly kind: "certificate";
    /** Its file. */
    readonly name: string;
    readonly detail: string;
  }
  | { readonly kind: "fault"; readonly where: string; readonly error: unknown };

/**
 * Takes an event; never throws, never waits.
 *
 * @example
 * const emit: EmitEvent = (event) => {
 *   if (event.kind === "request" && event.code !== undefined) console.error(event.status, event.code, event.cause);
 * };
 */
export type EmitEvent = (event: GatewayEvent) => void;
