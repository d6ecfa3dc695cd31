/** The engine's own URLs, with what they lack. */
const { URL, URLSearchParams } = globalThis;

/** As in the URL standard. */
function parse(input: string, base?: string): URL | null {
  try {
    return new URL(input, base);
  } catch {
    return null;
  }
}

Object.defineProperty(URL, "parse", { value: parse, configurable: true, writable: true });
// By it a body knows them.
Object.defineProperty(URLSearchParams.prototype, Symbol.toStringTag, { value: "URLSearchParams", configurable: true });

export { URL, URLSearchParams };
