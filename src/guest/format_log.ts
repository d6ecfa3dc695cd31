/** Values as text for a log: strings as they are, errors with their stack and cause, everything else as one reads it in source. */

const DEPTH_MAX = 4;
const ITEMS_MAX = 100;

/** One line for all values. */
export function formatLog(values: readonly unknown[]): string {
  return values.map((value) => typeof value === "string" ? value : formatValue(value, 0, [])).join(" ");
}

/** An error with its stack and its causes; anything else that was thrown as a value. */
export function formatError(error: unknown): string {
  return error instanceof Error ? errorText(error, 0, []) : formatValue(error, 0, []);
}

function formatValue(value: unknown, depth: number, parents: readonly object[]): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
  return typeof value === "object" && value !== null ? objectText(value, depth, parents) : String(value);
}

function objectText(value: object, depth: number, parents: readonly object[]): string {
  if (parents.includes(value)) return "[Circular]";
  const within = [...parents, value];
  if (value instanceof Error) return errorText(value, depth, parents);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (depth >= DEPTH_MAX) return Array.isArray(value) ? "[Array]" : "[Object]";
  const nested = (item: unknown): string => formatValue(item, depth + 1, within);
  if (Array.isArray(value)) return list("[", value.map(nested), "]");
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const items = Array.from(value as unknown as ArrayLike<unknown>, nested);
    return `${nameOf(value)}(${items.length}) ${list("[ ", items, " ]")}`;
  }
  if (value instanceof Map) {
    return `Map(${value.size}) ${
      list("{ ", Array.from(value, ([key, item]) => `${nested(key)} => ${nested(item)}`), " }")
    }`;
  }
  if (value instanceof Set) return `Set(${value.size}) ${list("{ ", Array.from(value, nested), " }")}`;
  const fields = Object.entries(value).map(([key, item]) =>
    `${/^[\w$]+$/.test(key) ? key : JSON.stringify(key)}: ${nested(item)}`
  );
  const name = nameOf(value);
  const prefix = name === "Object" ? "" : `${name} `;
  return fields.length === 0 ? `${prefix}{}` : prefix + list("{ ", fields, " }");
}

function list(open: string, items: readonly string[], close: string): string {
  const more = items.length - ITEMS_MAX;
  return open + [...items.slice(0, ITEMS_MAX), ...(more > 0 ? [`... ${more} more`] : [])].join(", ") + close;
}

function nameOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return "[Object: null prototype]";
  return value.constructor?.name ?? "Object";
}

/** The engine's stack has no message in it; others begin with it. */
function errorText(error: Error, depth: number, parents: readonly object[]): string {
  const head = `${error.name}: ${error.message}`;
  const stack = error.stack ?? "";
  const text = stack.startsWith(error.name) ? stack : `${head}\n${stack}`;
  const cause = error.cause === undefined || parents.includes(error) || depth >= DEPTH_MAX
    ? ""
    : `\n  caused by ${formatValue(error.cause, depth + 1, [...parents, error])}`;
  return text.trimEnd() + cause;
}
