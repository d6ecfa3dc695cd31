/** The smallest workload: one component, no service. */
import { httpHandler } from "../../lib/http.ts";

export const incomingHandler = httpHandler((request) => ({
  status: 200,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: `Hello from Loopgate at ${request.path}\n`,
}));
