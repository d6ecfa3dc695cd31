/** What `wasi:http` needs of a guest's context: to count its resources, to name it in a denial, and to send its requests. */
import type { HostContext } from "../context.ts";

/** A `HostContext` is one. Its identity is the guest's: lists of fields are bounded per context. */
export type HttpContext = Pick<HostContext, "counters" | "emit" | "label" | "egress" | "incomingCdnLoop">;
