/**
 * Function types as text, close to WIT and one text for one type: resources by the interface that declares them,
 * aliases resolved, names of parameters left out. For comparing what a component declares with what somebody offers.
 */
import { isScalar } from "./abi_layout.ts";
import { bareName } from "./js_names.ts";
import type { FuncType, ResourceType, ValueType } from "./types.ts";

/** Longer texts are cut: types may share parts, and written out such a type can be as long as it likes. */
const TEXT_LENGTH_MAX = 16_384;

/**
 * @example
 * funcText(type); // "(borrow<wasi:io/streams#input-stream>, u64) -> result<list<u8>, variant { closed }>"
 */
export function funcText({ params, result }: FuncType): string {
  const writer = new Writer();
  writer.sequence("(", params.map((param) => param.type), ")");
  if (result !== null) {
    writer.text(" -> ");
    writer.type(result);
  }
  return writer.finish();
}

class Writer {
  #text = "";

  finish(): string {
    return this.#isFull ? `${this.#text.slice(0, TEXT_LENGTH_MAX)}...` : this.#text;
  }

  text(text: string): void {
    this.#text += text;
  }

  sequence(open: string, types: readonly ValueType[], close: string): void {
    this.text(open);
    for (const [index, type] of types.entries()) {
      if (this.#isFull) return;
      if (index > 0) this.text(", ");
      this.type(type);
    }
    this.text(close);
  }

  type(type: ValueType): void {
    if (this.#isFull) return;
    if (isScalar(type)) return this.text(type.kind);
    switch (type.kind) {
      case "string":
        return this.text("string");
      case "record":
        return this.#labelled("record", type.fields);
      case "variant":
        return this.#labelled("variant", type.cases);
      case "flags":
      case "enum":
        return this.#labelled(type.kind, type.names.map((name) => ({ name, type: null })));
      case "list":
        return this.sequence("list<", [type.element], ">");
      case "tuple":
        return this.sequence("tuple<", type.elements, ">");
      case "option":
        return this.sequence("option<", [type.some], ">");
      case "result":
        return this.#result(type.ok, type.err);
      case "own":
      case "borrow":
        return this.text(`${type.kind}<${resourceText(type.resource)}>`);
    }
  }

  get #isFull(): boolean {
    return this.#text.length > TEXT_LENGTH_MAX;
  }

  #labelled(kind: string, parts: readonly { readonly name: string; readonly type: ValueType | null }[]): void {
    this.text(`${kind} { `);
    for (const [index, { name, type }] of parts.entries()) {
      if (this.#isFull) return;
      this.text(index > 0 ? `, ${name}` : name);
      if (type === null) continue;
      this.text(": ");
      this.type(type);
    }
    this.text(" }");
  }

  #result(ok: ValueType | null, err: ValueType | null): void {
    if (ok === null && err === null) return this.text("result");
    this.text("result<");
    if (ok === null) this.text("_");
    else this.type(ok);
    if (err !== null) {
      this.text(", ");
      this.type(err);
    }
    this.text(">");
  }
}

function resourceText({ id, name, origin }: ResourceType): string {
  if (origin.kind === "guest") return `resource ${id} of the guest`;
  return `${origin.interfaceName === null ? "" : bareName(origin.interfaceName)}#${name}`;
}
