/** Component types as text, and a component that hands values of them to the host and back. */
import { type CoreSignature, layoutOf, signatureOf } from "../../src/component/abi_layout.ts";
import type { StringEncoding, ValueType } from "../../src/component/types.ts";
import { LIBC } from "./wat.ts";

/** Writes the definitions of types, inside an imported instance and once more outside of it. */
class TypeWriter {
  readonly inner: string[] = [];
  readonly outer: string[] = [];
  #count = 0;

  /** Defines `type` and returns how to refer to it. */
  define(type: ValueType): string {
    const body = this.#body(type);
    if (!body.startsWith("(")) return body;
    const id = this.#count++;
    this.inner.push(`(type $d${id} ${body})`);
    // These four have to have a name before a function may use them.
    if (type.kind === "record" || type.kind === "variant" || type.kind === "flags" || type.kind === "enum") {
      this.inner.push(`(export "t${id}" (type $t${id} (eq $d${id})))`);
      this.outer.push(`(alias export $host "t${id}" (type $t${id}))`);
    } else {
      this.inner.push(`(type $t${id} ${body})`);
      this.outer.push(`(type $t${id} ${body})`);
    }
    return `$t${id}`;
  }

  #body(type: ValueType): string {
    switch (type.kind) {
      case "record":
        return `(record ${type.fields.map((field) => `(field "${field.name}" ${this.define(field.type)})`).join(" ")})`;
      case "tuple":
        return `(tuple ${type.elements.map((element) => this.define(element)).join(" ")})`;
      case "list":
        return `(list ${this.define(type.element)})`;
      case "option":
        return `(option ${this.define(type.some)})`;
      case "result": {
        const ok = type.ok === null ? "" : this.define(type.ok);
        return `(result ${ok} ${type.err === null ? "" : `(error ${this.define(type.err)})`})`;
      }
      case "variant": {
        const cases = type.cases.map((one) => `(case "${one.name}" ${one.type === null ? "" : this.define(one.type)})`);
        return `(variant ${cases.join(" ")})`;
      }
      case "flags":
      case "enum":
        return `(${type.kind} ${type.names.map((name) => `"${name}"`).join(" ")})`;
      case "own":
      case "borrow":
        throw new TypeError("Cannot write a resource: the echo has none");
      case "bool":
      case "s8":
      case "u8":
      case "s16":
      case "u16":
      case "s32":
      case "u32":
      case "s64":
      case "u64":
      case "f32":
      case "f64":
      case "char":
      case "string":
        return type.kind;
    }
  }
}

/**
 * A component with a function `run-N` for each type: it passes its parameter to the host's `echo-N`, and returns what that
 * returns. The guest moves core values only, so that lifting and lowering have to agree in both directions.
 */
export function echoComponent(types: readonly ValueType[], encoding: StringEncoding): string {
  const writer = new TypeWriter();
  const names = types.map((type) => writer.define(type));
  const options = `(memory $memory) (realloc $realloc) string-encoding=${encoding}`;
  const functions = names.map((name, n) => `(export "echo-${n}" (func (param "x" ${name}) (result ${name})))`);
  return `(import "test:echo/host" (instance $host ${writer.inner.join("\n")} ${functions.join("\n")}))
    ${writer.outer.join("\n")}
    ${LIBC}
    ${types.map((_, n) => `(core func $echo-${n} (canon lower (func $host "echo-${n}") ${options}))`).join("\n")}
    (core module $M (import "" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      ${types.map((type, n) => coreImport(n, signatureOf([type], type, "lower"))).join("\n")}
      ${types.map((type, n) => coreFunction(n, type)).join("\n")})
    (core instance $m (instantiate $M (with "" (instance (export "realloc" (func $realloc))
      ${types.map((_, n) => `(export "echo-${n}" (func $echo-${n}))`).join("\n")}))))
    ${
    names.map((name, n) =>
      `(func (export "run-${n}") (param "x" ${name}) (result ${name})
      (canon lift (core func $m "run-${n}") ${options}))`
    ).join("\n")
  }`;
}

function results({ result }: CoreSignature): string {
  return result === null ? "" : `(result ${result})`;
}

function coreImport(n: number, signature: CoreSignature): string {
  return `(import "" "echo-${n}" (func $echo-${n} (param ${signature.params.join(" ")}) ${results(signature)}))`;
}

function coreFunction(n: number, type: ValueType): string {
  const signature = signatureOf([type], type, "lift");
  const args = signature.params.map((_, index) => `(local.get ${index})`).join(" ");
  const pointer = `(local.get ${signature.params.length})`;
  const head = `(func (export "run-${n}") (param ${signature.params.join(" ")}) ${results(signature)}`;
  if (!signature.isReturnedInMemory) return `${head} (call $echo-${n} ${args}))`;
  return `${head} (local i32)
    (local.set ${signature.params.length}
      (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const ${layoutOf(type).size})))
    (call $echo-${n} ${args} ${pointer}) ${pointer})`;
}
