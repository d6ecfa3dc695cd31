/**
 * `fields` here against a model of wasmtime's (crates/wasi-http, over the `http` crate's HeaderMap): the same answers
 * and the same contents, but for the differences that are named here and chosen.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { fakeHttpContext, fieldTexts } from "../../../test/support/fake_exchange.ts";
import { WitError } from "../../base/errors.ts";
import { Fields } from "./fields.ts";

type Verdict = "ok" | "invalid-syntax" | "forbidden";

const FORBIDDEN = ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"];
FORBIDDEN.push("transfer-encoding", "upgrade", "host", "http2-settings");

/** `HeaderName::from_bytes`: a token, kept in lower case. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;

/** HeaderMap: a list of values per lower-case name, in the order in which the names first came. */
class WasmtimeFields {
  readonly #values: Map<string, string[]> = new Map();

  static check(name: string, values: readonly string[]): Verdict {
    if (!NAME.test(name)) return "invalid-syntax";
    if (FORBIDDEN.includes(name.toLowerCase())) return "forbidden";
    // `HeaderValue::from_bytes`: visible bytes, spaces and tabs, wherever they stand.
    // Chosen here: none at the ends. RFC 9110 section 5.5 has no such value, and nobody would receive it.
    return values.every((value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && value.trim() === value)
      ? "ok"
      : "invalid-syntax";
  }

  append(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), [...this.get(name), value]);
  }

  /** An empty list removes the name (wasmtime asks in WASI#900 whether it should; it is what `set` means here too). */
  set(name: string, values: readonly string[]): void {
    if (values.length === 0) this.#values.delete(name.toLowerCase());
    else this.#values.set(name.toLowerCase(), [...values]);
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  get(name: string): readonly string[] {
    return this.#values.get(name.toLowerCase()) ?? [];
  }

  /** Chosen here: names keep their case and lines their order, as WIT wants. The model is compared without both. */
  get sortedEntries(): readonly string[] {
    return [...this.#values].flatMap(([name, values]) => values.map((value) => `${name}: ${value}`)).toSorted();
  }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function verdictOf(action: () => void): Verdict {
  try {
    action();
    return "ok";
  } catch (error) {
    assert.ok(error instanceof WitError, String(error));
    return (error.payload as { tag: Verdict }).tag;
  }
}

const name = fc.constantFrom("a", "A", "X-b", "x-B", "te", "host", "Connection", "no name", "", "caf\u00e9");
const value = fc.constantFrom("", "1", "two words", "tab\tinside", "\xff", " 1", "1\t", "1\n", "\0", "\x7f");
const step = fc.record({
  verb: fc.constantFrom("append" as const, "set" as const, "delete" as const),
  name,
  values: fc.array(value, { maxLength: 2 }),
});

test("Fields does what wasmtime's fields do, but for the differences named above", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
    const fields = Fields.create(fakeHttpContext());
    const model = new WasmtimeFields();
    for (const { verb, name, values } of steps) {
      const used = verb === "delete" ? [] : verb === "append" ? [values[0] ?? ""] : values;
      const expected = WasmtimeFields.check(name, used);
      const verdict = verdictOf(() => {
        if (verb === "append") fields.append(name, bytesOf(used[0] ?? ""));
        else if (verb === "set") fields.set(name, used.map(bytesOf));
        else fields.delete(name);
      });
      assert.equal(verdict, expected, `${verb} ${JSON.stringify(name)} ${JSON.stringify(used)}`);
      if (expected !== "ok") continue;
      if (verb === "append") model.append(name, used[0] ?? "");
      else if (verb === "set") model.set(name, used);
      else model.delete(name);
      assert.deepEqual(fields.get(name), model.get(name).map(bytesOf));
      assert.equal(fields.has(name), model.get(name).length > 0);
    }
    const entries = fieldTexts(fields.entries()).map(([name, text]) => `${name.toLowerCase()}: ${text}`);
    assert.deepEqual(entries.toSorted(), model.sortedEntries);
  }));
});
