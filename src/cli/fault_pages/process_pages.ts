/** Pages of the command line, of the start, and of the gateway itself. */
import type { FaultCode } from "../../base/fault_codes.ts";
import type { FaultPage } from "./page.ts";

type Codes = Extract<FaultCode, `LG4${string}` | `LG5${string}` | `LG9${string}`>;

/** Codes of LG4000, LG5000 and LG9000. */
export const PROCESS_PAGES: Readonly<Record<Codes, FaultPage>> = {
  LG4001: {
    title: "The words of the command line cannot be used",
    cause: "There is no such command or flag, a word is missing or too many, or a flag's value is not in its form.",
    fix: "`loopgate help <command>` has the words of each command.",
  },
  LG4002: {
    title: "A path of the command line cannot be used",
    cause: "A folder that is to be mounted is not there, or a file cannot be written.",
    fix: "Make the folder, or correct the path or its rights.",
  },
  LG4003: {
    title: "There is no such workload or route",
    cause: "The name is not one of those that the folder has, or there are several and none was named.",
    fix: "`loopgate check <folder>` lists workloads and routes; a workload is called as its folder is.",
  },
  LG4004: {
    title: "A workload of this name cannot be made",
    cause: "It is no name of a workload, there is something at that place already, or the folder is a workload itself.",
    fix: "Choose another name or another --folder; nothing that is there is touched.",
  },
  LG4005: {
    title: "A setting cannot be used",
    cause: "The value of a flag or of an environment variable is not in the form that the setting takes.",
    fix: "docs/configuration.md has every setting with its flag, its variable and its key.",
  },
  LG4006: {
    title: "The folder of a command cannot be used",
    cause: "`build` and `dev` work on a folder of workloads, or on one workload, and there is none at this path.",
    fix: "Correct the path, or make a workload with `loopgate new <name>`.",
  },
  LG4007: {
    title: "There is no such code",
    cause: "`loopgate help` was asked for a code that this version does not have.",
    fix: "docs/errors has all codes; a newer version may know more.",
  },
  LG5001: {
    title: "The listener cannot be opened",
    cause:
      "Something listens on the address already, the port needs rights that this user has not, or it is no address of " +
      "this machine.",
    fix: "Choose another address with --listen, or end what listens there. Port 0 takes a free one.",
  },
  LG5002: {
    title: "The admin listener cannot be opened",
    cause:
      "Its address is taken, needs rights, or is none of this machine. Replicas take ports that follow each other.",
    fix: "Choose another address with --admin.",
  },
  LG5003: {
    title: "A port cannot be published",
    cause: "The port of the machine that --publish names is taken, or needs rights.",
    fix: "Choose another: --publish 15432:5432 leads from 15432 to 5432.",
  },
  LG5004: {
    title: "The machine's name servers cannot be read",
    cause: "/etc/resolv.conf is there and cannot be read, and no resolver is set.",
    fix: 'Correct its rights, or name the servers with --resolver or "resolver" in gateway.jsonc.',
  },
  LG5005: {
    title: "Trusted certificates cannot be used",
    cause: "The roots of the machine, or those of `ca`, hold a certificate that cannot be read.",
    fix: "Correct the file that `ca` names. For the machine's own, its package of certificates.",
  },
  LG5006: {
    title: "The runtime cannot suspend WebAssembly",
    cause: "The gateway needs JSPI, which Node 26 and Deno 2.9 have.",
    fix: "Install one of them, or a newer one. A clone has its own.",
  },
  LG5007: {
    title: "A replica could not be started",
    cause: "A process of --replicas ended before it served.",
    fix: "Start one process (without --replicas) to see its own fault; often it is memory or the number of processes.",
  },
  LG5008: {
    title: "The output cannot be written",
    cause: "What the program's stdout leads to is full or gone.",
    fix: "Free the disk, or lead the log elsewhere. A reader of a pipe that ends is no fault.",
  },
  LG9001: {
    title: "The gateway itself failed",
    cause:
      "Something that should not be possible has happened. A request that met it was answered with 500; others go on.",
    fix: "Report it with the stack that follows. Nothing in a file or a guest should be able to cause it.",
  },
  LG9002: {
    title: "Traces do not reach their collector",
    cause:
      "The collector that `--otlp` names did not take spans in time, or refused them. They are dropped and counted; " +
      "requests wait for none of it.",
    fix:
      "Check that the URL is that of a collector that speaks OTLP over HTTP (port 4318 by custom, not gRPC's 4317) and " +
      "that it is reached from this machine; over https, that its certificate is trusted (`ca` in gateway.jsonc). The " +
      "gateway tries again by itself.",
  },
};
