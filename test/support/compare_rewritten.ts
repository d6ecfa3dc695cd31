/** Runs a core module as it is and rewritten: the same results, traps and memory; and no write goes unmarked. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  WRITTEN_MAP_BYTES,
  WRITTEN_PAGE_BYTES,
  WRITTEN_SPILL_BYTES,
} from "../../src/component/instrument/instrumented_module.ts";
import { exported, instantiateRewritten, type Instrumented, outcomeOf, scriptedHost } from "./instrumented.ts";

type Arguments = readonly (number | bigint)[];

/** Runs `name` with each of the arguments, one after the other, in the module as it is and rewritten. */
export function compareRewritten(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  calls: readonly Arguments[],
): Instrumented {
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  let last: Instrumented | undefined;
  for (const tracksWrites of [false, true]) {
    const rewritten = instantiateRewritten(bytes, {
      tracksWrites,
      host: scriptedHost({ ticksMax: 1e6, yieldEvery: 3 }),
    });
    const reference = tracksWrites ? new WebAssembly.Instance(new WebAssembly.Module(bytes)) : plain;
    for (const args of calls) {
      const before = imageOf(reference);
      const expected = outcomeOf(() => exported(reference, name)(...args));
      const actual = outcomeOf(() => exported(rewritten.instance, name)(...args));
      assert.equal(actual, expected, `${name}(${args.join()})`);
      expectSameMemories(reference, rewritten.instance, `${name}(${args.join()})`);
      if (tracksWrites) expectMarked(rewritten, before, `${name}(${args.join()})`);
    }
    last = rewritten;
  }
  if (last === undefined) throw new Error("nothing ran");
  return last;
}

function memoriesOf(instance: WebAssembly.Instance): [string, Uint8Array][] {
  return Object.entries(instance.exports).flatMap(([name, item]) =>
    item instanceof WebAssembly.Memory && !name.includes(":") ? [[name, new Uint8Array(item.buffer)]] : []
  );
}

function imageOf(instance: WebAssembly.Instance): Map<string, Uint8Array> {
  return new Map(memoriesOf(instance).map(([name, bytes]) => [name, bytes.slice()]));
}

function expectSameMemories(one: WebAssembly.Instance, other: WebAssembly.Instance, call: string): void {
  const actual = new Map(memoriesOf(other));
  for (const [name, bytes] of memoriesOf(one)) {
    assert.equal(Buffer.compare(bytes, actual.get(name) ?? new Uint8Array()), 0, `${call}: memory ${name}`);
  }
}

/** Every byte that is not as before lies in a page that is marked, or at the begin of the next one. */
function expectMarked(rewritten: Instrumented, before: ReadonlyMap<string, Uint8Array>, call: string): void {
  memoriesOf(rewritten.instance).forEach(([name, bytes], index) => {
    const map = rewritten.added(`written:${index}`);
    const marks = map instanceof WebAssembly.Memory ? new Uint8Array(map.buffer) : new Uint8Array(65_536);
    // What is new was all zeros.
    const old = new Uint8Array(bytes.length);
    old.set(before.get(name) ?? []);
    for (let page = 0; page * WRITTEN_PAGE_BYTES < bytes.length; page += 1) {
      if (marks[page] === 1) continue;
      const previous = page > 0 ? page - 1 : WRITTEN_MAP_BYTES - 1;
      const start = page * WRITTEN_PAGE_BYTES + (marks[previous] === 1 ? WRITTEN_SPILL_BYTES : 0);
      const end = (page + 1) * WRITTEN_PAGE_BYTES;
      const isSame = Buffer.compare(bytes.subarray(start, end), old.subarray(start, end)) === 0;
      assert.ok(isSame, `${call}: page ${page} of ${name} was written and is not marked`);
    }
  });
}
