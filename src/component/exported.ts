/** What the host calls: exported functions by jco's conventions (values in, result out, errors thrown). */
import { atValue } from "./codecs.ts";
import type { InstanceState } from "./instance_state.ts";
import { trapOfHost } from "./trap.ts";
import type { FuncType } from "./types.ts";

/** Takes and returns component values; a promise of the result, but for constructors. */
export type ExportedFunction = (...args: unknown[]) => unknown;

/** A resource class that the guest exports. */
export type ExportedClass = new (...args: unknown[]) => object;

/** The error side of an exported function's `result`. */
export class ExportError<T = unknown> extends Error {
  readonly payload: T;
  constructor(payload: T, label: string) {
    super(`${label} returned an error: ${typeof payload === "string" ? payload : "see payload"}`);
    this.name = "ExportError";
    this.payload = payload;
  }
}

/** How an exported function runs; `suspends` is false where JavaScript has no way to wait (constructors). */
export interface ExportOptions {
  readonly label: string;
  readonly type: FuncType;
  readonly suspends: boolean;
}

/** Guards one lifted function with the state of its instance. */
export function exportedFunction(
  state: InstanceState,
  invoke: (values: readonly unknown[]) => unknown,
  options: ExportOptions,
): ExportedFunction {
  const { label, type, suspends } = options;
  const isResult = type.result?.kind === "result";
  const action = `call ${label}`;
  const finish = (value: unknown): unknown => {
    state.leave();
    return isResult ? unwrapResult(value, label) : value;
  };
  const fail = (error: unknown): never => {
    throw state.failCall(trapOfHost(atValue(error, label), label));
  };
  if (!suspends) {
    return (...args) => {
      state.enter(action, false);
      let value: unknown;
      try {
        value = invoke(args);
        state.checkAlive();
      } catch (error) {
        return fail(error);
      }
      return finish(value);
    };
  }
  // No async function: each of its turns of the microtask queue would be one more of every request.
  const failed = async (error: unknown): Promise<never> => fail(error);
  const refused = async (): Promise<void> => state.enter(action, true);
  const finishAlive = (value: unknown): unknown => {
    try {
      state.checkAlive();
    } catch (error) {
      return fail(error);
    }
    return finish(value);
  };
  return (...args) => {
    if (state.life !== "idle") return refused();
    state.enter(action, true);
    let value: unknown;
    try {
      value = invoke(args);
    } catch (error) {
      return failed(error);
    }
    return (value instanceof Promise ? value : Promise.resolve(value)).then(finishAlive, fail);
  };
}

function unwrapResult(value: unknown, label: string): unknown {
  if (typeof value !== "object" || value === null) throw new TypeError(`Cannot read the result of ${label}`);
  const payload: unknown = Reflect.get(value, "val");
  if (Reflect.get(value, "tag") === "ok") return payload;
  throw new ExportError(payload, label);
}
