/** `--publish [workload/][host:]port:port`. */
import { type CommandName } from "../usage.ts";
import { parseListenAddress } from "../../base/listen_address.ts";
import { usage } from "./words.ts";

/** A port of this machine, and the one on a private loopback that it leads to. */
export interface PublishRequest {
  /** Undefined: the only one there is. */
  readonly workload: string | undefined;
  readonly listen: { readonly host: string; readonly port: number };
  readonly port: number;
}

const HOST_DEFAULT = "127.0.0.1";

/**
 * Reads one. Without a host it is this machine's loopback: whoever reaches the port is past the workload's isolation.
 *
 * @throws {LoopgateError} ERR_USAGE
 */
export function readPublish(text: string, command: CommandName): PublishRequest {
  const isNamed = command === "dev";
  const expected = `expected ${isNamed ? "[workload/]" : ""}[host:]port:port, like 5432:5432`;
  const [, workload, outer = "", inner = ""] = /^(?:([^/]*)\/)?(.+):([0-9]+)$/.exec(text) ?? [];
  const port = Number(inner);
  if (workload === "" || (workload !== undefined && !isNamed) || !(port >= 1 && port <= 65535)) {
    throw usage(`Cannot use --publish "${text}", ${expected}`, command, suggestionFor(text));
  }
  const read = parseListenAddress(/^[0-9]+$/.test(outer) ? `${HOST_DEFAULT}:${outer}` : outer);
  if (read.kind === "fault") throw usage(`Cannot use --publish "${text}": ${read.is}, ${expected}`, command);
  return { workload, listen: { host: read.host, port: read.port }, port };
}

/** One port alone most probably means the same one on both sides. */
function suggestionFor(text: string): string | undefined {
  return /^(?:[^/]+\/)?[0-9]+$/.test(text) ? `${text}:${text.split("/").at(-1)}` : undefined;
}
