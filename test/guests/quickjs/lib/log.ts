/** Log lines: the gateway shows what a guest writes to stderr, with its workload and role. */
import { getStderr } from "wasi:cli/stderr@0.2.10";
import { runJob } from "./job.ts";
import { Writer } from "./streams.ts";
import { encodeUtf8 } from "./utf8.ts";

/** Writes one line. */
export function log(text: string): void {
  using stderr = new Writer(getStderr());
  runJob(stderr.write(encodeUtf8(`${text}\n`)));
}
