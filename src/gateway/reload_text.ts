/** Why a change is not served, in one line for the log. */
import type { Diagnostic } from "../base/diagnostics.ts";

/** Faults that stand in the line; the rest is counted. */
const FAULTS_MAX = 5;

/** Places, sentences and fixes of the first faults. */
export function keptText(diagnostics: readonly Diagnostic[]): string {
  const told = diagnostics.slice(0, FAULTS_MAX).map(({ file, line, column, message, fix }) => {
    return `${file}:${line}:${column}: ${message}${fix === undefined ? "" : ` (${fix})`}`;
  });
  const left = diagnostics.length - told.length;
  return [...told, ...(left > 0 ? [`and ${left} more`] : [])].join("; ");
}
