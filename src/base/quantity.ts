/** Sizes and durations as people write them: "64MiB", "500ms". Pure. */

/** Why a text is no quantity. */
export interface QuantityFault {
  readonly kind: "fault";
  /** What is wrong, as in `it is "64MB"`. */
  readonly is: string;
  /** What should be there. */
  readonly expected: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** A quantity in its smallest unit, a whole number. */
export interface Quantity {
  readonly kind: "quantity";
  readonly value: number;
}

/** What one family of quantities is made of. */
interface Scale {
  /** From the largest on. */
  readonly units: readonly (readonly [unit: string, factor: number])[];
  /** Other spellings, in lower case, with blanks between them. */
  readonly spellings: readonly (readonly [words: string, factor: number])[];
  readonly expected: string;
}

const KIB = 1024;
const SIZES: Scale = {
  units: [["GiB", KIB ** 3], ["MiB", KIB ** 2], ["KiB", KIB], ["B", 1]],
  spellings: [
    ["b byte bytes", 1],
    ["k kb ki kib", KIB],
    ["m mb mi mib", KIB ** 2],
    ["g gb gi gib", KIB ** 3],
    ["t tb ti tib", KIB ** 4],
  ],
  expected: 'a size like "64MiB", in B, KiB, MiB or GiB',
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DURATIONS: Scale = {
  units: [["h", HOUR_MS], ["m", MINUTE_MS], ["s", 1000], ["ms", 1]],
  spellings: [
    ["ms msec msecs millis millisecond milliseconds", 1],
    ["s sec secs second seconds", 1000],
    ["m min mins minute minutes", MINUTE_MS],
    ["h hr hrs hour hours", HOUR_MS],
    ["d day days", 24 * HOUR_MS],
  ],
  expected: 'a duration like "500ms", in ms, s, m or h',
};

/** What a byte size looks like; for JSON schemas. */
export const BYTE_SIZE_PATTERN = "^(?:0|[1-9][0-9]{0,15})(?:B|KiB|MiB|GiB)$";
/** What a duration looks like; for JSON schemas. */
export const DURATION_PATTERN = "^(?:0|[1-9][0-9]{0,15})(?:ms|s|m|h)$";

/**
 * Bytes from "64MiB" (B, KiB, MiB, GiB).
 *
 * @example
 * parseByteSize("64KiB"); // { kind: "quantity", value: 65536 }
 */
export function parseByteSize(text: string): Quantity | QuantityFault {
  return parse(text, { scale: SIZES, pattern: BYTE_SIZE_PATTERN });
}

/**
 * Milliseconds from "30s" (ms, s, m, h).
 *
 * @example
 * parseDuration("30s"); // { kind: "quantity", value: 30000 }
 */
export function parseDuration(text: string): Quantity | QuantityFault {
  return parse(text, { scale: DURATIONS, pattern: DURATION_PATTERN });
}

/** A whole number of bytes in the largest unit that keeps it whole. */
export function formatByteSize(bytes: number): string {
  return format(bytes, SIZES);
}

/** A whole number of milliseconds in the largest unit that keeps it whole. */
export function formatDuration(milliseconds: number): string {
  return format(milliseconds, DURATIONS);
}

function parse(
  text: string,
  { scale, pattern }: { readonly scale: Scale; readonly pattern: string },
): Quantity | QuantityFault {
  const { expected } = scale;
  if (new RegExp(pattern).test(text)) {
    const count = Number.parseInt(text, 10);
    const unit = text.replace(/^[0-9]+/, "");
    const value = count * (scale.units.find(([name]) => name === unit)?.[1] ?? Number.NaN);
    if (Number.isSafeInteger(value)) return { kind: "quantity", value };
    return { kind: "fault", is: `it is "${text}", which is too large`, expected };
  }
  const [, digits = "", unit = ""] = /^\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)\s*$/.exec(text) ?? [];
  const is = digits !== "" && unit === "" ? `it is "${text}", without a unit` : `it is "${text}"`;
  const factor = scale.spellings.find(([words]) => words.split(" ").includes(unit.toLowerCase()))?.[1];
  const meant = factor === undefined || digits === "" ? Number.NaN : Number(digits) * factor;
  if (!Number.isSafeInteger(meant)) return { kind: "fault", is, expected };
  return { kind: "fault", is, expected, suggestion: format(meant, scale) };
}

function format(value: number, scale: Scale): string {
  const [unit, factor] = scale.units.find(([, each]) => value !== 0 && value % each === 0) ?? scale.units.at(-1) ??
    ["", 1];
  return `${value / factor}${unit}`;
}

/** A size for people, rounded to three digits or so: `338 KiB`, `1.67 MiB`. `formatByteSize` is exact, and can be read back. */
export function roughByteSize(bytes: number): string {
  const [unit, factor] = SIZES.units.find(([, each]) => bytes >= each) ?? ["B", 1];
  const value = bytes / factor;
  return `${value >= 100 || factor === 1 ? Math.round(value) : Number(value.toPrecision(3))} ${unit}`;
}
