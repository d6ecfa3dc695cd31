/** `structuredClone`, as the HTML standard has it, for what an engine without a page has. */

const ERRORS: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((made) => [made.name, made]),
);

const BOXES: readonly string[] = ["BigInt", "Boolean", "Number", "String"];

/**
 * A copy that shares nothing; what is in it twice, or holds itself, is in the copy too.
 * @throws DOMException "DataCloneError" for functions, symbols, and objects that cannot leave their place
 */
export function structuredClone<T>(value: T, options: { readonly transfer?: readonly unknown[] } = {}): T {
  const known = new Map<unknown, unknown>();
  const copy = cloneOf(value, known);
  for (const buffer of options.transfer ?? []) {
    if (!(buffer instanceof ArrayBuffer)) throw refused("what is to be transferred is no ArrayBuffer");
    // The copy is there already; what is left to do is that the giver has it no more.
    buffer.transfer(0);
  }
  return copy as T;
}

function cloneOf(value: unknown, known: Map<unknown, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw refused(`it is a ${typeof value}`);
  if (typeof value !== "object" || value === null) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  const copy = emptyCopy(value, known);
  known.set(value, copy);
  fill(value, copy, known);
  return copy;
}

/** The copy before what it holds, which may be itself. */
function emptyCopy(value: object, known: Map<unknown, unknown>): object {
  if (Array.isArray(value)) return Object.assign([], { length: value.length });
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (ArrayBuffer.isView(value)) return viewCopy(value, known);
  if (value instanceof Error) return errorCopy(value);
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (BOXES.includes(kind)) return Object(value.valueOf()) as object;
  if (kind === "Object" || kind === "Arguments") return {};
  throw refused(`it is a ${kind}`);
}

function viewCopy(view: ArrayBufferView, known: Map<unknown, unknown>): object {
  // Views of one buffer are views of one copy.
  const buffer = cloneOf(view.buffer, known) as ArrayBuffer;
  const View = view.constructor as new (buffer: ArrayBuffer, offset: number, length?: number) => object;
  return view instanceof DataView
    ? new DataView(buffer, view.byteOffset, view.byteLength)
    : new View(buffer, view.byteOffset, (view as Uint8Array).length);
}

/** Its name counts when it is one of the language's; else it is an `Error`. */
function errorCopy(error: Error): Error {
  const copy = new (ERRORS.get(error.name) ?? Error)(error.message);
  if (error.stack !== undefined) Object.defineProperty(copy, "stack", hidden(error.stack));
  return copy;
}

function fill(value: object, copy: object, known: Map<unknown, unknown>): void {
  if (value instanceof Map && copy instanceof Map) {
    // A copy of the list first: a getter below may change it.
    for (const [key, item] of Array.from(value)) copy.set(cloneOf(key, known), cloneOf(item, known));
  } else if (value instanceof Set && copy instanceof Set) {
    for (const item of Array.from(value)) copy.add(cloneOf(item, known));
  } else if (value instanceof Error) {
    if (Object.hasOwn(value, "cause")) Object.defineProperty(copy, "cause", hidden(cloneOf(value.cause, known)));
  } else if (Array.isArray(value) || Object.getPrototypeOf(copy) === Object.prototype) {
    for (const [key, item] of Object.entries(value)) {
      // Not by assignment: "__proto__" is a name like any other.
      Object.defineProperty(copy, key, { ...hidden(cloneOf(item, known)), enumerable: true });
    }
  }
}

function hidden(value: unknown): PropertyDescriptor {
  return { value, configurable: true, writable: true, enumerable: false };
}

function refused(what: string): DOMException {
  return new DOMException(`Cannot clone it: ${what}`, "DataCloneError");
}
