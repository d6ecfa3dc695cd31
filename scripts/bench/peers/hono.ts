/** A bare Hono application on node:http: what the same runtime does without any guest. */
import { join } from "node:path";
import { pinned, ROOT } from "../../tools.ts";
import { freePort, type Peer, startServer } from "./peer.ts";

/** On `runtime`. */
export function hono(runtime: "node" | "deno"): Peer {
  return {
    name: `hono ${runtime}`,
    async missing({ service }) {
      if (pinned(runtime) === undefined) return `${runtime} is not there`;
      return service === undefined ? undefined : "it runs no guests";
    },
    async start() {
      const port = await freePort();
      const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
      const args = [...flags, join(ROOT, "scripts/bench/peers/hono_server.ts"), String(port)];
      return await startServer(pinned(runtime) ?? "", args, { url: `http://127.0.0.1:${port}` });
    },
  };
}
