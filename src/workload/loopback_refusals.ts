/** Tells that a guest connected to its own loopback where nothing listens: the guest learns no more than "connection-refused". */
import type { Clock } from "../base/clock.ts";
import { formatSocketAddress } from "../base/ip_address.ts";
import type { Reach } from "../network/guest_network.ts";
import type { EmitEvent, GuestLabel } from "../telemetry/events.ts";

/** One line of each guest and port within this time: one that tries until its service is there must not fill the log. */
const REPEAT_MS = 10_000;
/** So many ports of each guest within it: one that tries all of them must not either. */
const PORTS_TOLD_MAX = 4;
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
  /** By route; of the service, its own. When the first port was told, and which were since. */
  readonly #told = new Map<string | undefined, { readonly sinceMs: number; readonly ports: Set<number> }>();

  constructor(options: LoopbackRefusalsOptions) {
    this.#options = options;
  }

  /** Of a connect that was refused; of others nothing. */
  tell(guest: GuestLabel, { protocol, remote, where }: Reach): void {
    if (where !== "refused" || protocol !== "tcp") return;
    const { clock, emit } = this.#options;
    const nowMs = clock.monotonicMs();
    let told = this.#told.get(guest.route);
    if (told === undefined || nowMs - told.sinceMs >= REPEAT_MS) {
      told = { sinceMs: nowMs, ports: new Set() };
      this.#told.set(guest.route, told);
    }
    if (told.ports.has(remote.port) || told.ports.size === PORTS_TOLD_MAX) return;
    told.ports.add(remote.port);
    emit({ kind: "refused", guest, target: `tcp://${formatSocketAddress(remote)}`, detail: this.#why() });
  }

  #why(): string {
    const { hasService, listening } = this.#options;
    const who = hasService ? `its service listens ${portsText(listening())}` : "it has no service";
    return `nothing listens there on the workload's own loopback: ${who}; a server of this machine has another address`;
  }
}

/** `on 7777, 7778`, or `nowhere`. */
export function portsText(ports: readonly number[]): string {
  if (ports.length === 0) return "nowhere";
  return `on ${ports.slice(0, PORTS_SHOWN_MAX).join(", ")}${ports.length > PORTS_SHOWN_MAX ? "..." : ""}`;
}
