/** What linking leaves of valid components: order, references, identities. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { componentEmbed, componentNew, parse as wat, preview1AdapterCommandPath } from "@bytecodealliance/jco";
import { planComponent } from "./link.ts";
import type { ComponentExport, FuncRef, LinkPlan, ResourceType } from "./types.ts";

async function plan(text: string): Promise<LinkPlan> {
  return planComponent(await wat(text));
}

function instanceExport(
  exports: ReadonlyMap<string, ComponentExport>,
  name: string,
): ReadonlyMap<string, ComponentExport> {
  const item = exports.get(name);
  assert.ok(item?.kind === "instance", name);
  return item.exports;
}

function funcExport(exports: ReadonlyMap<string, ComponentExport>, name: string): FuncRef {
  const item = exports.get(name);
  assert.ok(item?.kind === "func", name);
  return item.func;
}

function resourceExport(exports: ReadonlyMap<string, ComponentExport>, name: string): ResourceType {
  const item = exports.get(name);
  assert.ok(item?.kind === "type" && item.type !== null && "origin" in item.type, name);
  return item.type;
}

test("linkComponent of an empty component", async () => {
  assert.deepEqual(await plan("(component)"), {
    modules: [],
    coreInstances: [],
    builtins: [],
    imports: [],
    exports: new Map(),
    componentInstances: 1,
    resources: [],
  });
});

test("linkComponent lowers an import and lifts an export with all options", async () => {
  const { modules, coreInstances, builtins, imports, exports } = await plan(`(component
    (import "log" (func $log (param "line" string)))
    (core module $libc
      (memory (export "mem") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
    (core instance $libc (instantiate $libc))
    (core func $log' (canon lower (func $log) string-encoding=utf16 (memory (core memory $libc "mem"))))
    (core module $main
      (import "host" "log" (func (param i32 i32)))
      (func (export "run") (param i32 i32) (result i32) unreachable)
      (func (export "done") (param i32)))
    (core instance $main (instantiate $main (with "host" (instance (export "log" (func $log'))))))
    (func (export "run") (param "s" string) (result string)
      (canon lift (core func $main "run") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))
        (post-return (core func $main "done")))))`);
  assert.equal(modules.length, 2);
  assert.deepEqual(coreInstances.map((item) => item.module), [0, 1]);
  assert.deepEqual(coreInstances[1]?.args.get("host"), {
    kind: "inline",
    items: new Map([["log", { kind: "builtin", builtin: 0 }]]),
  });
  const [lowered] = builtins;
  assert.ok(lowered?.kind === "lower" && lowered.func.kind === "import");
  assert.deepEqual([lowered.func.interfaceName, lowered.func.name], [null, "log"]);
  assert.deepEqual(lowered.options, {
    encoding: "utf16",
    memory: { kind: "export", coreInstance: 0, name: "mem" },
    realloc: null,
    postReturn: null,
  });
  assert.deepEqual(imports.map((item) => [item.kind, item.name]), [["func", "log"]]);
  const run = funcExport(exports, "run");
  assert.ok(run.kind === "lift");
  assert.deepEqual(run.core, { kind: "export", coreInstance: 1, name: "run" });
  assert.deepEqual(run.options.realloc, { kind: "export", coreInstance: 0, name: "realloc" });
  assert.deepEqual(run.options.postReturn, { kind: "export", coreInstance: 1, name: "done" });
  assert.deepEqual(run.type, { params: [{ name: "s", type: { kind: "string" } }], result: { kind: "string" } });
});

test("linkComponent keeps the identity of imported resources over interfaces", async () => {
  const { imports, resources, builtins } = await plan(`(component
    (import "wasi:io/poll@0.2.9" (instance $poll
      (export "pollable" (type $p (sub resource)))
      (export "[method]pollable.ready" (func (param "self" (borrow $p)) (result bool)))))
    (alias export $poll "pollable" (type $pollable))
    (import "wasi:io/streams@0.2.9" (instance $streams
      (export "pollable" (type $p (eq $pollable)))
      (export "input-stream" (type $s (sub resource)))
      (export "[method]input-stream.subscribe" (func (param "self" (borrow $s)) (result (own $p))))))
    (alias export $streams "pollable" (type $again))
    (core func (canon resource.drop $again)))`);
  assert.deepEqual(resources.map((item) => [item.id, item.name]), [[1, "pollable"], [2, "input-stream"]]);
  const [poll, streams] = imports;
  assert.ok(poll?.kind === "instance" && streams?.kind === "instance");
  assert.deepEqual(poll.resources, [resources[0]]);
  assert.deepEqual(streams.resources, [resources[1]], "the pollable is no resource of the second interface");
  assert.deepEqual(poll.functions.map((item) => item.name), ["[method]pollable.ready"]);
  const result = streams.functions[0]?.type.result;
  assert.ok(result?.kind === "own");
  assert.equal(result.resource, resources[0]);
  const [drop] = builtins;
  assert.ok(drop?.kind === "resource.drop");
  assert.equal(drop.resource, resources[0]);
});

const GUEST_RESOURCE = `(component $c
  (core module $m (func (export "drop") (param i32)) (func (export "new") (result i32) unreachable))
  (core instance $i (instantiate $m))
  (type $r (resource (rep i32) (dtor (core func $i "drop"))))
  (core func (canon resource.new $r))
  (export $out "thing" (type $r))
  (func (export "[constructor]thing") (result (own $out)) (canon lift (core func $i "new"))))`;

test("linkComponent makes a resource of its own for every instance of a component", async () => {
  const { exports, resources, componentInstances, modules, coreInstances } = await plan(`(component
    ${GUEST_RESOURCE}
    (instance $one (instantiate $c))
    (instance $two (instantiate $c))
    (export "one" (instance $one))
    (export "two" (instance $two)))`);
  assert.equal(componentInstances, 3);
  assert.equal(modules.length, 1, "one module, however often it is instantiated");
  assert.deepEqual(coreInstances.map((item) => [item.module, item.componentInstance]), [[0, 1], [0, 2]]);
  const one = resourceExport(instanceExport(exports, "one"), "thing");
  const two = resourceExport(instanceExport(exports, "two"), "thing");
  assert.notEqual(one, two);
  assert.deepEqual([one, two], [...resources]);
  assert.equal(one.name, "thing");
  assert.deepEqual(one.origin, {
    kind: "guest",
    componentInstance: 1,
    destructor: { kind: "export", coreInstance: 0, name: "drop" },
  });
  const made = funcExport(instanceExport(exports, "one"), "[constructor]thing").type.result;
  assert.ok(made?.kind === "own");
  assert.equal(made.resource, one);
});

test("linkComponent keeps the identity of a resource that goes through an instance and back", async () => {
  const { exports, resources } = await plan(`(component
    (component $c
      (type $r (resource (rep i32)))
      (export "thing" (type $r)))
    (instance $one (instantiate $c))
    (component $shim
      (import "import-type-thing" (type $t (sub resource)))
      (export "other-name" (type $t)))
    (instance $two (instantiate $shim (with "import-type-thing" (type $one "thing"))))
    (export "a:b/c" (instance $two)))`);
  assert.equal(resources.length, 1);
  assert.equal(resourceExport(instanceExport(exports, "a:b/c"), "other-name"), resources[0]);
  assert.equal(resources[0]?.name, "thing", "its name is the one of its first export");
});

test("linkComponent passes functions, modules, components and instances to nested components", async () => {
  const { exports, coreInstances, modules, componentInstances, imports } = await plan(`(component
    (import "host" (func $host (result u32)))
    (core module $m (func (export "f") (result i32) i32.const 1))
    (component $leaf
      (import "m" (core module $m (export "f" (func (result i32)))))
      (core instance $i (instantiate $m))
      (func (export "f") (result u32) (canon lift (core func $i "f"))))
    (component $middle
      (import "make" (component $make
        (import "m" (core module (export "f" (func (result i32)))))
        (export "f" (func (result u32)))))
      (import "m" (core module $m (export "f" (func (result i32)))))
      (import "host" (func $host (result u32)))
      (import "i" (instance $i (export "g" (func (result u32)))))
      (instance $made (instantiate $make (with "m" (core module $m))))
      (export "f" (func $made "f"))
      (export "host" (func $host))
      (export "g" (func $i "g")))
    (instance $inline (export "g" (func $host)) (export "unused" (func $host)))
    (instance $x (instantiate $middle
      (with "make" (component $leaf)) (with "m" (core module $m)) (with "host" (func $host))
      (with "i" (instance $inline)) (with "not-wanted" (func $host))))
    (export "x" (instance $x)))`);
  assert.equal(imports.length, 1);
  assert.equal(modules.length, 1);
  assert.equal(componentInstances, 3);
  assert.equal(coreInstances[0]?.componentInstance, 2);
  const x = instanceExport(exports, "x");
  assert.deepEqual([...x.keys()], ["f", "host", "g"]);
  assert.equal(funcExport(x, "f").kind, "lift");
  assert.equal(funcExport(x, "host"), funcExport(x, "g"));
});

test("linkComponent resolves outer aliases of any depth to types, modules and components", async () => {
  const { exports, coreInstances } = await plan(`(component $root
    (type $t (record (field "a" u8)))
    (core module $m (func (export "f") (result i32) i32.const 0))
    (component $leaf
      (alias outer $root $m (core module $om))
      (core instance $i (instantiate $om))
      (func (export "f") (result u8) (canon lift (core func $i "f"))))
    (component $one
      (component $two
        (alias outer $root $t (type $ot))
        (export "t" (type $ot))
        (alias outer $root $leaf (component $oc))
        (instance $l (instantiate $oc))
        (export "f" (func $l "f")))
      (instance $two (instantiate $two))
      (export "two" (instance $two)))
    (instance $one (instantiate $one))
    (export "one" (instance $one)))`);
  assert.equal(coreInstances.length, 1);
  const two = instanceExport(instanceExport(exports, "one"), "two");
  const t = two.get("t");
  assert.ok(t?.kind === "type");
  assert.deepEqual(t.type, { kind: "record", fields: [{ name: "a", type: { kind: "u8" } }] });
  assert.equal(funcExport(two, "f").kind, "lift");
});

test("linkComponent hands over an instance only as far as its declared type goes", async () => {
  const { exports } = await plan(`(component
    (import "f" (func $f))
    (instance $both (export "a" (func $f)) (export "b" (func $f)))
    (component $c
      (import "i" (instance $i (export "a" (func))))
      (export "out" (instance $i)))
    (instance $c (instantiate $c (with "i" (instance $both))))
    (export "out" (instance $c "out")))`);
  assert.deepEqual([...instanceExport(exports, "out").keys()], ["a"]);
});

test("linkComponent takes an ascribed type for an export", async () => {
  const { exports } = await plan(`(component
    (import "f" (func $f))
    (instance $both (export "a" (func $f)) (export "b" (func $f)))
    (export "i" (instance $both) (instance (export "a" (func)))))`);
  assert.deepEqual([...instanceExport(exports, "i").keys()], ["a"]);
});

test("linkComponent follows tables, globals, memories and tags through inline core instances", async () => {
  const { coreInstances } = await plan(`(component
    (core module $m
      (table (export "t") 1 2 funcref) (global (export "g") (mut i32) (i32.const 0))
      (memory (export "m") 1 2) (tag (export "e") (param i32)))
    (core instance $i (instantiate $m))
    (alias core export $i "t" (core table $t))
    (core instance $all
      (export "table" (table $t)) (export "global" (global $i "g"))
      (export "memory" (memory $i "m")) (export "tag" (tag $i "e")))
    (core module $n
      (import "x" "table" (table 1 5 funcref)) (import "x" "global" (global (mut i32)))
      (import "x" "memory" (memory 1)) (import "x" "tag" (tag (param i32))))
    (core instance (instantiate $n (with "x" (instance $all)))))`);
  const x = coreInstances[1]?.args.get("x");
  assert.ok(x?.kind === "inline");
  assert.deepEqual(x.items.get("table"), { kind: "export", coreInstance: 0, name: "t" });
  assert.deepEqual([...x.items.keys()], ["table", "global", "memory", "tag"]);
});

test("linkComponent of what wit-component makes of a core module and the preview1 adapter", async () => {
  const core = await wat(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
    (import "test:a/b" "[resource-drop]r" (func (param i32)))
    (import "test:a/b" "[static]r.open" (func (param i32 i32 i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "_start") (drop (call $w (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))))`);
  const witSource = `package test:a;
    interface b { resource r { open: static func(name: string) -> result<list<r>, string>; } }
    world w { import b; }`;
  const adapter = new Uint8Array(await readFile(preview1AdapterCommandPath()));
  const embedded = await componentEmbed({ binary: core, witSource, world: "w" });
  const { modules, coreInstances, imports, exports, builtins } = planComponent(
    await componentNew(embedded, [["wasi_snapshot_preview1", adapter]]),
  );
  assert.equal(modules.length, 4, "the module, the adapter, shim and fixup");
  assert.equal(coreInstances.length, 4);
  assert.ok(imports.some((item) => item.kind === "instance" && item.name === "test:a/b"));
  assert.ok(imports.some((item) => item.kind === "instance" && item.name.startsWith("wasi:io/streams@0.2.")));
  assert.ok([...exports.keys()].some((name) => name.startsWith("wasi:cli/run@0.2.")));
  assert.ok(builtins.some((item) => item.kind === "resource.drop" && item.resource.name === "r"));
});

test("linkComponent calls resources by their first names and numbers them from 1", async () => {
  const { resources } = await plan(`(component
    (import "a" (type (sub resource)))
    (import "i:j/k" (instance (export "b" (type (sub resource)))))
    (type $r (resource (rep i32)))
    (type $s (resource (rep i32)))
    (export "c" (type $r)))`);
  assert.deepEqual(resources.map((item) => [item.id, item.name, item.origin.kind]), [
    [1, "a", "host"],
    [2, "b", "host"],
    [3, "c", "guest"],
    [4, "", "guest"],
  ]);
});
