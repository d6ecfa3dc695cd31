/** Limits of several files become those of one guest: the nearest file counts, and the operator's ceiling stands above. */
import { PROCESS_LIMITS } from "../base/limits.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import { LISTENER_LIMITS } from "../server/listener_limits.ts";
import type { ConfigDocument } from "./document.ts";
import { nodeAt } from "./faults.ts";
import type { GatewayFile } from "./gateway_definition.ts";
import type { LimitValues } from "./limit_definition.ts";
import {
  type LimitKey,
  type LimitKeys,
  LISTENER_LIMIT_KEYS,
  PROCESS_LIMIT_KEYS,
  ROUTE_LIMIT_KEYS,
  WORKLOAD_TOTAL_KEYS,
} from "./limit_keys.ts";
import { limitText, writtenLimit } from "./limit_values.ts";

/** The most that a field may have, and who says so. */
export interface LimitBound {
  readonly max: number;
  /** As in `"limits.memory" of workloads/gateway.jsonc is 64MiB`. */
  readonly by: string;
  /** The key to change, in the operator's file. */
  readonly key: string;
}

/** The operator's bounds, by field: `memoryBytesMax` holds for routes and services alike. */
export type LimitCeiling = ReadonlyMap<string, LimitBound>;

/** The fields that a file sets. */
export type LimitFields<Keys extends LimitKeys> = { readonly [Key in keyof Keys as Keys[Key]["field"]]?: number };

/** What a file asks for, by key. */
export type AskedLimits = Readonly<Record<string, number | undefined>>;

/** From the keys of a file to fields; what the file does not say is left out. */
export function limitFields<const Keys extends LimitKeys>(
  keys: Keys,
  values: LimitValues<Keys> | undefined,
): LimitFields<Keys> {
  const fields = Object.entries(keys).flatMap(([key, { field }]) => {
    const value = values?.[key];
    return value === undefined ? [] : [[field, value] as const];
  });
  // `fromEntries` forgets the names.
  return Object.fromEntries(fields) as LimitFields<Keys>;
}

/** The limits, each lowered to its ceiling: a default asks for nothing, so it is no fault that it is lower. */
export function belowCeiling<Limits extends { readonly [Field in keyof Limits]: number }>(
  limits: Limits,
  ceiling: LimitCeiling,
): Limits {
  const lowered = { ...limits };
  for (const field of Object.keys(limits) as (keyof Limits & string)[]) {
    const bound = ceiling.get(field);
    if (bound !== undefined && limits[field] > bound.max) Object.assign(lowered, { [field]: bound.max });
  }
  return lowered;
}

/** What a file asks for beyond the ceiling. `path` leads to the object of limits. */
export function limitFaults(
  document: ConfigDocument,
  { path, keys, values, ceiling }: {
    readonly path: readonly string[];
    readonly keys: LimitKeys;
    readonly values: AskedLimits | undefined;
    readonly ceiling: LimitCeiling;
  },
): readonly Diagnostic[] {
  const { root } = document;
  if (root === undefined || values === undefined) return [];
  return Object.entries(keys).flatMap(([key, { field, unit }]): Diagnostic[] => {
    const [asked, bound] = [values[key], ceiling.get(field)];
    if (asked === undefined || bound === undefined || asked <= bound.max) return [];
    const place = [...path, key];
    const message = `Cannot use "${place.join(".")}": it is ${limitText(unit, asked)}, and ${bound.by}, ` +
      "expected no more than the ceiling";
    const fix = `write ${writtenLimit(unit, bound.max)}, or raise "${bound.key}" in gateway.jsonc`;
    return [document.fault("LG1202", nodeAt(root, place).offset, message, fix)];
  });
}

/**
 * The ceiling that a file of the operator makes: its `limits`, and what could never be had above the limits of the
 * process and of the listener. `value` is undefined without a file, and for one with faults.
 */
export function limitCeiling(value: GatewayFile | undefined, file: string | undefined): LimitCeiling {
  const ceiling = new Map<string, LimitBound>();
  const bound = (
    path: string,
    limit: LimitKey,
    { said, standard }: { said?: number | undefined; standard?: number },
  ) => {
    const max = said ?? standard;
    if (max === undefined || max >= (ceiling.get(limit.field)?.max ?? Number.POSITIVE_INFINITY)) return;
    const who = said === undefined ? `"${path}" of the gateway` : `"${path}" of ${file}`;
    ceiling.set(limit.field, { max, by: `${who} is ${limitText(limit.unit, max)}`, key: path });
  };
  const own = { ...ROUTE_LIMIT_KEYS, ...WORKLOAD_TOTAL_KEYS };
  const limits: AskedLimits = value?.limits ?? {};
  for (const [key, limit] of Object.entries<LimitKey>(own)) bound(`limits.${key}`, limit, { said: limits[key] });
  bound("process.memory", PROCESS_LIMIT_KEYS.memory, {
    said: value?.process?.memory,
    standard: PROCESS_LIMITS.memoryBytesMax,
  });
  bound("process.instances", PROCESS_LIMIT_KEYS.instances, {
    said: value?.process?.instances,
    standard: PROCESS_LIMITS.instancesMax,
  });
  // Node refuses a longer header before any route is known.
  bound("listener.headerBytes", LISTENER_LIMIT_KEYS.headerBytes, {
    said: value?.listener?.headerBytes,
    standard: LISTENER_LIMITS.headerBytesMax,
  });
  return ceiling;
}
