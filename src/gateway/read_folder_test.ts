/** Which faults a start leaves a workload out for, and which it stops at. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { componentBytes, memoryFiles } from "../../test/support/gateway_harness.ts";
import { ComponentCache } from "../component/cache.ts";
import { LoopgateError } from "../base/errors.ts";
import type { FileReader } from "../config/file_reader.ts";
import { NO_GATEWAY_FILE } from "../config/gateway_file.ts";
import { SUSPENDING } from "../host/suspending.ts";
import type { StartWith } from "../workload/spec.ts";
import { readWorkload } from "./folder_reading.ts";
import { readFolder } from "./read_folder.ts";

const probe = await componentBytes("probe");
const cache = new ComponentCache({ suspending: SUSPENDING });

const SITE = { "site/all.route.jsonc": routeOf("/site/*"), "site/probe.wasm": probe };
const SHOP = { "shop/pay.route.jsonc": routeOf("/shop"), "shop/probe.wasm": probe };

function routeOf(path: string, more = {}): Readonly<Record<string, unknown>> {
  return { match: { path }, component: "probe.wasm", ...more };
}

function filesOf(changes: Readonly<Record<string, unknown>>): FileReader {
  const content = Object.entries({ ...SITE, ...SHOP, ...changes }).filter(([, value]) => value !== undefined);
  const files = memoryFiles(Object.fromEntries(content));
  return {
    ...files,
    list: (folder) => changes[folder] === null ? Promise.reject(new Error("no")) : files.list(folder),
  };
}

async function start(changes: Readonly<Record<string, unknown>>, startWith: StartWith) {
  return await readFolder({ folder: "w", files: filesOf(changes), cache, startWith: (said) => said ?? startWith });
}

/** Faults of the shop alone: what is known of its routes then. */
const LEFT_OUT: readonly (readonly [
  name: string,
  changes: Readonly<Record<string, unknown>>,
  code: string,
  claims: readonly string[],
  isPartial: boolean,
])[] = [
  [
    "syntax after the match",
    {
      "shop/pay.route.jsonc": '{ "match": { "path": "/shop" }, component: "probe.wasm" }',
    },
    "LG1004",
    ["* /shop"],
    false,
  ],
  ["syntax within the match", { "shop/pay.route.jsonc": '{ "match": { "path": "/shop" ' }, "LG1004", [], true],
  ["an empty file", { "shop/pay.route.jsonc": "" }, "LG1004", [], true],
  ["no text", { "shop/pay.route.jsonc": new Uint8Array([0xff, 0xfe, 0x7b, 0x00]) }, "LG1002", [], true],
  ["a list", { "shop/pay.route.jsonc": [] }, "LG1104", [], true],
  ["no match", { "shop/pay.route.jsonc": { component: "probe.wasm" } }, "LG1102", [], true],
  [
    "two of it",
    {
      "shop/pay.route.jsonc": '{ "match": { "path": "/a" }, "match": { "path": "/b" }, "component": "probe.wasm" }',
    },
    "LG1101",
    [],
    true,
  ],
  [
    "two paths",
    {
      "shop/pay.route.jsonc": '{ "match": { "path": "/a", "path": "/b" }, "component": "probe.wasm" }',
    },
    "LG1101",
    [],
    true,
  ],
  ["a path that is none", { "shop/pay.route.jsonc": routeOf("shop") }, "LG1104", [], true],
  ["a host that is none", { "shop/pay.route.jsonc": { match: { host: "A.test", path: "/" } } }, "LG1104", [], true],
  [
    "methods that are none",
    {
      "shop/pay.route.jsonc": { match: { host: "a.test", path: "/shop", methods: ["get"] }, component: "probe.wasm" },
    },
    "LG1104",
    ["a.test /shop"],
    false,
  ],
  ["an unknown key", { "shop/pay.route.jsonc": routeOf("/shop", { cpu: 1 }) }, "LG1103", ["* /shop"], false],
  ["a limit", { "shop/pay.route.jsonc": routeOf("/shop", { limits: { cpu: "0ms" } }) }, "LG1201", ["* /shop"], false],
  ["a rule", { "shop/pay.route.jsonc": routeOf("/shop", { net: ["nowhere/99"] }) }, "LG3001", ["* /shop"], false],
  [
    "a secret",
    {
      "shop/pay.route.jsonc": routeOf("/shop", { env: { KEY: { secret: "none" } } }),
    },
    "LG1701",
    ["* /shop"],
    false,
  ],
  ["no component", { "shop/probe.wasm": undefined }, "LG1501", ["* /shop"], false],
  ["no WebAssembly", { "shop/probe.wasm": "text" }, "LG2001", ["* /shop"], false],
  ["the workload's file", { "shop/workload.jsonc": { service: 1 } }, "LG1104", ["* /shop"], false],
  ["a misnamed route", { "shop/other-route.json": {} }, "LG1303", ["* /shop"], true],
  [
    "nothing but a misnamed route",
    {
      "shop/pay.route.jsonc": undefined,
      "shop/probe.wasm": undefined,
      "shop/pay-route.jsonc": routeOf("/shop"),
    },
    "LG1303",
    [],
    true,
  ],
  [
    "a name",
    {
      "shop/pay.route.jsonc": undefined,
      "shop/.pay.route.jsonc": routeOf("/shop"),
    },
    "LG1304",
    ["* /shop"],
    false,
  ],
  ["one route twice", { "shop/again.route.jsonc": routeOf("/shop") }, "LG1401", ["* /shop", "* /shop"], false],
  ["a folder that cannot be read", { "w/shop": null }, "LG1001", [], true],
];

for (const [name, changes, code, claims, isPartial] of LEFT_OUT) {
  test(`readFolder: ${name}: the start stops, or leaves the workload out`, async () => {
    await assert.rejects(start(changes, "all"), (error) => {
      assert.ok(error instanceof LoopgateError);
      return error.diagnostics.some((each) => each.code === code);
    });
    const { parts } = await start(changes, "sound");
    assert.notEqual(parts.get("site")?.version, undefined);
    const shop = parts.get("shop");
    assert.equal(shop?.version, undefined);
    assert.ok(shop?.leftOut?.diagnostics.some((each) => each.code === code), JSON.stringify(shop?.leftOut));
    const { routes, isPartial: isPart } = shop?.leftOut?.claims ?? assert.fail();
    assert.deepEqual(routes.map(({ match: { host, path } }) => `${host} ${path}`), claims);
    assert.equal(isPart, isPartial);
    // Later readings of the same files come to the same, so that nothing is told twice.
    const again = await readWorkload("shop", {
      folder: "w",
      files: filesOf(changes),
      cache,
      operator: NO_GATEWAY_FILE,
      others: [],
    });
    assert.equal(again.kind, "faulty");
    assert.equal(again.fingerprint, shop?.fingerprint);
  });
}

/** Faults that are nobody's alone, with what is told of them. */
const STOPS:
  readonly (readonly [name: string, changes: Readonly<Record<string, unknown>>, codes: readonly string[]])[] = [
    ["the operator's file", { "gateway.jsonc": "{", "shop/probe.wasm": "text" }, ["LG1004"]],
    ["a ceiling that is none", { "gateway.jsonc": { net: ["nowhere/99"] } }, ["LG3001"]],
    ["a file that is nearly the operator's", { "gateway.json": {}, "shop/probe.wasm": "text" }, ["LG1303"]],
    ["a route beside the workloads", { "a.route.jsonc": routeOf("/") }, ["LG1302"]],
    ["one route in two workloads", { "shop/pay.route.jsonc": routeOf("/site/*") }, ["LG1401"]],
    ["one route in two workloads, with a fault beside it", {
      "shop/pay.route.jsonc": routeOf("/site/*", { cpu: 1 }),
      "shop/probe.wasm": "text",
    }, ["LG1401"]],
    ["no workload without a fault", { "shop/probe.wasm": "text", "site/probe.wasm": "text" }, ["LG2001", "LG2001"]],
    ["no workload", Object.fromEntries(Object.keys({ ...SITE, ...SHOP }).map((path) => [path, undefined])), ["LG1301"]],
  ];

for (const [name, changes, codes] of STOPS) {
  test(`readFolder: ${name}: the start stops whatever it may leave out`, async () => {
    await assert.rejects(start(changes, "sound"), (error) => {
      assert.ok(error instanceof LoopgateError);
      assert.deepEqual(error.diagnostics.map(({ code }) => code), codes);
      return true;
    });
  });
}

test("readFolder: the operator's file says what a start may leave out", async () => {
  const { parts } = await start({ "gateway.jsonc": { startWith: "sound" }, "shop/probe.wasm": "text" }, "all");
  assert.notEqual(parts.get("shop")?.leftOut, undefined);
  await assert.rejects(start({ "gateway.jsonc": { startWith: "all" }, "shop/probe.wasm": "text" }, "sound"));
});
