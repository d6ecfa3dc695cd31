/** The answers of a stub as they lie in its memory, from the first byte on. */
import { alignTo, casesOf, type Layout, layoutOf } from "../component/abi_layout.ts";
import type { ValueType } from "../component/types.ts";
import type { StubValue } from "./answers.ts";

/** The first bytes stay free, so that no answer lies at 0. */
const START = 16;

/** Grows; what was placed stays where it is. */
export class StaticMemory {
  #view = new DataView(new ArrayBuffer(256));
  #end = START;

  /** One past the last byte in use. */
  get end(): number {
    return this.#end;
  }

  /** From 0 to the end. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#end);
  }

  /** Room for a value, zeroed; gives its place. */
  reserve({ size, align }: Pick<Layout, "size" | "align">): number {
    const at = alignTo(this.#end, align);
    this.#end = at + size;
    if (this.#end > this.#view.byteLength) {
      const grown = new Uint8Array(Math.max(this.#end, 2 * this.#view.byteLength));
      grown.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  /** Writes a value of `type`; gives its place. */
  place(type: ValueType, value: StubValue): number {
    const at = this.reserve(layoutOf(type));
    if (value.kind === "err") this.#placeError(at, type, value.errorCase);
    else if (value.kind === "texts") this.#placeTexts(at, value.items);
    return at;
  }

  #placeError(at: number, type: ValueType, errorCase: number): void {
    if (type.kind !== "result") throw new TypeError(`Cannot place an error in a ${type.kind}, expected a result`);
    const { tagSize, payloadOffset } = layoutOf(type);
    this.#tag(at, tagSize, 1);
    const { err } = type;
    if (err === null) return;
    const isCase = err.kind === "enum" || casesOf(err).length > 0;
    if (isCase) this.#tag(at + payloadOffset, layoutOf(err).tagSize, errorCase);
  }

  #placeTexts(at: number, items: readonly (string | readonly [string, string])[]): void {
    const texts = items.flatMap((item) => (typeof item === "string" ? [item] : [...item]));
    const list = this.reserve({ size: texts.length * 8, align: 4 });
    for (const [index, text] of texts.entries()) {
      const encoded = new TextEncoder().encode(text);
      const start = this.reserve({ size: encoded.length, align: 1 });
      new Uint8Array(this.#view.buffer).set(encoded, start);
      this.#view.setUint32(list + index * 8, start, true);
      this.#view.setUint32(list + index * 8 + 4, encoded.length, true);
    }
    this.#view.setUint32(at, list, true);
    this.#view.setUint32(at + 4, items.length, true);
  }

  #tag(at: number, size: number, value: number): void {
    if (size === 1) this.#view.setUint8(at, value);
    else if (size === 2) this.#view.setUint16(at, value, true);
    else this.#view.setUint32(at, value, true);
  }
}
