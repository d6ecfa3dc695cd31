import assert from "node:assert/strict";
import { test } from "node:test";
import { compileEverything } from "../../test/support/everything.ts";
import { component } from "../../test/engine/wat.ts";
import { importTypeFault } from "./import_types.ts";
import { createHostImports, OFFERED_INTERFACES } from "./imports.ts";
import { WIT_SIGNATURES } from "./wit_signatures.ts";
import { fakeContext } from "../../test/support/host_context.ts";

for (const version of ["0.2.0", "0.2.12"]) {
  test(`importTypeFault finds nothing wrong with the whole of WASI ${version}`, async () => {
    assert.equal(importTypeFault((await compileEverything(version)).imports), undefined);
  });
}

test("WIT_SIGNATURES has every interface that is offered, and no other", () => {
  assert.deepEqual(Object.keys(WIT_SIGNATURES).toSorted(), OFFERED_INTERFACES);
});

const POLLABLE = `(import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
  (alias export $poll "pollable" (type $pollable))`;

/** What the host's classes would have taken. */
const REFUSED: readonly (readonly [name: string, text: string, fault: RegExp])[] = [
  [
    "a length that is a float",
    `(import "wasi:random/random@0.2.0" (instance (export "get-random-bytes" (func (param "len" f64) (result (list u8))))))`,
    /"wasi:random\/random@0\.2\.0#get-random-bytes" as \(f64\) -> list<u8>, expected \(u64\) -> list<u8>$/,
  ],
  [
    "a field value of 16-bit units",
    `(import "wasi:http/types@0.2.0" (instance (export "fields" (type $f (sub resource)))
      (type $e (variant (case "invalid-syntax") (case "forbidden") (case "immutable"))) (export "header-error" (type $h (eq $e)))
      (export "[method]fields.append" (func (param "self" (borrow $f)) (param "name" string) (param "value" (list u16))
        (result (result (error $h)))))))`,
    /fields\.append" as .*list<u16>.*expected .*list<u8>/,
  ],
  [
    "an address of strings",
    `(import "wasi:sockets/network@0.2.0" (instance $n (export "network" (type (sub resource)))))
      (alias export $n "network" (type $network))
      (import "wasi:sockets/tcp@0.2.0" (instance (alias outer 1 $network (type $n0)) (export "network" (type $n (eq $n0)))
        (export "tcp-socket" (type $s (sub resource)))
        (export "[method]tcp-socket.start-connect" (func (param "self" (borrow $s)) (param "network" (borrow $n))
          (param "remote-address" (tuple string u16))))))`,
    /start-connect" as .*tuple<string, u16>/,
  ],
  [
    "another resource than the declared one",
    `${POLLABLE} (import "wasi:io/streams@0.2.0" (instance (alias outer 1 $pollable (type $p0)) (export "pollable" (type $p (eq $p0)))
      (export "output-stream" (type $o (sub resource)))
      (export "[method]output-stream.splice" (func (param "self" (borrow $o)) (param "src" (borrow $p)) (param "len" u64) (result u64)))))`,
    /splice" as .*borrow<wasi:io\/poll#pollable>/,
  ],
  [
    "a method of a host class that is none of the interface",
    `(import "wasi:http/types@0.2.0" (instance (export "fields" (type $f (sub resource)))
      (export "[method]fields.take" (func (param "self" (borrow $f)))))) `,
    /"wasi:http\/types@0\.2\.0#\[method\]fields\.take", which WASI 0\.2 does not have/,
  ],
  [
    "a constructor that is none of the interface",
    `(import "wasi:io/poll@0.2.0" (instance (export "pollable" (type $p (sub resource)))
      (export "[constructor]pollable" (func (param "waitable" string) (result (own $p))))))`,
    /\[constructor\]pollable", which WASI 0\.2 does not have/,
  ],
];

for (const [name, text, fault] of REFUSED) {
  test(`importTypeFault: ${name}`, async () => {
    const compiled = await component(text);
    compiled.checkImports(createHostImports(fakeContext()));
    assert.match(importTypeFault(compiled.imports) ?? "nothing", fault);
  });
}

test("importTypeFault lists a few faults and counts the others", async () => {
  const functions = Array.from({ length: 9 }, (_, at) => `(export "now${at === 0 ? "" : `-x${at}`}" (func))`);
  const { imports } = await component(`(import "wasi:clocks/monotonic-clock@0.2.0" (instance ${functions.join(" ")}))`);
  assert.match(importTypeFault(imports) ?? "", /#now" as \(\), expected \(\) -> u64; .*; and 6 more like that$/);
});

test("importTypeFault leaves interfaces alone that are none of WASI", async () => {
  const { imports } = await component(`(import "test:own/constructor" (instance (export "f" (func (param "x" f64)))))`);
  assert.equal(importTypeFault(imports), undefined);
});
