/** The web's globals by the file of `src/guest` that has them. A guest gets those that it or a library of its names. */

/** What no engine of ours has, or has in a form that runs on the guest's own loop. */
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  "abort.ts": ["AbortController", "AbortSignal", "Event", "EventTarget"],
  "console.ts": ["console"],
  "fetch.ts": ["fetch"],
  "headers.ts": ["Headers"],
  "request.ts": ["Request"],
  "response.ts": ["Response"],
  "timers.ts": ["clearInterval", "clearTimeout", "queueMicrotask", "setInterval", "setTimeout"],
};

/** What StarlingMonkey has itself. */
const ON_QUICKJS: Readonly<Record<string, readonly string[]>> = {
  "crypto.ts": ["crypto"],
  "text_encoding.ts": ["TextDecoder", "TextEncoder"],
  "url.ts": ["URL", "URLSearchParams"],
  "web_streams.ts": [
    "ByteLengthQueuingStrategy",
    "CountQueuingStrategy",
    "ReadableStream",
    "TransformStream",
    "WritableStream",
  ],
};

/** The engines that guests are built on. */
export type GuestEngine = "quickjs" | "starling";

/** Names, also behind "globalThis.", with where they come from. `sdk` is the path of `src/guest`. */
export function webGlobals(engine: GuestEngine, sdk: string): Record<string, [file: string, name: string]> {
  const files = engine === "quickjs" ? { ...EVERYWHERE, ...ON_QUICKJS } : EVERYWHERE;
  const places = Object.entries(files).flatMap(([file, names]) =>
    names.map((name): [string, [string, string]] => [name, [`${sdk}/${file}`, name]])
  );
  return Object.fromEntries(places.flatMap(([name, place]) => [[name, place], [`globalThis.${name}`, place]]));
}

/** Files that the build replaces on an engine which has natively what is in them. */
export const NATIVE_ON_STARLING: ReadonlySet<string> = new Set(["text_encoding.ts", "url.ts", "web_streams.ts"]);
