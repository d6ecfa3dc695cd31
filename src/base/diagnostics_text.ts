/** Diagnostics for people: the sentence, the place, the line with a mark under it, the fix. */
import type { Diagnostic } from "./diagnostics.ts";
import type { FaultCode } from "./fault_codes.ts";
import { blankUnsafe, escapeText } from "./escape_text.ts";

/** How parts are set off; the terminal's side gives colours, tests give none. */
export interface DiagnosticStyle {
  /** The sentence, and the count of all. */
  readonly strong: (text: string) => string;
  /** The code, and the mark below a line. */
  readonly fault: (text: string) => string;
  /** Margins and arrows. */
  readonly quiet: (text: string) => string;
  /** What to write instead. */
  readonly fix: (text: string) => string;
}

/** No colours. */
export const PLAIN_STYLE: DiagnosticStyle = {
  strong: (text) => text,
  fault: (text) => text,
  quiet: (text) => text,
  fix: (text) => text,
};

/** A longer line is cut around the fault: files without line breaks exist. */
const FRAME_WIDTH_MAX = 110;
/** A longer sentence has a value of the file in it that nobody reads to its end; what is expected stands there. */
const SENTENCE_LENGTH_MAX = 1_000;
const SENTENCE_TAIL = 300;
/** How much of a cut line stands before the fault. */
const FRAME_LEAD = 40;

/**
 * All diagnostics in the order of files and places, a blank line between two, and a last line that counts them.
 *
 * @example
 * // error[LG1104]: Cannot use "match.path": it has no "/" at its start, expected a path like "/", "/users/:id" or "/files/*"
 * //   --> workloads/a/task.route.jsonc:2:22
 * //   |
 * // 2 | { "match": { "path": "task" },
 * //   |                      ^
 * //   = fix: write "/task"
 */
export function diagnosticsText(diagnostics: readonly Diagnostic[], style: DiagnosticStyle = PLAIN_STYLE): string {
  const sorted = sortDiagnostics(diagnostics);
  const blocks = sorted.map((diagnostic) => diagnosticText(diagnostic, style));
  const files = new Set(sorted.map((diagnostic) => diagnostic.file)).size;
  const total = `${counted(sorted.length, "fault")} in ${counted(files, "file")}`;
  return `${blocks.join("\n\n")}\n\n${style.strong(total)}\n`;
}

/** By file, line and column; the input is not changed. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted((a, b) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1
  );
}

/** One diagnostic, without a line break at its end. */
export function diagnosticText(diagnostic: Diagnostic, style: DiagnosticStyle = PLAIN_STYLE): string {
  const { line, column, fix, source } = diagnostic;
  const number = String(line);
  const margin = " ".repeat(number.length);
  const lines = [
    `${style.fault(`error[${diagnostic.code}]`)}: ${style.strong(shortSentence(diagnostic.message))}`,
    `${margin} ${style.quiet("-->")} ${placeOf(diagnostic)}`,
  ];
  if (source !== undefined && source.trim() !== "") {
    const frame = frameOf(source, column);
    lines.push(
      `${margin} ${style.quiet("|")}`,
      `${style.quiet(`${number} |`)} ${frame.text}`,
      `${margin} ${style.quiet("|")} ${" ".repeat(frame.markColumn - 1)}${style.fault("^")}`,
    );
  }
  if (fix !== undefined) lines.push(`${margin} ${style.quiet("=")} ${style.fix(`fix: ${shortSentence(fix)}`)}`);
  return lines.map((each) => each.trimEnd()).join("\n");
}

/** Faults of a folder as a whole. */
const OF_FOLDERS: readonly FaultCode[] = ["LG1001", "LG1301"];

/** Where it stands: `a/task.route.jsonc:2:22`, and of a folder its name alone. */
export function placeOf({ code, file, line, column }: Diagnostic): string {
  return OF_FOLDERS.includes(code) ? shortSentence(file) : `${shortSentence(file)}:${line}:${column}`;
}

/** A sentence as it is shown: safe for a terminal, and without the middle of what is too long. */
export function shortSentence(text: string): string {
  const shown = escapeText(text);
  if (shown.length <= SENTENCE_LENGTH_MAX) return shown;
  // Once more: a cut may leave half of a character.
  return escapeText(`${shown.slice(0, SENTENCE_LENGTH_MAX - SENTENCE_TAIL)}...${shown.slice(-SENTENCE_TAIL)}`);
}

/** The part of a line that is shown, and where in it the mark stands (from 1). */
function frameOf(source: string, column: number): { readonly text: string; readonly markColumn: number } {
  const text = blankUnsafe(source).trimEnd();
  // A file may have changed since the fault was found in it.
  const mark = Math.min(column, text.length + 1);
  if (text.length <= FRAME_WIDTH_MAX) return { text, markColumn: mark };
  const start = Math.max(0, Math.min(mark - 1 - FRAME_LEAD, text.length - FRAME_WIDTH_MAX));
  const end = Math.min(text.length, start + FRAME_WIDTH_MAX);
  const [lead, tail] = [start > 0 ? "..." : "", end < text.length ? "..." : ""];
  // A cut may leave half of a character.
  return { text: `${lead}${blankUnsafe(text.slice(start, end))}${tail}`, markColumn: mark - start + lead.length };
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
