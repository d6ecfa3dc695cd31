/** What one guest may reach, and the shape of the decisions that `policy` takes for the core. */
import type { SocketAddress } from "../base/ip_address.ts";
import type { DenialDecision } from "../telemetry/denial_counts.ts";

/** `rule` is the text of the rule or default that decided, and of a denial what would allow it: for the operator. */
export interface EgressDecision {
  readonly isAllowed: boolean;
  readonly rule: string;
  /** Of a denial; without it, that no rule allows it. */
  readonly decision?: DenialDecision;
}

/** What a socket speaks. */
export type EgressProtocol = "tcp" | "udp";

/** Judges a TCP connection or a UDP datagram to a real address. Asked before any packet is sent. */
export type DecideEgress = (remote: SocketAddress, protocol: EgressProtocol) => EgressDecision;

/** What a guest's sockets may do. The same object for all instances of a component. */
export interface GuestAccess {
  /** Why there is no network at all (`"net": false`); undefined: there is one. */
  readonly off: string | undefined;
  /** Never asked about the private loopback. */
  readonly decide: DecideEgress;
}

/** What a guest has for which nobody decides. */
export const LOOPBACK_ONLY: GuestAccess = {
  off: undefined,
  decide: () => ({ isAllowed: false, rule: "the private loopback only: there is no policy", decision: "off" }),
};

/** "service" is also the role of a command (`loopgate run`): it may bind and listen. */
export type GuestRole = "component" | "service";
