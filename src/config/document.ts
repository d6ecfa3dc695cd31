/** One JSONC file: its text, its tree, and where in it things stand. Pure. */
import type { FaultCode } from "../base/fault_codes.ts";
import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Diagnostic } from "../base/diagnostics.ts";
import { hiddenSpans, hideSpans, type Span } from "./hidden_spans.ts";

export type { Node } from "jsonc-parser";

/** Deeper files are none of ours, and a parser that recurses would run out of stack. */
const DEPTH_MAX = 32;

/** A document, parsed as far as it goes. */
export class ConfigDocument {
  readonly file: string;
  /** Undefined when the file has no value at all. */
  readonly root: Node | undefined;
  /** What breaks the syntax of JSON with comments. */
  readonly syntaxFaults: readonly Diagnostic[];
  /** The first offset that a syntax fault makes doubtful; past it, what the tree says is a guess. */
  readonly soundEnd: number;
  #text: string;
  #lineStarts: readonly number[];
  #hidden: readonly Span[] | undefined;

  /** @param text the file's text without its byte order mark */
  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    this.#lineStarts = lineStartsOf(text);
    const tooDeep = offsetPastDepth(text);
    const errors: ParseError[] = [];
    if (tooDeep === undefined) {
      this.root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
    } else this.root = undefined;
    const soundEnd = tooDeep ?? errors[0]?.offset ?? Number.POSITIVE_INFINITY;
    this.soundEnd = soundEnd;
    this.syntaxFaults = tooDeep === undefined ? this.#syntaxFaults(errors) : [
      this.#place(tooDeep, {
        code: "LG1004",
        message: `Cannot read the file: it nests deeper than ${DEPTH_MAX} levels, expected a file of this gateway`,
      }),
    ];
  }

  /** A fault at an offset of the text. */
  fault(code: FaultCode, offset: number, message: string, fix?: string): Diagnostic {
    return this.#place(offset, fix === undefined ? { code, message } : { code, message, fix });
  }

  /** The line (from 1) of an offset. */
  lineOf(offset: number): number {
    let [low, high] = [0, this.#lineStarts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** The offset of a UTF-16 unit of a string's value, which escapes move away from its place in the text. */
  offsetInString(node: Node, unit: number): number {
    let offset = node.offset + 1;
    for (let passed = 0; passed < unit; passed++) {
      // \n is one unit in two, \u00e9 in six; everything else stands for itself.
      offset += this.#text[offset] !== "\\" ? 1 : this.#text[offset + 1] === "u" ? 6 : 2;
    }
    return offset;
  }

  #place(
    offset: number,
    said: { readonly code: FaultCode; readonly message: string; readonly fix?: string },
  ): Diagnostic {
    const line = this.lineOf(offset);
    const start = this.#lineStarts[line - 1] ?? 0;
    return { file: this.file, line, column: offset - start + 1, ...said, source: this.#publicLine(line) };
  }

  /** The text of a line with what may be a secret starred out. */
  #publicLine(line: number): string {
    const start = this.#lineStarts[line - 1] ?? 0;
    const next = this.#lineStarts[line] ?? this.#text.length + 1;
    const source = this.#text.slice(start, next - 1).replace(/\r$/, "");
    this.#hidden ??= hiddenSpans(this.#text, this.soundEnd);
    return hideSpans(source, start, this.#hidden);
  }

  #syntaxFaults(errors: readonly ParseError[]): readonly Diagnostic[] {
    if (this.root === undefined && errors.length === 0) {
      return [this.fault("LG1004", 0, "Cannot read the file: it is empty, expected an object")];
    }
    const faults: Diagnostic[] = [];
    let lastLine = 0;
    for (const { error, offset, length } of errors) {
      const at = this.#text.slice(offset, offset + Math.max(length, 1));
      const line = this.lineOf(offset);
      // What follows on the same line, or lacks a value where an object ends, is the parser finding its way back.
      const isEcho = line === lastLine ||
        (lastLine > 0 && printParseErrorCode(error) === "ValueExpected" && /^[}\]]/.test(at));
      lastLine = line;
      if (isEcho) continue;
      const { is, fix } = syntaxFault(error, at);
      faults.push(
        this.fault("LG1004", Math.min(offset, this.#text.trimEnd().length), `Cannot read the file: ${is}`, fix),
      );
    }
    return faults;
  }
}

/** The properties of an object node, in order; half-written ones are left out. */
export function propertiesOf(
  node: Node,
): readonly { readonly key: Node; readonly name: string; readonly value: Node }[] {
  if (node.type !== "object") return [];
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    return key === undefined || value === undefined ? [] : [{ key, name: String(key.value), value }];
  });
}

/** The plain value of a tree. Objects have no prototype, so that no key means anything by itself. */
export function valueOf(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(valueOf);
  if (node.type !== "object") return node.value;
  const value: Record<string, unknown> = Object.create(null);
  for (const property of propertiesOf(node)) value[property.name] = valueOf(property.value);
  return value;
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n?|\n/g)) starts.push(match.index + match[0].length);
  return starts;
}

/** Where the text opens one level too many; the scanner does not recurse. */
function offsetPastDepth(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const sign = text[scanner.getTokenOffset()];
    if (sign === "{" || sign === "[") depth++;
    else if (sign === "}" || sign === "]") depth--;
    if (depth > DEPTH_MAX) return scanner.getTokenOffset();
  }
  return undefined;
}

/** The rest of a sentence, and the fix. `at` is what stands there; only its first sign is looked at. */
function syntaxFault(error: ParseError["error"], at: string): { readonly is: string; readonly fix?: string } {
  switch (printParseErrorCode(error)) {
    case "CommaExpected":
      return { is: 'there is no "," before this, expected one between two entries', fix: 'write a "," before it' };
    case "ColonExpected":
      return { is: 'there is no ":" before this, expected one between a key and its value' };
    case "PropertyNameExpected":
      return at.startsWith("'")
        ? { is: "a key stands in single quotes, expected double ones", fix: 'write "..."' }
        : { is: "there is no key here, expected one in double quotes" };
    case "ValueExpected":
      return { is: "there is no value here, expected one" };
    case "CloseBraceExpected":
      return { is: 'the file ends within an object, expected "}"', fix: 'add the missing "}"' };
    case "CloseBracketExpected":
      return { is: 'the file ends within a list, expected "]"', fix: 'add the missing "]"' };
    case "EndOfFileExpected":
      return { is: "something follows the end of the object, expected the end of the file" };
    case "UnexpectedEndOfComment":
      return { is: "a comment does not end, expected */" };
    case "UnexpectedEndOfString":
      return { is: "a string does not end on its line, expected a closing quote", fix: 'add the missing "' };
    case "InvalidUnicode":
    case "InvalidEscapeCharacter":
      return { is: "a string has an escape that JSON does not know, expected one like \\n or \\u00e9" };
    case "InvalidCharacter":
      return { is: "a string has a control character, expected it escaped" };
    case "InvalidNumberFormat":
    case "UnexpectedEndOfNumber":
      return { is: "there is no number as JSON writes them, expected one like 7777" };
    case "InvalidSymbol":
    case "InvalidCommentToken":
    case "<unknown ParseErrorCode>":
      return at.startsWith("'")
        ? { is: "a string stands in single quotes, expected double ones", fix: 'write "..."' }
        : { is: "there is something that is no JSON, expected a value; strings need double quotes" };
  }
}
