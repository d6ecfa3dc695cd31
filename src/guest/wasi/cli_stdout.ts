/** `wasi:cli/stdout`, as a guest sees it. */
import type { OutputStream } from "./io_streams.ts";

/** Its lines are log lines. */
export declare function getStdout(): OutputStream;
