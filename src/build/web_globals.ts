/** The web's globals by the file of `src/guest` that has them. A guest gets those that it or a library of its names. */

const FILES: Readonly<Record<string, readonly string[]>> = {
  "abort.ts": ["AbortController", "AbortSignal", "Event", "EventTarget"],
  "blob.ts": ["Blob", "File"],
  "console.ts": ["console"],
  "crypto.ts": ["crypto"],
  "fetch.ts": ["fetch"],
  "form_data.ts": ["FormData"],
  "headers.ts": ["Headers"],
  "request.ts": ["Request"],
  "response.ts": ["Response"],
  "structured_clone.ts": ["structuredClone"],
  "text_encoding.ts": ["TextDecoder", "TextEncoder"],
  "timers.ts": ["clearInterval", "clearTimeout", "queueMicrotask", "setInterval", "setTimeout"],
  "url.ts": ["URL", "URLSearchParams"],
  "web_streams.ts": [
    "ByteLengthQueuingStrategy",
    "CountQueuingStrategy",
    "ReadableStream",
    "TransformStream",
    "WritableStream",
  ],
};

/** Names, also behind "globalThis.", with where they come from. `sdk` is the path of `src/guest`. */
export function webGlobals(sdk: string): Record<string, [file: string, name: string]> {
  const places = Object.entries(FILES).flatMap(([file, names]) =>
    names.map((name): [string, [string, string]] => [name, [`${sdk}/${file}`, name]])
  );
  return Object.fromEntries(places.flatMap(([name, place]) => [[name, place], [`globalThis.${name}`, place]]));
}
