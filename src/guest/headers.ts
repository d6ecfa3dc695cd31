/** `Headers`, as the Fetch standard has them. */
import { toText } from "./convert.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
/** What a value may not have: NUL, CR, LF, or anything past a byte. */
const BAD_VALUE = /[\0\r\n]|[^\0-\xff]/;
const SPACE = 0x20;
const EDGES = /^[\t\n\r ]+|[\t\n\r ]+$/g;

/** Where headers may come from. */
export type HeadersInit =
  | Headers
  | Iterable<readonly [string, string]>
  | Iterable<readonly string[]>
  | Readonly<Record<string, string>>;

let entriesOf: (headers: Headers) => readonly (readonly [name: string, value: string])[];
let addDefault: (headers: Headers, name: string, value: string) => void;
let received: (list: readonly (readonly [name: string, value: string])[]) => Headers;

/** Names in lower case; a name's values in the order in which they came. */
export class Headers {
  readonly #values = new Map<string, string[]>();
  #isImmutable = false;

  static {
    entriesOf = (headers) => {
      const list: (readonly [string, string])[] = [];
      // Loops, here and below: an interpreter feels each call of a callback, and every answer passes here.
      for (const [name, values] of headers.#values) {
        for (const value of values) list.push([name, value]);
      }
      return list;
    };
    addDefault = (headers, name, value) => {
      if (!headers.#values.has(name)) headers.#values.set(name, [value]);
    };
    received = (list) => {
      const headers = new Headers();
      for (const [name, value] of list) headers.#add(name.toLowerCase(), value);
      headers.#isImmutable = true;
      return headers;
    };
  }

  constructor(init?: HeadersInit) {
    if (init === undefined) return;
    if (init === null || typeof init !== "object") {
      throw new TypeError(`Cannot make Headers: it is ${String(init)}, expected an object or a list of pairs`);
    }
    if (init instanceof Headers) {
      for (const [name, value] of entriesOf(init)) this.#add(name, value);
    } else if (Symbol.iterator in init) {
      for (const pair of init) this.#appendPair([...pair]);
    } else {
      for (const [name, value] of Object.entries(init)) this.append(name, value);
    }
  }

  append(name: string, value: string): void {
    this.#refuseIfImmutable();
    this.#add(validName(name), validValue(name, value));
  }

  set(name: string, value: string): void {
    const [key, text] = [validName(name), validValue(name, value)];
    this.#refuseIfImmutable();
    this.#values.set(key, [text]);
  }

  delete(name: string): void {
    const key = validName(name);
    this.#refuseIfImmutable();
    this.#values.delete(key);
  }

  get(name: string): string | null {
    return this.#values.get(validName(name))?.join(", ") ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(validName(name));
  }

  /** Each Set-Cookie by itself: they cannot be joined. */
  getSetCookie(): string[] {
    return [...(this.#values.get("set-cookie") ?? [])];
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries(): Generator<[name: string, value: string], void, undefined> {
    for (const name of [...this.#values.keys()].sort()) {
      const values = this.#values.get(name);
      if (values === undefined) continue;
      if (name === "set-cookie") { for (const value of values) yield [name, value]; }
      else yield [name, values.join(", ")];
    }
  }

  *keys(): Generator<string, void, undefined> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<string, void, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[name: string, value: string], void, undefined> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return "Headers";
  }

  #appendPair(pair: readonly string[]): void {
    const [name, value] = pair;
    if (pair.length !== 2 || name === undefined || value === undefined) {
      throw new TypeError(`Cannot make Headers: an entry has ${pair.length} parts, expected a name and a value`);
    }
    this.append(name, value);
  }

  #add(key: string, value: string): void {
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [value]);
    else values.push(value);
  }

  #refuseIfImmutable(): void {
    if (this.#isImmutable) {
      throw new TypeError("Cannot change the headers: they came from outside, expected a copy (new Headers(headers))");
    }
  }
}

/** Every value by itself, in the order of the names' first appearance. */
export { entriesOf };

/** Sets a header that is well-formed, its name in lower case, unless there is one of this name. */
export { addDefault as addDefaultHeader };

/** Headers that came in: they are well-formed already, and cannot be changed. */
export { received as receivedHeaders };

function validName(name: string): string {
  const text = toText(name);
  if (!TOKEN.test(text)) throw new TypeError(`Cannot use ${JSON.stringify(text)} as a header name: it is no token`);
  return text.toLowerCase();
}

function validValue(name: string, value: string): string {
  const given = toText(value);
  // To an interpreter the expression is dear, and hardly a value has anything to take off.
  const isBare = given.charCodeAt(0) > SPACE && given.charCodeAt(given.length - 1) > SPACE;
  const text = isBare ? given : given.replace(EDGES, "");
  if (!BAD_VALUE.test(text)) return text;
  throw new TypeError(
    `Cannot use the value of header "${name}": it has a line break, a NUL or a character past U+00FF`,
  );
}
