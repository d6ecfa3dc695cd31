/** UDP on the private loopback of one workload: its ports, and the way from one to another. No system socket. */
import type { IpFamily, SocketAddress } from "../base/ip_address.ts";
import type { ByteBudget } from "./byte_budget.ts";
import { type PortHold, PortTable } from "./port_table.ts";
import type { Datagram } from "./udp_datagram.ts";

/** Who holds a UDP port. */
export interface UdpReceiver {
  /** False for one that is bound to the wildcard and has taken a single address since. */
  answersFor(local: SocketAddress): boolean;
  /** Takes a copy, or drops it: nobody is told. */
  deliver(datagram: Datagram): void;
}

/** A UDP port that a socket holds. */
export type UdpPortHold = PortHold<UdpReceiver>;

/** The UDP ports of one workload. Who holds one releases it. */
export class UdpLoopback {
  /** Shared with TCP: what is queued anywhere on this loopback. */
  readonly budget: ByteBudget;
  readonly #ports: Readonly<Record<IpFamily, PortTable<UdpReceiver>>>;

  constructor(options: { readonly budget: ByteBudget; readonly randomPort: () => number }) {
    this.budget = options.budget;
    this.#ports = { ipv4: new PortTable(options.randomPort), ipv6: new PortTable(options.randomPort) };
  }

  /** Ports that are held now. */
  get ports(): number {
    return this.#ports.ipv4.size + this.#ports.ipv6.size;
  }

  /** `receiver` answers on it from now on. undefined when the port is taken. */
  hold(address: SocketAddress, receiver: UdpReceiver): UdpPortHold | undefined {
    const hold = this.#ports[address.address.family].hold(address);
    if (hold !== undefined) hold.listener = receiver;
    return hold;
  }

  /** Hands `datagram` to whoever holds `to`. False when nobody does. */
  send(datagram: Datagram, to: SocketAddress): boolean {
    const receiver = this.#ports[to.address.family].listenerAt(to);
    if (receiver === undefined || !receiver.answersFor(to)) return false;
    receiver.deliver(datagram);
    return true;
  }
}
