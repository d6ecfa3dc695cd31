/** What became of builds, as lines. Pure. */
import { diagnosticText } from "../base/diagnostics_text.ts";
import { escapeText } from "../base/escape_text.ts";
import type { GuestOutcome } from "../build/build_workload.ts";
import type { Colours } from "./colours.ts";
import { shownDiagnostic } from "./workload_place.ts";

type OutcomeOf<Kind extends GuestOutcome["kind"]> = Extract<GuestOutcome, { readonly kind: Kind }>;

/** A compiler says why at its end. */
const PRINTED_LINES_MAX = 100;

/** An outcome with its paths as they are from here. */
export function shownOutcome<Told extends OutcomeOf<"built"> | OutcomeOf<"faulty">>(
  outcome: Told,
  shown: (text: string) => string,
): Told {
  const component = shown(outcome.component);
  if (outcome.kind === "built") return { ...outcome, component };
  return { ...outcome, component, diagnostics: outcome.diagnostics.map((fault) => shownDiagnostic(fault, shown)) };
}

/** One line: what, how long, how large. */
export function builtText({ component, durationMs, bytes }: OutcomeOf<"built">, colours: Colours): string {
  const seconds = (durationMs / 1000).toFixed(1);
  return `${colours.good("built")} ${escapeText(component)} in ${seconds} s (${Math.round(bytes / 1024)} KiB)\n`;
}

/** One line for a source that was faulty and is again what the component was built from. */
export function freshText(component: string, colours: Colours): string {
  return `${colours.good("as built before")} ${escapeText(component)}\n`;
}

/** The faults with their places, and what the build printed besides. */
export function buildFaultText({ component, diagnostics, printed }: OutcomeOf<"faulty">, colours: Colours): string {
  const faults = diagnostics.map((diagnostic) => `${diagnosticText(diagnostic, colours)}\n`).join("\n");
  const said = printed.trimEnd() === "" ? [] : printed.trimEnd().split("\n").slice(-PRINTED_LINES_MAX);
  const lines = said.map((line) => `  ${escapeText(line)}\n`).join("");
  return `${faults}${lines}${colours.fault("not built")} ${escapeText(component)}\n`;
}

/** The same as one line of JSON. */
export function buildJson(outcome: OutcomeOf<"built"> | OutcomeOf<"faulty">, time: string): string {
  const { kind, component } = outcome;
  const line = kind === "built"
    ? { time, event: "built", component, durationMs: outcome.durationMs, bytes: outcome.bytes }
    : { time, event: "not-built", component, diagnostics: outcome.diagnostics, printed: outcome.printed };
  return `${JSON.stringify(line)}\n`;
}
