/** The ports of a gateway that lead into private loopbacks. */
import { LoopgateError } from "../base/errors.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { GuestTools } from "../instance/guest_tools.ts";
import type { WorkloadSet } from "./workload_set.ts";
import { PublishedPort, type PublishOptions } from "./published_port.ts";

/** Owns them; one for a gateway. */
export class PublishedPorts {
  readonly #workloads: WorkloadSet;
  readonly #tools: GuestTools;
  readonly #onOpened: (address: SocketAddress) => void;
  readonly #open: PublishedPort[] = [];

  /** @param onOpened gets where each listens: no guest may get there, and past another workload's isolation */
  constructor(workloads: WorkloadSet, tools: GuestTools, onOpened: (address: SocketAddress) => void) {
    this.#onOpened = onOpened;
    this.#workloads = workloads;
    this.#tools = tools;
  }

  /**
   * Opens one.
   *
   * @throws {LoopgateError} ERR_USAGE when there is no such workload, or the port cannot be opened
   */
  async open(workload: string, { listen, port }: PublishOptions): Promise<PublishedPort> {
    if (this.#workloads.current(workload) === undefined) {
      const names = this.#workloads.specs.map(({ name }) => name).join(", ");
      const message = `Cannot publish "${workload}": there is no such workload, expected one that is served (${names})`;
      throw new LoopgateError("LG4003", message);
    }
    const { clock, counters, emit } = this.#tools;
    const network = () => this.#workloads.current(workload)?.network;
    const opened = await PublishedPort.open({ workload, listen, port, network, clock, counters, emit });
    this.#open.push(opened);
    this.#onOpened(opened.address);
    return opened;
  }

  /** Ends all of them. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map((port) => port.close()));
  }
}
