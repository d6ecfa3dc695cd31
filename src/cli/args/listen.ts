/** `--listen` of the commands that have it. */
import { parseListenAddress } from "../listen_address.ts";
import { usage } from "./words.ts";

/** Reads `host:port`; `command` is whose help is pointed to. */
export function readListen(
  text: string,
  command: "serve" | "explain",
): { readonly host: string; readonly port: number } {
  const read = parseListenAddress(text);
  if (read.kind === "address") return { host: read.host, port: read.port };
  throw usage(
    `Cannot use --listen "${text}": ${read.is}, expected host:port, like 127.0.0.1:8080`,
    command,
    read.suggestion,
  );
}
