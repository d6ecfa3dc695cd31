/** Imported first by `loopgate.mjs`: ends with a sentence where WebAssembly cannot be suspended, before anything needs it. */
import process from "node:process";
import { OPERATOR_EXIT_CODE } from "./exit_codes.ts";
import { runtimeFault } from "./runtime_check.ts";

const fault = runtimeFault({ webAssembly: WebAssembly, versions: process.versions });
if (fault !== undefined) {
  process.stderr.write(`error[LG5006]: ${fault}\n`);
  process.exit(OPERATOR_EXIT_CODE);
}
