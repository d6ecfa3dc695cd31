/** The table of limits in README.md, made from the keys of the files and the defaults. */
import { PROCESS_LIMITS, ROUTE_LIMITS, SERVICE_LIMITS, VOLUME_LIMITS, WORKLOAD_TOTALS } from "../../src/base/limits.ts";
import {
  type LimitKeys,
  LISTENER_LIMIT_KEYS,
  PROCESS_LIMIT_KEYS,
  ROUTE_LIMIT_KEYS,
  SERVICE_LIMIT_KEYS,
  VOLUME_KEYS,
  WORKLOAD_TOTAL_KEYS,
} from "../../src/config/limit_keys.ts";
import { limitText } from "../../src/config/limit_values.ts";
import { LISTENER_LIMITS } from "../../src/server/listener_limits.ts";

/** Objects of limits: where they stand, their keys, and their defaults by field. */
export const LIMIT_GROUPS: readonly {
  readonly where: string;
  readonly keys: LimitKeys;
  readonly defaults: ReadonlyMap<string, number>;
}[] = [
  { where: "route: `limits`", keys: ROUTE_LIMIT_KEYS, defaults: new Map(Object.entries(ROUTE_LIMITS)) },
  { where: "workload: `limits`", keys: WORKLOAD_TOTAL_KEYS, defaults: new Map(Object.entries(WORKLOAD_TOTALS)) },
  { where: "service: `limits`", keys: SERVICE_LIMIT_KEYS, defaults: new Map(Object.entries(SERVICE_LIMITS)) },
  { where: "volume", keys: VOLUME_KEYS, defaults: new Map(Object.entries(VOLUME_LIMITS)) },
  { where: "gateway: `process`", keys: PROCESS_LIMIT_KEYS, defaults: new Map(Object.entries(PROCESS_LIMITS)) },
  { where: "gateway: `listener`", keys: LISTENER_LIMIT_KEYS, defaults: new Map(Object.entries(LISTENER_LIMITS)) },
];

/** Rows of cells, the head first. */
export function limitsTable(): readonly (readonly string[])[] {
  const rows = LIMIT_GROUPS.flatMap(({ where, keys, defaults }) =>
    Object.entries(keys).map(([key, { field, unit, about, past }]) => {
      const value = defaults.get(field);
      const shown = value === undefined ? "" : limitText(unit, value) + (unit === "rate" ? " a second" : "");
      return [where, `\`${key}\``, shown, about, past];
    })
  );
  return [["where", "key", "default", "what it bounds", "past it"], ...rows];
}

/** The rows as Markdown. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...others] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join("\n");
}
