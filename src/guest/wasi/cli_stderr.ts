/** `wasi:cli/stderr`, as a guest sees it. */
import type { OutputStream } from "./io_streams.ts";

/** Its lines are log lines of errors. */
export declare function getStderr(): OutputStream;
