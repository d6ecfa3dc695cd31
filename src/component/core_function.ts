/** The types of functions that cross the border of core wasm, and wrappers that are exact in their arity. */
import type { FlatValue } from "./abi_env.ts";

/** A core wasm function, or a builtin of the engine. */
export type CoreFunction = (...args: FlatValue[]) => FlatValue | undefined;

/**
 * The core arguments of the host call that is just starting. One frame serves all: nothing runs between writing the
 * arguments and lifting them, and lifting calls nothing that could come back here.
 */
export const frame: FlatValue[] = Array.from({ length: 18 }, () => 0);

/** What runs behind a core function, with its arguments in `frame`. */
export interface FrameBody {
  run(): FlatValue | undefined;
}

/** A function of `count` parameters that puts them into `frame` and runs `body`; V8 calls exact arities directly. */
export function withFrame(count: number, body: FrameBody): CoreFunction {
  const f = frame;
  switch (count) {
    case 0:
      return () => body.run();
    case 1:
      return (a) => (f[0] = a, body.run());
    case 2:
      return (a, b) => (f[0] = a, f[1] = b, body.run());
    case 3:
      return (a, b, c) => (f[0] = a, f[1] = b, f[2] = c, body.run());
    case 4:
      return (a, b, c, d) => (f[0] = a, f[1] = b, f[2] = c, f[3] = d, body.run());
    case 5:
      return (a, b, c, d, e) => (f[0] = a, f[1] = b, f[2] = c, f[3] = d, f[4] = e, body.run());
    case 6:
      return (a, b, c, d, e, g) => (
        f[0] = a, f[1] = b, f[2] = c, f[3] = d, f[4] = e, f[5] = g, body.run()
      );
    case 7:
      return (a, b, c, d, e, g, h) => (
        f[0] = a, f[1] = b, f[2] = c, f[3] = d, f[4] = e, f[5] = g, f[6] = h, body.run()
      );
    case 8:
      return (a, b, c, d, e, g, h, i) => (
        f[0] = a, f[1] = b, f[2] = c, f[3] = d, f[4] = e, f[5] = g, f[6] = h, f[7] = i, body.run()
      );
    default:
      return (...args) => {
        for (let index = 0; index < count; index++) f[index] = args[index] ?? 0;
        return body.run();
      };
  }
}

/** `core(...args)`, without the spread for the common arities. */
export function callCore(core: CoreFunction, args: readonly FlatValue[]): FlatValue | undefined {
  const [a = 0, b = 0, c = 0] = args;
  switch (args.length) {
    case 0:
      return core();
    case 1:
      return core(a);
    case 2:
      return core(a, b);
    case 3:
      return core(a, b, c);
    default:
      return core(...args);
  }
}
