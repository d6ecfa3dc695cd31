/** What requests and responses share: a body that is read once. */
import { type ByteSource, readAll, sourceOf, sourceOfBytes, streamOf } from "./byte_source.ts";
import { callPlace, withPlace } from "./call_place.ts";
import { toBytes } from "./bytes.ts";
import { toText } from "./convert.ts";
import type { Headers } from "./headers.ts";
import { decodeUtf8Lossy, encodeUtf8 } from "./utf8.ts";

/** The standard's own type, whoever made it. */
type ReadableStream<Chunk> = globalThis.ReadableStream<Chunk>;

/** What a body may be made of. */
export type BodyInit =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | ReadableStream<Uint8Array>
  | URLSearchParamsLike
  | BlobLike
  | AsBody;

/** Told by what it can do, so that no program carries a class that it does not use. */
interface URLSearchParamsLike {
  readonly [Symbol.toStringTag]: "URLSearchParams";
}

/** A blob of the engine's, or of a library. */
interface BlobLike {
  readonly type: string;
  stream(): ReadableStream<Uint8Array>;
}

/** Of what is a body by itself: our blobs and forms. */
export const AS_BODY = Symbol("as a body");

/** What has bytes and a type; "" for none. */
export interface AsBody {
  [AS_BODY](): { readonly bytes: Uint8Array; readonly type: string };
}

type Make = (bytes: Uint8Array, type: string) => unknown;
let makeBlob: Make | undefined;
let makeForm: Make | undefined;

/** Called by the module that has blobs: most programs need none. */
export function useBlobs(make: Make): void {
  makeBlob = make;
}

/** Called by the module that has forms. */
export function useForms(make: Make): void {
  makeForm = make;
}

/** A body's bytes, in the form in which they are there. */
export type BodyContent =
  | { readonly tag: "none" }
  | { readonly tag: "bytes"; readonly bytes: Uint8Array }
  | { readonly tag: "source"; readonly source: ByteSource }
  | { readonly tag: "stream"; readonly stream: ReadableStream<Uint8Array> };

/** No body. */
export const NO_BODY: BodyContent = { tag: "none" };

let takeContent: (body: Body) => BodyContent;
let cloneContent: (body: Body) => BodyContent;

/** The Fetch standard's Body mixin. */
export abstract class Body {
  abstract readonly headers: Headers;
  #content: BodyContent;
  #isUsed = false;

  static {
    takeContent = (body) => body.#take();
    cloneContent = (body) => body.#clone();
  }

  constructor(content: BodyContent) {
    this.#content = content;
  }

  /** The body as a stream; null when there is none. */
  get body(): ReadableStream<Uint8Array> | null {
    const content = this.#content;
    if (content.tag === "none") return null;
    if (content.tag === "stream") return content.stream;
    const stream = streamOf(content.tag === "source" ? content.source : sourceOfBytes(content.bytes));
    if (this.#isUsed) void stream.cancel();
    this.#content = { tag: "stream", stream };
    return stream;
  }

  get bodyUsed(): boolean {
    return this.#isUsed || (this.#content.tag === "stream" && isDisturbed(this.#content.stream));
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const content = this.#take();
    if (content.tag === "none") return new Uint8Array(0);
    if (content.tag === "bytes") return new Uint8Array(content.bytes);
    return await readAll(content.tag === "source" ? content.source : sourceOf(content.stream));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes();
    return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  }

  async text(): Promise<string> {
    const content = this.#take();
    if (content.tag === "none") return "";
    const bytes = content.tag === "bytes"
      ? content.bytes
      : await readAll(content.tag === "source" ? content.source : sourceOf(content.stream));
    const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    return decodeUtf8Lossy(hasBom ? bytes.subarray(3) : bytes);
  }

  async json(): Promise<unknown> {
    const place = callPlace();
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      throw withPlace(error, place);
    }
  }

  async blob(): Promise<unknown> {
    const make = needed(makeBlob, "blobs", "blob()");
    return make(await this.bytes(), this.headers.get("content-type") ?? "");
  }

  async formData(): Promise<unknown> {
    const make = needed(makeForm, "forms", "formData()");
    return make(await this.bytes(), this.headers.get("content-type") ?? "");
  }

  #take(): BodyContent {
    if (this.#content.tag === "none") return NO_BODY;
    if (this.bodyUsed || (this.#content.tag === "stream" && this.#content.stream.locked)) {
      throw new TypeError("Cannot read the body: it was read before, or its stream is locked");
    }
    this.#isUsed = true;
    return this.#content;
  }

  #clone(): BodyContent {
    if (this.bodyUsed || (this.#content.tag === "stream" && this.#content.stream.locked)) {
      throw new TypeError("Cannot clone: the body was read before, or its stream is locked");
    }
    if (this.#content.tag === "none" || this.#content.tag === "bytes") return this.#content;
    const stream = this.#content.tag === "source" ? streamOf(this.#content.source) : this.#content.stream;
    const [mine, other] = stream.tee();
    this.#content = { tag: "stream", stream: mine };
    return { tag: "stream", stream: other };
  }
}

/** The content of a body that is sent or read now; it counts as read from then on. */
export { takeContent };

/** The same content for another message. */
export { cloneContent };

/** Tells whoever makes the content that nobody wants it. */
export function cancelContent(content: BodyContent, reason?: unknown): void {
  if (content.tag === "source") content.source.cancel(reason);
  if (content.tag === "stream") sourceOf(content.stream).cancel(reason);
}

/** A body's content, and the media type that it has by itself. */
export function contentOf(
  init: BodyInit | null | undefined,
): { readonly content: BodyContent; readonly type?: string } {
  if (init === null || init === undefined) return { content: NO_BODY };
  if (typeof init === "string") return { content: bytesContent(encodeUtf8(init)), type: "text/plain;charset=UTF-8" };
  if (init instanceof ArrayBuffer || ArrayBuffer.isView(init)) return { content: bytesContent(toBytes(init).slice()) };
  if (isStream(init)) {
    if (init.locked || isDisturbed(init)) {
      throw new TypeError("Cannot use the stream as a body: it is locked, or was read before");
    }
    return { content: { tag: "stream", stream: init } };
  }
  if (AS_BODY in init) {
    const { bytes, type } = init[AS_BODY]();
    return type === "" ? { content: bytesContent(bytes) } : { content: bytesContent(bytes), type };
  }
  if (isSearchParams(init)) {
    return { content: bytesContent(encodeUtf8(toText(init))), type: "application/x-www-form-urlencoded;charset=UTF-8" };
  }
  if (isBlob(init)) {
    const content: BodyContent = { tag: "stream", stream: init.stream() };
    return init.type === "" ? { content } : { content, type: init.type };
  }
  return { content: bytesContent(encodeUtf8(toText(init))), type: "text/plain;charset=UTF-8" };
}

function bytesContent(bytes: Uint8Array): BodyContent {
  return { tag: "bytes", bytes };
}

function needed(make: Make | undefined, what: string, named: string): Make {
  if (make !== undefined) return make;
  throw new Error(`Cannot make ${what}: the program was built without them, expected "${named}" in its source`);
}

function isStream(value: object): value is ReadableStream<Uint8Array> {
  return "getReader" in value && typeof value.getReader === "function";
}

function isSearchParams(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object URLSearchParams]";
}

function isBlob(value: object): value is BlobLike {
  return "stream" in value && typeof value.stream === "function" && "type" in value && typeof value.type === "string";
}

/** Whether somebody has read from it. The standard shows this to nobody, the library has a field for it. */
function isDisturbed(stream: object): boolean {
  return "_disturbed" in stream && stream._disturbed === true;
}
