import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { WASI_VERSION, wasiPackages } from "./wit.ts";

test("wasiPackages: the text is the one that jco has, under the version that is asked for", async () => {
  const jco = dirname(createRequire(import.meta.url).resolve("@bytecodealliance/jco"));
  for (const [name, text] of await wasiPackages()) {
    const theirs = join(jco, "../lib/wit/builtin", WASI_VERSION, `wasi-${name}/package.wit`);
    assert.equal(text, await readFile(theirs, "utf8"), name);
  }
  const packages = await wasiPackages((name) => name === "sockets" ? "0.9.10" : "0.2.10");
  assert.match(packages.get("io") ?? "", /^package wasi:io@0\.2\.10;/m);
  assert.match(packages.get("sockets") ?? "", /^package wasi:sockets@0\.9\.10;\n[^]*use wasi:io\/poll@0\.2\.10/);
});
