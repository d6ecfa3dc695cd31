/** The access of a guest as tests of sockets want it. */
import { type DecideEgress, type GuestAccess, LOOPBACK_ONLY } from "../../src/network/access.ts";

/** What a test says of its guest. */
export type NetworkAccess = "none" | "loopback" | "default";

/** "none" is `"net": false`, "loopback" is `"net": []`; else `decide` is asked. */
export function accessOf(access: NetworkAccess, decide: DecideEgress): GuestAccess {
  if (access === "default") return { off: undefined, decide };
  return access === "loopback" ? LOOPBACK_ONLY : { ...LOOPBACK_ONLY, off: '"net": false' };
}

/** What a bench was told of limits, for a network and for each of its guests. */
export function boundsOf({ connectionsMax, socketsMax }: { connectionsMax?: number; socketsMax?: number }) {
  return {
    workload: connectionsMax === undefined ? {} : { connectionsMax },
    guest: socketsMax === undefined ? {} : { socketsMax },
  };
}
