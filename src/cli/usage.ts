/** The help texts. */

/** The commands there are. */
export const COMMANDS = ["serve", "run", "help"] as const;

/** One of them. */
export type CommandName = (typeof COMMANDS)[number];

const OVERVIEW = `Loopgate: an HTTP edge gateway for WebAssembly components, with a private loopback for every workload

Usage:
  loopgate serve <folder> [--listen host:port] [--log pretty|json]
  loopgate run <component.wasm> [--env NAME=value]... [--arg text]... [-- text...]
  loopgate help [command]
  loopgate --version

Commands:
  serve   serve a folder of workloads until Ctrl-C
  run     run one wasi:cli/run component to its end
  help    tell more about a command

Exit codes: 0 all went well, 1 a failure while serving, 2 something to mend: a file, a flag, a port.
`;

const SERVE = `Usage: loopgate serve <folder> [--listen host:port] [--log pretty|json]

Serves every workload of a folder. Each sub-folder with a workload.jsonc (service, environment, network) or
with <name>.route.jsonc files (one route each) is a workload. All faults of all files are reported at once.

  --listen host:port   where to listen (127.0.0.1:8080); port 0 is a free one, [::1]:8080 is IPv6,
                       0.0.0.0:8080 is every interface of the machine
  --log pretty|json    how events are printed (pretty): a line for people, or one JSON object per line

Ctrl-C lets requests in flight finish, then exits with 0. Again, more than a second later: exits at once with 130.

Example:
  loopgate serve workloads --listen 127.0.0.1:8080
`;

const RUN = `Usage: loopgate run <component.wasm> [--env NAME=value]... [--arg text]... [-- text...]

Runs one component that exports wasi:cli/run, with the rights of a service: a private loopback of its own, no
files. What it writes passes through; its exit code is the command's. The machine's environment is not passed on.

  --env NAME=value     an environment variable; may come more than once
  --arg text           an argument; may come more than once (--arg=-x for one that starts with "-")
  -- text...           all that follows are arguments too

Example:
  loopgate run hello.wasm --env LOG=debug -- --name World
`;

const HELP = `Usage: loopgate help [command]

Tells more about a command: ${COMMANDS.join(", ")}.
`;

/** The text of `loopgate help [topic]`. */
export function usageText(topic: CommandName | undefined): string {
  switch (topic) {
    case undefined:
      return OVERVIEW;
    case "serve":
      return SERVE;
    case "run":
      return RUN;
    case "help":
      return HELP;
  }
}
