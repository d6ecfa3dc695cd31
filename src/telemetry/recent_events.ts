/** The last events that an operator looks for first, so that the admin page can show them without a log at hand. */
import type { EmitEvent, GatewayEvent } from "./events.ts";

/** Kinds that are kept: what went wrong, and what changed. */
const KEPT = ["denied", "limited", "service-state", "reload", "left-out", "guest-ended", "fault"] as const;

/** An event that is kept. */
export type KeptEvent = Extract<GatewayEvent, { readonly kind: (typeof KEPT)[number] }>;

/** One of them with its time. */
export interface RecentEvent {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  readonly event: KeptEvent;
}

/** A page of them; older ones are in the log. What a guest can write into one is bounded where it is made. */
export const RECENT_EVENTS_MAX = 100;

/** One for a gateway. */
export class RecentEvents {
  readonly #wallMs: () => number;
  readonly #events: RecentEvent[] = [];

  /** `wallMs` is the machine's time. */
  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** An `emit` that keeps what passes. */
  keeping(emit: EmitEvent): EmitEvent {
    return (event) => {
      if (isKept(event)) this.#keep(event);
      emit(event);
    };
  }

  /** The newest first. */
  list(): readonly RecentEvent[] {
    return this.#events.toReversed();
  }

  #keep(event: KeptEvent): void {
    if (this.#events.length >= RECENT_EVENTS_MAX) this.#events.shift();
    this.#events.push({ wallMs: this.#wallMs(), event });
  }
}

function isKept(event: GatewayEvent): event is KeptEvent {
  const kinds: readonly string[] = KEPT;
  return kinds.includes(event.kind);
}
