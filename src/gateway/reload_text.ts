/** Why a change, or a part of it, is not served: in one line for the log. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { placeOf, shortSentence } from "../base/diagnostics_text.ts";
import { GATEWAY_NAME } from "../config/gateway_file.ts";
import type { GatewaySpec } from "../workload/spec.ts";

/** Faults that stand in the line; the rest is counted. */
const FAULTS_MAX = 5;

/** Places, sentences and fixes of the first faults. */
export function keptText(diagnostics: readonly Diagnostic[]): string {
  const told = diagnostics.slice(0, FAULTS_MAX).map((diagnostic) => {
    const { code, message, fix } = diagnostic;
    const said = `${placeOf(diagnostic)}: ${shortSentence(message)}`;
    return `${said}${fix === undefined ? "" : ` (${shortSentence(fix)})`} [${code}]`;
  });
  const left = diagnostics.length - told.length;
  return [...told, ...(left > 0 ? [`and ${left} more`] : [])].join("; ");
}

/** What of the shared part is at fault: a file beside the workloads, or the folder itself. */
export function sharedFile(folder: string, diagnostics: readonly Diagnostic[]): string {
  const [first, ...others] = new Set(diagnostics.map(({ file }) => file));
  if (first === undefined) return GATEWAY_NAME;
  return others.length > 0 || first === folder ? "the folder" : first.slice(first.lastIndexOf("/") + 1);
}

/** What of the operator's file counts only when the gateway is started again: it was opened with that. Undefined: nothing has changed. */
export function laterKeys(served: GatewaySpec, changed: GatewaySpec): string | undefined {
  const keys = [
    ...(isSame(served.limits, changed.limits) ? [] : ['"process"']),
    ...(isSame(served.listener, changed.listener) ? [] : ['"listener"']),
    ...(isSame(served.listen ?? {}, changed.listen ?? {}) ? [] : ['"listen"']),
    ...(isSame(served.admin ?? {}, changed.admin ?? {}) ? [] : ['"admin"']),
    ...((served.tls === undefined) === (changed.tls === undefined) ? [] : ['"tls"']),
    ...(served.http2 === changed.http2 ? [] : ['"http2"']),
    ...(isSame(served.traceTo ?? [], changed.traceTo ?? []) ? [] : ['"traceTo"']),
    ...(["log", "logLevel", "otlp", "traceRatio", "replicas", "watch", "startWith"] as const).filter((key) =>
      served[key] !== changed[key]
    ).map((key) => `"${key}"`),
  ];
  return keys.length === 0
    ? undefined
    : `${keys.join(" and ")} of gateway.jsonc ${
      keys.length === 1 ? "counts" : "count"
    } from the next start on; everything else of it is used`;
}

function isSame(first: object, second: object): boolean {
  const keys = [...Object.keys(first), ...Object.keys(second)];
  return keys.every((key) => Reflect.get(first, key) === Reflect.get(second, key));
}
