/**
 * Each fixture runs under jco's generated glue and under the engine, with the same host and the same calls, and leaves
 * the same log. What differs on purpose is left out of the fixtures, with the reason beside it:
 * - a BOM at the start of a string (jco drops it), lone surrogates, and values that do not fit (jco wraps or stores them);
 * - the encoding latin1+utf16 (jco's generator panics);
 * - the text of traps; that there is one is compared.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { transpile } from "@bytecodealliance/jco";
import { compileComponent } from "../../src/component/engine.ts";
import { wat } from "./wat.ts";

/** Takes what happened, in the order in which it did. */
export type Log = (...entry: readonly unknown[]) => void;
/** The exports of an instance, by either glue. */
export type Exports = Readonly<Record<string, unknown>>;

/** A component, the host it gets, and the calls that are made. */
export interface Fixture {
  readonly name: string;
  readonly text: string;
  /** As `CompileOptions.suspending`. */
  readonly suspending?: readonly string[];
  readonly host: (log: Log) => Readonly<Record<string, unknown>>;
  readonly script: (exports: Exports, log: Log) => Promise<void>;
}

/** An exported function, by either glue. */
export type Callable = (...args: readonly unknown[]) => unknown;

/** Calls and logs what comes back, in a form that both runtimes of components share. */
export async function call(log: Log, target: unknown, ...args: readonly unknown[]): Promise<unknown> {
  try {
    const value = await (target as Callable)(...args);
    log("returned", value);
    return value;
  } catch (error) {
    if (typeof error === "object" && error !== null && Object.hasOwn(error, "payload")) {
      log("threw", Reflect.get(error, "payload"));
    } else {
      log("trapped");
    }
    return undefined;
  }
}

async function underEngine(bytes: Uint8Array, fixture: Fixture): Promise<unknown[]> {
  const entries: unknown[] = [];
  const log: Log = (...entry) => void entries.push(entry);
  const compiled = await compileComponent(bytes, { suspending: new Set(fixture.suspending) });
  const instance = await compiled.instantiate(fixture.host(log));
  await fixture.script(instance.exports, log);
  return entries;
}

async function underJco(bytes: Uint8Array, fixture: Fixture): Promise<unknown[]> {
  const entries: unknown[] = [];
  const log: Log = (...entry) => void entries.push(entry);
  const isAsync = fixture.suspending !== undefined;
  const { files, exports } = await transpile(bytes, {
    name: "fixture",
    instantiation: "async",
    noTypescript: true,
    wasiShim: false,
    quiet: true,
    ...(isAsync ? { asyncMode: "jspi", asyncImports: [...fixture.suspending], asyncExports: ["run"] } : {}),
  });
  const source = files["fixture.js"];
  assert(source !== undefined && exports.length > 0);
  const module: { instantiate: (core: (name: string) => unknown, imports: object) => Promise<Exports> } = await import(
    `data:text/javascript;base64,${source.toBase64()}`
  );
  const core = async (name: string): Promise<WebAssembly.Module> =>
    WebAssembly.compile(new Uint8Array(files[name] ?? []));
  await fixture.script(await module.instantiate(core, fixture.host(log)), log);
  return entries;
}

/** Makes the test of a fixture. */
export function compare(fixture: Fixture): void {
  test(`oracle: ${fixture.name}`, async () => {
    const bytes = await wat(fixture.text);
    const ours = await underEngine(bytes, fixture);
    assert.deepEqual(ours, await underJco(bytes, fixture));
    assert(ours.length > 0);
  });
}
