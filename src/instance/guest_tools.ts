/** What all guests of a gateway share: made once, at its start. */
import type { Clock } from "../base/clock.ts";
import { nextEventLoopTurn } from "../base/event_loop_turn.ts";
import { PROCESS_LIMITS, type ProcessLimits } from "../base/limits.ts";
import { ByteTotal, LOOPBACK_BYTES_MAX } from "../network/byte_total.ts";
import { ConnectionSlots } from "../network/connection_slots.ts";
import type { NetworkTotals } from "../network/workload_network.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";
import { InstanceCounts } from "../telemetry/instance_counts.ts";
import type { ReportLimit } from "../telemetry/limit_log.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { Tracer } from "../telemetry/trace.ts";
import { OpenFileSlots } from "../volume/open_files.ts";
import { ProcessBudget } from "./process_budget.ts";
import { TurnScheduler } from "./turn_scheduler.ts";

/** Told of each trap that is a guest's own doing, with the error that has its stack. */
export type OnTrap = (guest: GuestLabel, trap: unknown) => void;

/** Told how long a guest computed for a request, at its end, which may be after that of its answer. */
export type OnComputed = (guest: GuestLabel, cpuMs: number) => void;

/** The gateway's side of its guests. */
export interface GuestTools {
  readonly clock: Clock;
  /** What guests compute is measured by it, also where `clock` is a test's and stands still. */
  readonly computeClock: Pick<Clock, "monotonicMs">;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly counters: LiveCounters;
  readonly emit: EmitEvent;
  /** Counts that a guest met a limit, and tells the operator now and then (`LimitLog`). */
  readonly onLimit: ReportLimit;
  /** See `OnTrap`. */
  readonly onTrap?: OnTrap;
  /** See `OnComputed`. */
  readonly onComputed?: OnComputed;
  /** Undefined: there are no traces. */
  readonly tracer?: Tracer;
  /** Whose turn it is to compute. */
  readonly turns: TurnScheduler;
  /** What all guests may hold together. */
  readonly budget: ProcessBudget;
  /** What their networks have together. */
  readonly networks: NetworkTotals;
  /** What they have open together. */
  readonly openFiles: OpenFileSlots;
  /** What became of instances. */
  readonly instanceCounts: InstanceCounts;
}

/** What `openGuestTools` is given. */
export interface GuestToolsOptions extends Pick<GuestTools, "clock" | "randomBytes" | "counters" | "emit" | "onLimit"> {
  readonly onTrap?: OnTrap;
  readonly onComputed?: OnComputed;
  readonly tracer?: Tracer;
  /** Default: `clock`. */
  readonly computeClock?: GuestTools["computeClock"];
  /** Default: `PROCESS_LIMITS`. */
  readonly limits?: ProcessLimits;
  /** Default: `HOST_BYTES_MAX`. */
  readonly hostBytesMax?: number;
}

/** One for a gateway. It holds nothing once its guests have ended. */
export function openGuestTools({ limits = PROCESS_LIMITS, hostBytesMax, ...options }: GuestToolsOptions): GuestTools {
  const { clock, counters, computeClock = clock } = options;
  return {
    ...options,
    computeClock,
    turns: new TurnScheduler({ clock: computeClock, nextTurn: nextEventLoopTurn }),
    budget: new ProcessBudget(limits, { clock, hostBytesMax }),
    networks: {
      loopbackBytes: new ByteTotal(LOOPBACK_BYTES_MAX),
      connections: new ConnectionSlots(limits.connectionsMax),
    },
    openFiles: new OpenFileSlots({ slotsMax: limits.openFilesMax, limit: "processOpenFiles", counters }),
    instanceCounts: new InstanceCounts(),
  };
}
