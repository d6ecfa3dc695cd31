/** Colours, where somebody looks at a terminal. */
import { styleText } from "node:util";
import type { DiagnosticStyle } from "../base/diagnostics_text.ts";

/** What is set off by colour; each takes text that is already safe. */
export interface Colours extends DiagnosticStyle {
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
}

type Format = Parameters<typeof styleText>[0];

/** Colours for a terminal, or none. */
export function coloursFor(isColoured: boolean): Colours {
  const in_ = (format: Format) => (text: string): string => {
    return isColoured ? styleText(format, text, { validateStream: false }) : text;
  };
  return {
    strong: in_("bold"),
    fault: in_("red"),
    quiet: in_("dim"),
    fix: in_("cyan"),
    good: in_("green"),
    warn: in_("yellow"),
  };
}
