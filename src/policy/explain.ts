/** A verdict in words: the same lines for `loopgate explain` and for a denial at run time. */
import { formatIpAddress, isLoopback } from "../base/ip_address.ts";
import { escapeText } from "../base/escape_text.ts";
import { type Host, isLocalhost } from "./host_name.ts";
import { deniedByOff, judgeAddress, type JudgeContext, judgeName } from "./judge.ts";
import { parseAuthority } from "./judge_authority.ts";
import { defaultPort, type Scheme, SCHEMES } from "./rule.ts";
import { editWords, type Verdict } from "./verdict.ts";

/** Whose use it is. */
export interface ExplainSubject {
  readonly workload: string;
  /** For a component; without it the service is meant. */
  readonly route?: string | undefined;
}

/** A target as it is explained. */
export interface ExplainTarget {
  readonly scheme: Scheme;
  readonly host: Host;
  readonly port: number;
}

/**
 * @example
 * explainVerdict({ workload: "shop" }, { target: "tcp://10.0.0.1:5432", verdict });
 * // ["denied: tcp://10.0.0.1:5432 for the service of shop", "by: ...", "to allow: add ..."]
 */
export function explainVerdict(
  { workload, route }: ExplainSubject,
  { target, verdict }: { readonly target: string; readonly verdict: Verdict },
): string[] {
  const who = route === undefined ? `the service of ${workload}` : `the component of route ${route} of ${workload}`;
  const lines = [`${verdict.isAllowed ? "allowed" : "denied"}: ${escapeText(target)} for ${escapeText(who)}`];
  lines.push(`by: ${verdict.rule}`);
  if (verdict.isAllowed) return lines;
  if (verdict.edits.length === 0) return [...lines, "to allow: nothing does"];
  return [...lines, ...verdict.edits.map((edit) => `to allow: ${editWords(edit)}`)];
}

/** The reason and what to change, in one line: the `rule` of a denial's event. */
export function denialLine({ rule, edits }: Verdict): string {
  return edits.length === 0 ? rule : `${rule}; to allow: ${edits.map(editWords).join(", and ")}`;
}

/**
 * What `loopgate explain` takes: `[scheme://]host[:port]`; the path of an http or https URL counts for nothing. Without a
 * scheme it is https, with a port alone tcp. Undefined when there is no host, no port, or anything else.
 *
 * @example
 * parseExplainTarget("db.example.com:5432"); // { scheme: "tcp", port: 5432, host: ... }
 */
export function parseExplainTarget(text: string): ExplainTarget | undefined {
  const [, written, rest = ""] = /^(?:([a-z]+):\/\/)?([^/?#]*)/i.exec(text) ?? [];
  const lower = written?.toLowerCase();
  const isPortWritten = /:\d+$/.test(rest) && !/^[^[]*:.*:/.test(rest);
  const scheme = written === undefined ? (isPortWritten ? "tcp" : "https") : SCHEMES.find((known) => known === lower);
  if (scheme === undefined || (defaultPort(scheme) === undefined && !isPortWritten)) return undefined;
  // What follows the host is the path of a URL, or a prefix that somebody took for a target.
  if (written === undefined && text !== rest) return undefined;
  const authority = parseAuthority(rest, scheme === "http" ? "http" : "https");
  return authority === undefined ? undefined : { scheme, host: authority.host, port: authority.port };
}

/** The canonical words for a target; `parseExplainTarget` reads them. */
export function targetWords({ scheme, host, port }: ExplainTarget): string {
  const text = host.kind === "name" ? host.name : formatIpAddress(host.address);
  return `${scheme}://${host.kind === "address" && host.address.family === "ipv6" ? `[${text}]` : text}:${port}`;
}

/** The decision for a target by itself, without a look-up: a name is judged as a name, its answers are not known. */
export function judgeTarget(target: ExplainTarget, { policy, own }: JudgeContext): Verdict {
  const { host, scheme, port } = target;
  const isPrivateLoopback = host.kind === "name" ? isLocalhost(host.name) : isLoopback(host.address);
  if (isPrivateLoopback) {
    if (policy.off !== undefined) return deniedByOff(policy);
    return { isAllowed: true, rule: "the private loopback of the workload, never the machine's", edits: [] };
  }
  return host.kind === "name"
    ? judgeName({ scheme, port, name: host.name }, { policy })
    : judgeAddress({ scheme, port, address: host.address }, { policy, own });
}
