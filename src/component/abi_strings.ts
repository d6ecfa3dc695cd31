/** Strings in the three encodings of the canonical ABI (CanonicalABI.md, "load_string_from_range" and "store_string"). */
import { type CanonEnv, countBytes } from "./abi_env.ts";
import { misfit } from "./abi_fault.ts";
import { trap } from "./trap.ts";
import type { StringEncoding } from "./types.ts";

/** `units` is what the guest passed as the length: code units, tagged for latin1+utf16. */
export type StringLift = (env: CanonEnv, pointer: number, units: number) => string;
/** Returns the pointer; the length for the guest is in `lowered.units` until the next call. */
export type StringLower = (env: CanonEnv, value: unknown) => number;

/** Second result of a `StringLower`. */
export const lowered = { units: 0 };

/** Set in the length of a latin1+utf16 string that is utf16. */
const UTF16_TAG = 0x80000000;
/** Strings up to here are decoded and encoded by a loop: faster than a call of TextDecoder (about 0.15 us). */
const SHORT_UNITS = 24;
/** Arguments per `String.fromCharCode`, far from the engines' limits. */
const CHUNK_UNITS = 4096;

// A BOM is part of the string; malformed bytes must trap.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Strings out of a guest, by its encoding. */
export const STRING_LIFTS: Readonly<Record<StringEncoding, StringLift>> = {
  "utf8": liftUtf8,
  "utf16": liftUtf16,
  "latin1+utf16": (env, pointer, units) =>
    units >= UTF16_TAG ? liftUtf16(env, pointer, units - UTF16_TAG) : liftLatin1(env, pointer, units),
};

/** Strings into a guest, by its encoding. */
export const STRING_LOWERS: Readonly<Record<StringEncoding, StringLower>> = {
  "utf8": lowerUtf8,
  "utf16": (env, value) => lowerUtf16(env, wellFormed(value)),
  "latin1+utf16": lowerLatin1OrUtf16,
};

function liftUtf8(env: CanonEnv, pointer: number, units: number): string {
  env.memory.check(pointer, units, 1);
  const bytes = env.memory.bytes;
  const end = pointer + units;
  countBytes(units);
  if (units <= SHORT_UNITS) {
    let text = "";
    let at = pointer;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (at === end) return text;
  }
  try {
    return decoder.decode(bytes.subarray(pointer, end));
  } catch {
    return trap("The guest passed a string that is not UTF-8");
  }
}

function liftUtf16(env: CanonEnv, pointer: number, units: number): string {
  env.memory.check(pointer, units * 2, 2);
  countBytes(units * 2);
  const text = fromUnits(new Uint16Array(env.memory.bytes.buffer, pointer, units));
  if (!text.isWellFormed()) trap("The guest passed a string that is not UTF-16: a surrogate stands alone");
  return text;
}

function liftLatin1(env: CanonEnv, pointer: number, units: number): string {
  env.memory.check(pointer, units, 2);
  countBytes(units);
  return fromUnits(env.memory.bytes.subarray(pointer, pointer + units));
}

function fromUnits(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += CHUNK_UNITS) {
    text += String.fromCharCode(...units.subarray(at, at + CHUNK_UNITS));
  }
  return text;
}

function lowerUtf8(env: CanonEnv, value: unknown): number {
  if (typeof value !== "string") return misfit("a string", value);
  const length = value.length;
  if (length <= SHORT_UNITS && isAscii(value)) {
    const pointer = env.allocate(1, length);
    const bytes = env.memory.bytes;
    for (let at = 0; at < length; at++) bytes[pointer + at] = value.charCodeAt(at);
    lowered.units = length;
    return pointer;
  }
  // Replaces lone surrogates by U+FFFD: the component model's strings have none.
  const encoded = encoder.encode(value);
  const pointer = env.allocate(1, encoded.length);
  env.memory.bytes.set(encoded, pointer);
  lowered.units = encoded.length;
  return pointer;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) >= 0x80) return false;
  }
  return true;
}

function wellFormed(value: unknown): string {
  return typeof value === "string" ? value.toWellFormed() : misfit("a string", value);
}

function lowerUtf16(env: CanonEnv, text: string): number {
  const length = text.length;
  const pointer = env.allocate(2, length * 2);
  const units = new Uint16Array(env.memory.bytes.buffer, pointer, length);
  for (let at = 0; at < length; at++) units[at] = text.charCodeAt(at);
  lowered.units = length;
  return pointer;
}

function lowerLatin1OrUtf16(env: CanonEnv, value: unknown): number {
  const text = wellFormed(value);
  const length = text.length;
  for (let at = 0; at < length; at++) {
    if (text.charCodeAt(at) > 0xff) {
      const pointer = lowerUtf16(env, text);
      lowered.units = length + UTF16_TAG;
      return pointer;
    }
  }
  const pointer = env.allocate(2, length);
  const bytes = env.memory.bytes;
  for (let at = 0; at < length; at++) bytes[pointer + at] = text.charCodeAt(at);
  lowered.units = length;
  return pointer;
}
