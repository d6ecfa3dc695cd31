/** One line of the UDP section of network.md, as something that a driver can run. */
import type { GuestRole } from "../../src/network/access.ts";
import { ROLES, UdpBench, type UdpBenchOptions, type UdpDriver } from "./udp_bench.ts";

export interface UdpCase {
  readonly name: string;
  run(driver: UdpDriver): void | Promise<void>;
}

type Change = Omit<UdpBenchOptions, "driver">;

/** A case with its own bench, at whose end nothing may be left. */
export function on(name: string, run: (bench: UdpBench) => void | Promise<void>, change: Change = {}): UdpCase {
  return {
    name,
    async run(driver) {
      const bench = new UdpBench({ driver, ...change });
      await run(bench);
      bench.assertIdleAfterRelease();
    },
  };
}

export function inBothRoles(
  name: string,
  run: (bench: UdpBench, role: GuestRole) => void | Promise<void>,
  change: Change = {},
): UdpCase[] {
  return ROLES.map((role) => on(`${name} (${role})`, (bench) => run(bench, role), change));
}
