/** JavaScript Promise Integration: on by default in Node 26 and Deno 2.9, and not yet in the type libraries. */

interface PromiseIntegration {
  /** A wasm import that suspends the calling wasm stack until the promise settles. */
  readonly Suspending: new (fn: (...args: never[]) => unknown) => WebAssembly.ImportValue;
  /** An export as a function that returns a promise; below it, the stack can suspend. */
  readonly promising: <A extends unknown[], R>(core: (...args: A) => R) => (...args: A) => Promise<R>;
}

function missing(): never {
  throw new TypeError("Cannot suspend wasm: this runtime has no WebAssembly.Suspending, expected Node 26 or Deno 2.9");
}

/** `WebAssembly.Suspending`. */
export const Suspending: PromiseIntegration["Suspending"] = Reflect.get(WebAssembly, "Suspending") ?? missing();
/** `WebAssembly.promising`. */
export const promising: PromiseIntegration["promising"] = Reflect.get(WebAssembly, "promising") ?? missing();
