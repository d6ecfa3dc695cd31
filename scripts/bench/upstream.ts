/**
 * What proxies of the bench fetch from: a small server in a process of its own, on an address of this machine that is not
 * its loopback, which no policy opens.
 */
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { pinned, ROOT } from "../tools.ts";
import { freePort, startServer } from "./peers/peer.ts";

/** A server that runs. */
export interface Upstream {
  /** Its address and port. */
  readonly authority: string;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startUpstream(): Promise<Upstream> {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const own = addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  if (own === undefined) throw new Error("Cannot measure proxies: this machine has no address but its loopback");
  const port = await freePort();
  const authority = `${own}:${port}`;
  const main = join(ROOT, "scripts/bench/peers/upstream_server.ts");
  const server = await startServer(pinned("node") ?? "", [main, own, String(port)], { url: `http://${authority}` });
  return { authority, stop: () => server.stop() };
}
