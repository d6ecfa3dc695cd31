/** `crypto.subtle` for an engine without it: digests, and HMAC keys with signatures. Everything else is `NotSupportedError`. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { toBytes } from "./bytes.ts";
import { toText } from "./convert.ts";
import { crypto } from "./crypto.ts";

const HASHES = { "SHA-1": sha1, "SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512 } as const;

type HashName = keyof typeof HASHES;
type Algorithm = string | { readonly name: string; readonly hash?: Algorithm };
type Bytes = ArrayBuffer | ArrayBufferView;
type Usage = "sign" | "verify";

let secretOf: (key: HmacKey) => Uint8Array;

/** A secret that signs. */
class HmacKey {
  readonly type = "secret";
  readonly extractable: boolean;
  readonly algorithm: { readonly name: "HMAC"; readonly hash: { readonly name: HashName }; readonly length: number };
  readonly usages: readonly Usage[];
  readonly #secret: Uint8Array;

  static {
    secretOf = (key) => key.#secret;
  }

  constructor(
    secret: Uint8Array,
    hash: HashName,
    use: { readonly extractable: boolean; readonly usages: readonly Usage[] },
  ) {
    this.#secret = secret;
    this.extractable = use.extractable;
    this.usages = use.usages;
    this.algorithm = { name: "HMAC", hash: { name: hash }, length: secret.length * 8 };
  }

  get [Symbol.toStringTag](): string {
    return "CryptoKey";
  }
}

const subtle = {
  async digest(algorithm: Algorithm, data: Bytes): Promise<ArrayBuffer> {
    return await settled(() => buffer(HASHES[hashName(algorithm)](toBytes(data))));
  },

  async importKey(
    format: string,
    data: Bytes,
    algorithm: Algorithm,
    extractable: boolean,
    usages: readonly Usage[],
  ): Promise<HmacKey> {
    return await settled(() => {
      if (format !== "raw") throw unsupported(`keys of the format ${JSON.stringify(format)}`);
      if (nameOf(algorithm) !== "HMAC") throw unsupported(nameOf(algorithm));
      const hash = hashName(typeof algorithm === "object" ? (algorithm.hash ?? "") : "");
      if (usages.length === 0) throw new DOMException("Cannot import the key: it has no usage", "SyntaxError");
      if (data.byteLength === 0) throw new DOMException("Cannot import the key: it is empty", "DataError");
      return new HmacKey(toBytes(data).slice(), hash, { extractable, usages: [...usages] });
    });
  },

  async sign(algorithm: Algorithm, key: HmacKey, data: Bytes): Promise<ArrayBuffer> {
    return await settled(() => buffer(signature(algorithm, key, { data, usage: "sign" })));
  },

  async verify(algorithm: Algorithm, key: HmacKey, signed: Bytes, data: Bytes): Promise<boolean> {
    return await settled(() => areEqual(signature(algorithm, key, { data, usage: "verify" }), toBytes(signed)));
  },
};

Object.defineProperty(crypto, "subtle", { value: subtle, configurable: true, enumerable: true, writable: true });

function signature(
  algorithm: Algorithm,
  key: HmacKey,
  { data, usage }: { readonly data: Bytes; readonly usage: Usage },
): Uint8Array {
  if (nameOf(algorithm) !== "HMAC") throw unsupported(nameOf(algorithm));
  if (!key.usages.includes(usage)) {
    throw new DOMException(`Cannot ${usage}: the key is not for it`, "InvalidAccessError");
  }
  return hmac(HASHES[key.algorithm.hash.name], secretOf(key), toBytes(data));
}

/** Takes as long for those that differ early. */
function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at++) difference |= (left[at] ?? 0) ^ (right[at] ?? 0);
  return difference === 0;
}

function hashName(algorithm: Algorithm): HashName {
  const name = nameOf(algorithm);
  if (!Object.hasOwn(HASHES, name)) throw unsupported(name);
  return name as HashName;
}

function nameOf(algorithm: Algorithm): string {
  return toText(typeof algorithm === "object" ? algorithm.name : algorithm).toUpperCase();
}

function buffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer;
}

/** What `work` gives or throws, as a promise: nothing of this API throws at once. */
function settled<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

function unsupported(what: string): DOMException {
  return new DOMException(
    `There is no ${what} here, expected SHA-1, SHA-256, SHA-384, SHA-512 or HMAC`,
    "NotSupportedError",
  );
}
