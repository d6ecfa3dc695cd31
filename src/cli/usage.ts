/** The help texts. */

/** The commands there are. */
export const COMMANDS = ["serve", "explain", "run", "help"] as const;

/** One of them. */
export type CommandName = (typeof COMMANDS)[number];

const OVERVIEW = `Loopgate: an HTTP edge gateway for WebAssembly components, with a private loopback for every workload

Usage:
  loopgate serve <folder> [--listen host:port] [--log pretty|json] [--resolver host:port]... [--ca file]
                          [--replicas N] [--no-watch]
  loopgate explain <workload> <target> [--route name] [--folder workloads]
  loopgate run <component.wasm> [--env NAME=value]... [--arg text]... [-- text...]
  loopgate help [command]
  loopgate --version

Commands:
  serve    serve a folder of workloads until Ctrl-C
  explain  tell whether a workload may reach a target, by which rule, and which line would allow it
  run      run one wasi:cli/run component to its end
  help     tell more about a command

Exit codes: 0 all went well, 1 a failure while serving (explain: denied), 2 something to mend: a file, a flag, a port.
`;

const SERVE =
  `Usage: loopgate serve <folder> [--listen host:port] [--log pretty|json] [--resolver host:port]... [--ca file]
                               [--replicas N] [--no-watch]

Serves every workload of a folder. Each sub-folder with a workload.jsonc (service, environment, network) or
with <name>.route.jsonc files (one route each) is a workload; a gateway.jsonc beside them is the operator's
(a ceiling for the network, name servers, certificates). All faults of all files are reported at once.

  --listen host:port   where to listen (127.0.0.1:8080); port 0 is a free one, [::1]:8080 is IPv6,
                       0.0.0.0:8080 is every interface of the machine
  --log pretty|json    how events are printed (pretty): a line for people, or one JSON object per line
  --resolver host:port a name server, instead of those of gateway.jsonc or the machine; may come more than once
  --ca file            certificates (PEM) to trust besides the machine's, instead of those of gateway.jsonc
  --replicas N         N processes that serve the port together (1); each runs every service, so there are N of
                       each, with nothing in common. One that crashes is started again, and the others serve on
  --no-watch           do not look for changes of the folder; without it a workload that changes is served anew

Ctrl-C or SIGTERM lets requests in flight finish, then exits with 0. Once more, a second later: ends at once, with 130.

Example:
  loopgate serve workloads --listen 127.0.0.1:8080
`;

const EXPLAIN = `Usage: loopgate explain <workload> <target> [--route name] [--folder workloads]

Tells for the service and each route of a workload whether it may reach a target, which rule of which file decides,
and the line that would allow it. Nothing is run and nothing is sent: a name is judged as a name, and what happens
to its answers is told.

  <target>             [scheme://]host[:port]; without a scheme it is https, with a port alone tcp
  --route name         for one route only (<name>.route.jsonc)
  --folder folder      the folder that holds the workloads (workloads)

Exit codes: 0 allowed for all that were asked about, 1 denied for one of them, 2 something to mend.

Examples:
  loopgate explain shop https://api.example.com
  loopgate explain shop db.example.com:5432 --route task
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
    case "explain":
      return EXPLAIN;
    case "run":
      return RUN;
    case "help":
      return HELP;
  }
}
