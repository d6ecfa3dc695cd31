/**
 * What proxies of the bench fetch from: a small server in a process of its own, on an address that is not the loopback's,
 * which no policy opens.
 */
import { join } from "node:path";
import { pinned, ROOT } from "../tools.ts";
import { ownAddress } from "./own_network.ts";
import { freePort, startServer } from "./peers/peer.ts";

/** A server that runs. */
export interface Upstream {
  /** Its address and port. */
  readonly authority: string;
  stop(): Promise<void>;
}

/** Starts it; undefined where the bench has no network of its own, since load must not go to a real interface. */
export async function startUpstream(): Promise<Upstream | undefined> {
  const own = ownAddress();
  if (own === undefined) return undefined;
  const port = await freePort();
  const authority = `${own}:${port}`;
  const main = join(ROOT, "scripts/bench/peers/upstream_server.ts");
  const server = await startServer(pinned("node") ?? "", [main, own, String(port)], { url: `http://${authority}` });
  return { authority, stop: () => server.stop() };
}
