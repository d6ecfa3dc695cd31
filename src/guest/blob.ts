/** `Blob` and `File`: bytes that are all there, with a type and a name. */
import { AS_BODY, type AsBody, useBlobs } from "./body.ts";
import { type ByteSource, sourceOfBytes, streamOf } from "./byte_source.ts";
import { concat, toBytes } from "./bytes.ts";
import { toText } from "./convert.ts";
import { decodeUtf8Lossy, encodeUtf8 } from "./utf8.ts";

/** What a blob is made of. */
export type BlobPart = string | ArrayBuffer | ArrayBufferView | Blob;

/** What a blob may have. */
export interface BlobInit {
  /** A media type; one with characters outside of ASCII is none. */
  readonly type?: string;
}

const PRINTABLE = /^[\x20-\x7e]*$/;

let bytesOf: (blob: Blob) => Uint8Array<ArrayBuffer>;

/** Bytes that nobody can change. */
export class Blob implements AsBody {
  readonly type: string;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  static {
    bytesOf = (blob) => blob.#bytes;
  }

  constructor(parts: Iterable<BlobPart> = [], { type = "" }: BlobInit = {}) {
    this.#bytes = concat(Array.from(parts, partBytes));
    this.type = typeOf(type);
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** A part, by places as `Array.prototype.slice` has them. */
  slice(start?: number, end?: number, type?: string): Blob {
    return new Blob([this.#bytes.slice(start, end)], type === undefined ? {} : { type });
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(this.#bytes.slice());
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(this.#bytes.slice().buffer);
  }

  text(): Promise<string> {
    return Promise.resolve(decodeUtf8Lossy(withoutBom(this.#bytes)));
  }

  stream(): ReadableStream<Uint8Array> {
    const source: ByteSource = sourceOfBytes(this.#bytes);
    return streamOf(source);
  }

  /** As a body it needs no stream, and its length is known. */
  [AS_BODY](): { readonly bytes: Uint8Array; readonly type: string } {
    return { bytes: this.#bytes, type: this.type };
  }

  get [Symbol.toStringTag](): string {
    return "Blob";
  }
}

/** A blob with a name. */
export class File extends Blob {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;

  constructor(
    parts: Iterable<BlobPart>,
    name: string,
    { type = "", lastModified = Date.now() }: BlobInit & { readonly lastModified?: number } = {},
  ) {
    super(parts, { type });
    this.name = toText(name).toWellFormed();
    this.lastModified = lastModified;
  }

  override get [Symbol.toStringTag](): string {
    return "File";
  }
}

/** The bytes themselves, to be read only. */
export { bytesOf };

useBlobs((bytes, type) => new Blob([bytes], { type }));

function partBytes(part: BlobPart): Uint8Array {
  if (part instanceof Blob) return bytesOf(part);
  // Copies, since whoever gave them may change theirs.
  if (part instanceof ArrayBuffer || ArrayBuffer.isView(part)) return toBytes(part).slice();
  return encodeUtf8(toText(part));
}

function typeOf(type: string): string {
  const text = toText(type);
  return PRINTABLE.test(text) ? text.toLowerCase() : "";
}

function withoutBom(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
