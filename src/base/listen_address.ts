/** `host:port` of `--listen`. */

/** An address, or what is wrong with the text and what was probably meant. */
export type ListenText =
  | { readonly kind: "address"; readonly host: string; readonly port: number }
  | { readonly kind: "fault"; readonly is: string; readonly suggestion?: string };

/** Reads `127.0.0.1:8080`, `localhost:0`, `[::1]:8080`. Port 0 is a free one. */
export function parseListenAddress(text: string): ListenText {
  if (/^https?:\/\//i.test(text)) {
    return { kind: "fault", is: "it is a URL", suggestion: text.replace(/^https?:\/\//i, "").replace(/\/.*$/, "") };
  }
  if (/^:?[0-9]+$/.test(text)) {
    const port = text.replace(":", "");
    const suggestion = `127.0.0.1:${port} for this machine only, or 0.0.0.0:${port} for every interface`;
    return { kind: "fault", is: "it has no host", suggestion };
  }
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::([0-9]+))?$/.exec(text);
  const plain = /^([A-Za-z0-9._-]+)(?::([0-9]+))?$/.exec(text);
  const [, host, port] = bracketed ?? plain ?? [];
  if (host === undefined) {
    if (/^[0-9a-fA-F]*:[0-9a-fA-F:.]+$/.test(text)) {
      return { kind: "fault", is: "an IPv6 address needs brackets", suggestion: withBrackets(text) };
    }
    return { kind: "fault", is: "it is no address" };
  }
  if (bracketed !== null && !URL.canParse(`http://[${host}]`)) return { kind: "fault", is: "it has no IPv6 address" };
  if (port === undefined) return { kind: "fault", is: "it has no port", suggestion: `${text}:8080` };
  if (Number(port) > 65535) return { kind: "fault", is: `its port is ${port}, and 65535 is the last one` };
  return { kind: "address", host, port: Number(port) };
}

/** `::1:8080` is an address too, but who ends one in a port means the port; `::1` alone gets the usual one. */
function withBrackets(text: string): string {
  const [, address, port] = /^(.+):([0-9]+)$/.exec(text) ?? [];
  const hasPort = address !== undefined && Number(port) <= 65535 && URL.canParse(`http://[${address}]`);
  return hasPort ? `[${address}]:${port}` : `[${text}]:8080`;
}

/** The start of a URL that reaches a listener: an address that means "every interface" is called localhost. */
export function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${isEveryInterface(host) ? "localhost" : host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** True for the addresses that stand for every one of the machine. */
export function isEveryInterface(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
