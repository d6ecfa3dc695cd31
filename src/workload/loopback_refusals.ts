/** Tells that a guest connected to its own loopback where nothing listens: the guest learns no more than "connection-refused". */
import type { Clock } from "../base/clock.ts";
import { formatSocketAddress } from "../base/ip_address.ts";
import type { Reach } from "../network/guest_network.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";

/** One line of each guest within this time: one that tries until its service is there must not fill the log. */
const REPEAT_MS = 10_000;
/** A service may listen on thousands of ports, and a log line is for people. */
const PORTS_SHOWN_MAX = 5;

/** What is told of. */
export interface LoopbackRefusalsOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly emit: EmitEvent;
  readonly hasService: boolean;
  /** The TCP ports where somebody listens. */
  readonly listening: () => readonly number[];
}

/** One for a workload. It grows with its routes only. */
export class LoopbackRefusals {
  readonly #options: LoopbackRefusalsOptions;
  /** By route; of the service, its own. */
  readonly #toldMs = new Map<string | undefined, number>();

  constructor(options: LoopbackRefusalsOptions) {
    this.#options = options;
  }

  /** Of a connect that was refused; of others nothing. */
  tell(guest: GuestLabel, { protocol, remote, where }: Reach): void {
    if (where !== "refused" || protocol !== "tcp") return;
    const { clock, emit } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#toldMs.get(guest.route) ?? -Infinity) < REPEAT_MS) return;
    this.#toldMs.set(guest.route, nowMs);
    emit({ kind: "refused", guest, target: `tcp://${formatSocketAddress(remote)}`, detail: this.#why() });
  }

  #why(): string {
    const { hasService, listening } = this.#options;
    if (!hasService) return "nothing listens there, for the workload has no service";
    return `nothing listens there; the service listens ${portsText(listening())}`;
  }
}

/** `on 7777, 7778`, or `nowhere`. */
export function portsText(ports: readonly number[]): string {
  if (ports.length === 0) return "nowhere";
  return `on ${ports.slice(0, PORTS_SHOWN_MAX).join(", ")}${ports.length > PORTS_SHOWN_MAX ? "..." : ""}`;
}
