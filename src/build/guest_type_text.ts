/** One WIT interface as the text of a TypeScript module (`guest_types.ts` reads the WIT). Pure. */

/** A type as it is written. */
export interface WitType {
  readonly name: string;
  readonly args: readonly WitType[];
}

/** A parameter, or a field of a record. */
export interface WitField {
  readonly name: string;
  readonly type: WitType;
}

/** A function without its name. */
export interface WitFunc {
  readonly params: readonly WitField[];
  /** Undefined: none. */
  readonly result: WitType | undefined;
}

const PRIMITIVES: ReadonlyMap<string, string> = new Map([
  ["bool", "boolean"],
  ["bigint", "bigint"],
  ["char", "string"],
  ["string", "string"],
  ["_", "void"],
  ...["u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64"].map((name) => [name, "number"] as const),
]);

/** Names that no parameter can have. */
const RESERVED: ReadonlySet<string> = new Set(["this", "in", "default", "new", "delete", "function", "with", "static"]);

/** The lines of a module, as its items come. */
export class ModuleText {
  readonly #path: string;
  readonly #lines: string[] = [];
  #hasConstructor = false;
  #members: string[] = [];
  #resource = "";

  constructor(path: string) {
    this.#path = path;
  }

  text(): string {
    const lines = this.#lines.map((line) => `  ${line}\n`).join("");
    return `declare module ${JSON.stringify(this.#path)} {\n${lines}}\n`;
  }

  use(path: string, names: readonly (readonly [name: string, as: string])[]): void {
    const list = names.map(([name, as]) => name === as ? typeName(name) : `${typeName(name)} as ${typeName(as)}`);
    const own = names.map(([, as]) => typeName(as)).join(", ");
    // Other interfaces may use what this one uses.
    this.#lines.push(`import type { ${list.join(", ")} } from ${JSON.stringify(path)};`, `export type { ${own} };`);
  }

  alias(name: string, type: WitType): void {
    this.#lines.push(`export type ${typeName(name)} = ${typeText(type)};`);
  }

  enumeration(name: string, cases: readonly string[]): void {
    this.#lines.push(`export type ${typeName(name)} = ${cases.map((each) => JSON.stringify(each)).join(" | ")};`);
  }

  flags(name: string, flags: readonly string[]): void {
    const members = flags.map((flag) => `${camelCase(flag)}?: boolean`).join("; ");
    this.#lines.push(`export interface ${typeName(name)} { ${members} }`);
  }

  record(name: string, fields: readonly WitField[]): void {
    const members = fields.map((field) => `${camelCase(field.name)}: ${typeText(field.type)}`).join("; ");
    this.#lines.push(`export interface ${typeName(name)} { ${members} }`);
  }

  variant(name: string, cases: readonly { readonly name: string; readonly type?: WitType }[]): void {
    const parts = cases.map(({ name: tag, type }) => caseText(tag, type)).join(" | ");
    this.#lines.push(`export type ${typeName(name)} = ${parts};`);
  }

  func(name: string, func: WitFunc): void {
    this.#lines.push(...throwsText(func), `export function ${camelCase(name)}${signatureText(func)};`);
  }

  openResource(name: string): void {
    this.#resource = typeName(name);
    this.#hasConstructor = false;
    this.#members = [];
  }

  constructors(params: readonly WitField[]): void {
    this.#hasConstructor = true;
    this.#members.push(`constructor(${paramsText(params)});`);
  }

  method(name: string, func: WitFunc, isStatic: boolean): void {
    this.#members.push(...throwsText(func), `${isStatic ? "static " : ""}${camelCase(name)}${signatureText(func)};`);
  }

  closeResource(): void {
    const own = this.#hasConstructor ? [] : ["private constructor();"];
    const members = [...own, ...this.#members, "[Symbol.dispose](): void;"];
    this.#lines.push(`export class ${this.#resource} {`, ...members.map((member) => `  ${member}`), "}");
  }
}

function signatureText({ params, result }: WitFunc): string {
  const value = result?.name === "result" ? result.args[0] : result;
  return `(${paramsText(params)}): ${value === undefined ? "void" : typeText(value)}`;
}

/** Of a function with a result: what is thrown. */
function throwsText({ result }: WitFunc): readonly string[] {
  if (result?.name !== "result") return [];
  const [, error] = result.args;
  return [error === undefined ? "/** Throws. */" : `/** Throws an Error with \`payload: ${typeText(error)}\`. */`];
}

function paramsText(params: readonly WitField[]): string {
  return params.map(({ name, type }) => {
    const word = camelCase(name);
    return `${RESERVED.has(word) ? `${word}_` : word}: ${typeText(type)}`;
  }).join(", ");
}

function typeText({ name, args }: WitType): string {
  const [first, second] = args;
  const text = (type: WitType | undefined): string => type === undefined ? "void" : typeText(type);
  switch (name) {
    case "list":
      return first?.name === "u8" ? "Uint8Array" : `Array<${text(first)}>`;
    case "option":
      return `${text(first)} | null`;
    case "optional":
      return `${text(first)} | undefined`;
    case "tuple":
      return `[${args.map(typeText).join(", ")}]`;
    case "result":
      return `${caseText("ok", first)} | ${caseText("err", second)}`;
    case "own":
    case "borrow":
      return text(first);
    default:
      return PRIMITIVES.get(name) ?? typeName(name);
  }
}

function caseText(tag: string, type: WitType | undefined): string {
  return type === undefined || type.name === "_" ? `{ tag: "${tag}" }` : `{ tag: "${tag}"; val: ${typeText(type)} }`;
}

/** `descriptor-type` is `DescriptorType`. */
function typeName(name: string): string {
  const camel = camelCase(name);
  return camel.slice(0, 1).toUpperCase() + camel.slice(1);
}

function camelCase(name: string): string {
  return name.split("-").map((part, index) => index === 0 ? part : part.slice(0, 1).toUpperCase() + part.slice(1))
    .join("");
}
