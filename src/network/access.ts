/** What a workload's guests may reach, and the shape of the decision that `policy` takes for the core. */
import type { SocketAddress } from "../base/ip_address.ts";

/** Nothing at all, the private loopback, or also the outside by the default policy. */
export type NetworkAccess = "none" | "loopback" | "default";

/** `rule` is the text of the rule or default that decided, for the operator. */
export type EgressDecision = { readonly isAllowed: boolean; readonly rule: string };

/** What a socket speaks. */
export type EgressProtocol = "tcp" | "udp";

/** Judges a TCP connection or a UDP datagram to a real address. Pure; asked before any packet is sent. */
export type DecideEgress = (remote: SocketAddress, protocol: EgressProtocol) => EgressDecision;

/** "service" is also the role of a command (`loopgate run`): it may bind and listen. */
export type GuestRole = "component" | "service";
