/**
 * A gate to one upstream: `/proxy/<path>` is fetched from UPSTREAM, and the answer goes back as it comes.
 * What this component may reach is decided by its route, not by it: without the rule there every fetch is denied.
 */
import type { Env, Handler } from "loopgate/guest";

const PREFIX = "/proxy";

export default {
  async fetch(request, env) {
    const target = targetOf(request, env);
    const headers = new Headers(request.headers);
    // Whose cookies these are is nothing for the upstream to know.
    headers.delete("cookie");
    try {
      const answer = await fetch(target, { method: request.method, headers, body: request.body });
      return new Response(answer.body, answer);
    } catch (error) {
      // The cause has the code of wasi:http: HTTP-request-denied, connection-refused, DNS-error and so on.
      console.error(error);
      return new Response("The upstream cannot be reached\n", { status: 502 });
    }
  },
} satisfies Handler;

function targetOf(request: Request, env: Env): URL {
  const { pathname, search } = new URL(request.url);
  const upstream = new URL(env["UPSTREAM"] ?? "https://example.com");
  upstream.pathname = pathname.slice(PREFIX.length) || "/";
  upstream.search = search;
  return upstream;
}
