/** One limit of a file: from what stands there to a number, and back to the text for a message. Pure. */
import { formatByteSize, formatDuration, parseByteSize, parseDuration } from "../base/quantity.ts";
import { BYTE_SIZE_PATTERN, DURATION_PATTERN } from "../base/quantity.ts";
import { kindOf, quoted } from "./definition_parts.ts";
import type { LimitKey, LimitUnit } from "./limit_keys.ts";

/** A number in the smallest unit, or the rest of a sentence (after a line break the fix). */
export type ReadLimit = { readonly value: number } | { readonly fault: string };

/** What a file says for a limit. */
export function readLimit(input: unknown, { unit, min, max }: LimitKey): ReadLimit {
  const value = unit === "count" || unit === "share" ? readNumber(input, unit) : readText(input, unit);
  if (typeof value === "string") return { fault: value };
  if (value.read >= min && value.read <= max) return { value: value.read };
  const nearest = value.read < min ? min : max;
  const bounds = `expected ${limitText(unit, min)} to ${limitText(unit, max)}`;
  return { fault: `it is ${limitText(unit, value.read)}, ${bounds}\nwrite ${writtenLimit(unit, nearest)}` };
}

/** `64MiB`, `30s`, `256`, `256KiB`, `0.5`. */
export function limitText(unit: LimitUnit, value: number): string {
  if (unit === "count" || unit === "share") return String(value);
  return unit === "duration" ? formatDuration(value) : formatByteSize(value);
}

/** As it stands in a file: with quotes where it needs some. */
export function writtenLimit(unit: LimitUnit, value: number): string {
  const text = limitText(unit, value);
  return unit === "count" || unit === "share" ? text : quoted(text);
}

/** Keywords of JSON schema. Of sizes and durations it sees the form, not the bounds. */
export function limitJsonSchema({ unit, min, max }: LimitKey): Readonly<Record<string, unknown>> {
  if (unit === "count") return { type: "integer", minimum: min, maximum: max };
  if (unit === "share") return { type: "number", minimum: min, maximum: max };
  return { type: "string", pattern: unit === "duration" ? DURATION_PATTERN : BYTE_SIZE_PATTERN };
}

function readNumber(input: unknown, unit: "count" | "share"): { readonly read: number } | string {
  const isNumber = (
    value: number,
  ): boolean => (unit === "count" ? Number.isSafeInteger(value) : Number.isFinite(value));
  if (typeof input === "number" && isNumber(input)) return { read: input };
  const expected = unit === "count" ? "expected a whole number" : "expected a number like 0.5";
  if (typeof input === "number") return `it is ${input}, ${expected}`;
  const said = `it is ${kindOf(input)}, ${expected}`;
  const isQuoted = typeof input === "string" && /^[0-9]+(?:\.[0-9]+)?$/.test(input) && isNumber(Number(input));
  return isQuoted ? `${said} without quotes\nwrite ${Number(input)}` : said;
}

function readText(input: unknown, unit: "size" | "rate" | "duration"): { readonly read: number } | string {
  const example = unit === "duration" ? 'expected a duration like "500ms"' : 'expected a size like "64MiB"';
  if (typeof input !== "string") {
    const said = `it is ${kindOf(input)}, ${example}`;
    // A number of milliseconds or of seconds? Of bytes it is clear.
    const isSize = unit !== "duration" && typeof input === "number" && Number.isSafeInteger(input) && input >= 0;
    return isSize ? `${said}\nwrite ${quoted(formatByteSize(input))}` : said;
  }
  // "1MiB/s" says what a rate is, which the key says already.
  const text = unit === "rate" ? input.replace(/\/s$/, "") : input;
  const parsed = unit === "duration" ? parseDuration(text) : parseByteSize(text);
  if (parsed.kind === "quantity" && text === input) return { read: parsed.value };
  if (parsed.kind === "quantity") {
    return `it is ${quoted(input)}, expected a size; it counts for a second\nwrite ${quoted(text)}`;
  }
  const said = `${parsed.is}, expected ${parsed.expected}`;
  return parsed.suggestion === undefined ? said : `${said}\nwrite ${quoted(parsed.suggestion)}`;
}
