import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileReader } from "../config/file_reader.ts";
import { FakeProcess, systemError } from "../../test/support/fake_process.ts";
import { wat } from "../../test/engine/wat.ts";
import { runCli } from "./cli.ts";

const TEXT = `
  (import "wasi:cli/environment@0.2.0" (instance (export "get-arguments" (func (result (list string))))))
  (import "a:b/other" (instance (export "f" (func))))`;

async function run(
  words: string,
  writeFile: (path: string, bytes: Uint8Array) => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly exitCode: number; readonly fake: FakeProcess; readonly written: readonly string[] }> {
  const bytes = await wat(TEXT);
  const files: FileReader = {
    list: () => Promise.reject(systemError("ENOENT")),
    read: (file) => (file === "a.wasm" ? Promise.resolve(bytes) : Promise.reject(systemError("ENOENT"))),
    variable: () => undefined,
    inspect: () => Promise.resolve(undefined),
  };
  const fake = new FakeProcess();
  const written: string[] = [];
  const exitCode = await runCli(fake.tools(words.split(" "), {
    files,
    writeFile: async (path, made) => {
      await writeFile(path, made);
      written.push(path);
      assert.ok(made.length > bytes.length);
    },
  }));
  return { exitCode, fake, written };
}

test("virtualize: writes the component, and says what is met and what is left", async () => {
  const { exitCode, fake, written } = await run("virtualize a.wasm --deny environment,http -o b.wasm");
  assert.equal(exitCode, 0, fake.err);
  assert.deepEqual(written, ["b.wasm"]);
  assert.match(
    fake.out,
    /^Wrote b\.wasm \(.*\)\n\nmet inside it:\n {2}wasi:cli\/environment@0\.2\.0\n\nleft to its host:\n {2}a:b\/other\n$/,
  );
  assert.equal(fake.err, 'a.wasm imports nothing of "http": there is nothing to deny\n');
});

const REFUSED: readonly (readonly [words: string, message: RegExp])[] = [
  ["virtualize none.wasm --deny http -o b.wasm", /Cannot virtualize "none\.wasm": it is not there/],
  ["virtualize a.wasm --deny http -o b.wasm", /the component imports nothing of it/],
  ["virtualize a.wasm --deny htp -o b.wasm", /did you mean "http"/],
];

for (const [words, message] of REFUSED) {
  test(`virtualize: refuses ${words}, and writes nothing`, async () => {
    const { exitCode, fake, written } = await run(words);
    assert.equal(exitCode, 2);
    assert.match(fake.err, message);
    assert.deepEqual([written, fake.out], [[], ""]);
  });
}

test("virtualize: a place that cannot be written to is named", async () => {
  const { exitCode, fake } = await run(
    "virtualize a.wasm --deny environment -o no/b.wasm",
    () => Promise.reject(systemError("ENOENT")),
  );
  assert.equal(exitCode, 2);
  assert.match(fake.err, /Cannot write "no\/b\.wasm": it is not there, expected a file in a folder that is there/);
});
