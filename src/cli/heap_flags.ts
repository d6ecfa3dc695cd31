/** How V8 is to place what the gateway makes, which is its process's to say: an application that embeds a gateway has its own. */
import { setFlagsFromString } from "node:v8";

/**
 * V8 makes objects old at once whose like survived one collection of the young generation. Of a gateway those are objects of the
 * requests that were under way in that moment. From then on each request left 4 KB that only a full collection frees, and all young
 * objects that these refer to survived with them: every 700 round trips over the loopback a pause of 20 ms in place of 0.5.
 * Deno has no flags of V8 once it runs and takes no notice: there they come with the command (docs/deployment.md).
 */
export function keepRequestsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
