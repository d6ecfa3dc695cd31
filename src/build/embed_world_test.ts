import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { embedWorld } from "./embed_world.ts";
import { leb } from "./wasm_reader.ts";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

const section = (id: number, bytes: readonly number[]): readonly number[] => [id, ...leb(bytes.length), ...bytes];
const name = (text: string): readonly number[] => [...leb(text.length), ...Buffer.from(text)];

/** A core module that imports functions without parameters, and has a custom section. */
function moduleOf(
  imports: readonly (readonly [module: string, field: string])[],
  custom: string,
): Uint8Array<ArrayBuffer> {
  const parts = imports.flatMap(([from, field]) => [...name(from), ...name(field), 0, 0]);
  return Uint8Array.from([
    ...HEADER,
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(2, [imports.length, ...parts]),
    ...section(0, [...name(custom), 1, 2, 3]),
  ]);
}

const STREAMS = "[method]input-stream.subscribe";
const ROWS: readonly {
  readonly name: string;
  readonly module: Uint8Array<ArrayBuffer>;
  readonly isChanged: boolean;
}[] = [
  { name: "names of WASI 0.2", module: moduleOf([["wasi:io/streams@0.2.3", STREAMS]], "producers"), isChanged: true },
  {
    name: "names of WASI 0.1",
    module: moduleOf([["wasi_snapshot_preview1", "fd_write"]], "producers"),
    isChanged: false,
  },
  {
    name: "a world of another tool",
    module: moduleOf([["wasi:io/streams@0.2.3", STREAMS]], "component-type:wit-bindgen:0.63.0"),
    isChanged: false,
  },
];

for (const { name: row, module, isChanged } of ROWS) {
  test(`embedWorld, ${row}: ${isChanged ? "it gets a world" : "it stays as it is"}`, async () => {
    const embedded = Buffer.from(await embedWorld(module));
    assert.equal(!embedded.equals(module), isChanged);
    assert.ok(!isChanged || embedded.includes("component-type"));
  });
}

test("embedWorld, names of two versions: it is told", () =>
  assert.rejects(
    embedWorld(moduleOf([["wasi:io/streams@0.2.3", STREAMS], ["wasi:clocks/monotonic-clock@0.2.10", "now"]], "x")),
    { message: "Cannot tell its world: it names 0.2.3 and 0.2.10 of WASI, expected one version" },
  ));
