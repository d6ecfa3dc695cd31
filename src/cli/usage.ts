/** The help texts: of all commands here, of one beside its words. */
import { BUILD_USAGE } from "./args/build.ts";
import { CHECK_USAGE } from "./args/check.ts";
import { DEV_USAGE } from "./args/dev.ts";
import { EXPLAIN_USAGE } from "./args/explain.ts";
import { INSPECT_USAGE } from "./args/inspect.ts";
import { NEW_USAGE } from "./args/new.ts";
import { RUN_USAGE } from "./args/run.ts";
import { SERVE_USAGE, serveSynopsis } from "./args/serve.ts";
import { VIRTUALIZE_USAGE } from "./args/virtualize.ts";

/** The commands there are. */
export const COMMANDS = [
  "serve",
  "explain",
  "run",
  "new",
  "build",
  "dev",
  "check",
  "inspect",
  "virtualize",
  "help",
] as const;

/** One of them. */
export type CommandName = (typeof COMMANDS)[number];

const OVERVIEW = `Loopgate: an HTTP edge gateway for WebAssembly components, with a private loopback for every workload

Usage:
${serveSynopsis("  ")}
  loopgate explain <workload> <target> [--route name] [--folder folder] [--listen host:port]
  loopgate run <component.wasm> [--env NAME=value]... [--arg text]... [--dir folder[::path]]...
               [--dir-write folder[::path]]... [--publish [host:]port:port]... [-- text...]
  loopgate new <name> [--template name] [--language typescript|rust] [--folder folder]
  loopgate build [folder] [--types]
  loopgate dev [folder] [--listen host:port] [--log pretty|json] [--publish [workload/][host:]port:port]...
  loopgate check [folder] [--json]
  loopgate inspect <component.wasm> [--json]
  loopgate virtualize <in.wasm> --deny what,... [--env NAME=value]... [--arg text]... [--random-seed N]
                      -o <out.wasm>
  loopgate help [command|code]
  loopgate --version

Commands:
  serve       serve a folder of workloads until Ctrl-C
  explain     tell whether a workload may reach a target, by which rule, and which line would allow it
  run         run one wasi:cli/run component to its end
  new         make a workload from a template
  build       make the guests of workloads from their sources
  dev         build and serve, and again whatever changes
  check       say all that is wrong with a folder, or what would be served
  inspect     say what a component is, what it needs, and which file would serve it
  virtualize  meet some imports of a component inside it
  help        tell more about a command, or about the code of a fault

Exit codes: 0 all went well, 1 a failure while serving (explain: denied), 2 something to mend: a file, a flag, a port.
`;

const HELP = `Usage: loopgate help [command|code]

Tells what the code of a fault means (loopgate help LG1104), or more about a command:
${COMMANDS.join(", ")}.
`;

/** The text of `loopgate help [topic]`. */
export function usageText(topic: CommandName | undefined): string {
  switch (topic) {
    case undefined:
      return OVERVIEW;
    case "serve":
      return SERVE_USAGE;
    case "explain":
      return EXPLAIN_USAGE;
    case "run":
      return RUN_USAGE;
    case "new":
      return NEW_USAGE;
    case "build":
      return BUILD_USAGE;
    case "check":
      return CHECK_USAGE;
    case "inspect":
      return INSPECT_USAGE;
    case "virtualize":
      return VIRTUALIZE_USAGE;
    case "dev":
      return DEV_USAGE;
    case "help":
      return HELP;
  }
}
