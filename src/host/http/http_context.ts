/** What `wasi:http` needs of a guest's context: to count its resources, to name it in a denial, and to send its requests. */
import type { HostContext } from "../context.ts";

/** A `HostContext` is one. Lists of fields and bodies are bounded per `scope`. */
export type HttpContext = Pick<
  HostContext,
  "counters" | "emit" | "label" | "egress" | "incomingCdnLoop" | "trace" | "memory" | "scope"
>;
