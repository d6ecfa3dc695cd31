/** `--listen` and `--admin` of the commands that have them. */
import { parseListenAddress } from "../../base/listen_address.ts";
import type { HostPort } from "../../workload/spec.ts";
import { usage } from "./words.ts";

/** Reads `host:port` of `flag`; `command` is whose help is pointed to. */
export function readListen(text: string, command: "serve" | "explain" | "dev", flag = "--listen"): HostPort {
  const read = parseListenAddress(text);
  if (read.kind === "address") return { host: read.host, port: read.port };
  throw usage(
    `Cannot use ${flag} "${text}": ${read.is}, expected host:port, like 127.0.0.1:8080`,
    command,
    read.suggestion,
  );
}
