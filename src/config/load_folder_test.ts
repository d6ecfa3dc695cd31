/** What the golden folders of test/config cannot have: files that fail, change, or are anything at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Content, memoryFiles } from "../../test/support/memory_files.ts";
import { diagnosticsText } from "../base/diagnostics_text.ts";
import { parsePathPattern } from "../router/path_pattern.ts";
import { parseHostPattern } from "../router/host_pattern.ts";
import { ROUTE_FILE, WORKLOAD_FILE } from "./definition.ts";
import { ConfigDocument } from "./document.ts";
import { checkDocument, pathText } from "./faults.ts";
import { isBelow, joinPath } from "./file_reader.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import { loadFolder } from "./load_folder.ts";

const ROUTE = '{ "match": { "path": "/" }, "component": "x.wasm" }';

const FAILING:
  readonly (readonly [name: string, files: Readonly<Record<string, Content>>, messages: readonly RegExp[]])[] = [
    ["a folder that is not there", {}, [/^Cannot read the folder "w": it is not there/]],
    ["a folder that may not be read", { "w/": { code: "EACCES" } }, [/^Cannot read the folder "w": this user may not/]],
    ["a file instead of a folder", { "w/": { code: "ENOTDIR" } }, [/it is no folder/]],
    [
      "a sub-folder that may not be read, and the others all the same",
      { "w/a/x": "", "w/a/": { code: "EACCES" }, "w/b/r.route.jsonc": "{" },
      [/folder "w\/a": this user may not/, /ends within an object/],
    ],
    ["a file that may not be read", { "w/a/r.route.jsonc": { code: "EACCES" } }, [/file: this user may not read it/]],
    ["a file that went away", { "w/a/r.route.jsonc": { code: "ENOENT" } }, [/file: it is not there/]],
    ["links in a circle", { "w/a/workload.jsonc": { code: "ELOOP" } }, [/links lead in a circle/]],
    ["an error without a known code", { "w/a/workload.jsonc": { code: "EIO" } }, [/Cannot read the file: no/]],
    [
      "a component that may not be read",
      { "w/a/r.route.jsonc": ROUTE, "w/a/x.wasm": { unreadable: true } },
      [/this user may not read "w\/a\/x\.wasm"/],
    ],
  ];

for (const [name, files, messages] of FAILING) {
  test(`loadFolder: ${name}`, async () => {
    const { workloads, diagnostics } = await loadFolder("w", memoryFiles(files));
    assert.deepEqual(workloads, []);
    assert.equal(diagnostics.length, messages.length, diagnosticsText(diagnostics));
    for (const [index, message] of messages.entries()) assert.match(diagnostics[index]?.message ?? "", message);
  });
}

test("loadFolder: sound workloads are given beside faulty ones", async () => {
  const files = memoryFiles({ "w/a/r.route.jsonc": ROUTE, "w/a/x.wasm": "", "w/b/workload.jsonc": "{" });
  const { workloads, diagnostics } = await loadFolder("w", files);
  assert.deepEqual(workloads.map((workload) => workload.name), ["a"]);
  assert.deepEqual(diagnostics.map((diagnostic) => diagnostic.file), ["w/b/workload.jsonc"]);
});

test("loadFolder: the folder in every spelling", async () => {
  const contents = { "w/a/r.route.jsonc": "{", "./a/r.route.jsonc": "{", "a/r.route.jsonc": "{" };
  const fileOf = async (folder: string) => (await loadFolder(folder, memoryFiles(contents))).diagnostics[0]?.file;
  assert.equal(await fileOf("w"), "w/a/r.route.jsonc");
  assert.equal(await fileOf("."), "a/r.route.jsonc");
  assert.equal(joinPath("w/", "a"), "w/a");
  assert.equal(joinPath("/", "a"), "/a");
});

test("isBelow: folders whose names start alike, and the folder itself", () => {
  assert.equal(isBelow("/w/a/x", "/w/a"), true);
  assert.equal(isBelow("/w/ab/x", "/w/a"), false);
  assert.equal(isBelow("/w/a", "/w/a"), false);
  assert.equal(isBelow("/w/a/", "/w/a"), false);
  assert.equal(isBelow("/x", "/"), true);
  assert.equal(isBelow("C:\\w\\a\\x", "C:\\w\\a"), true);
});

test("pathText: keys that are no words are quoted", () => {
  assert.equal(pathText(["match", "methods", 1]), "match.methods[1]");
  assert.equal(pathText(["env", "A B", "$x"]), 'env["A B"].$x');
});

/** Text that is nearly a file of ours: whole ones with pieces put in, left out, and doubled. */
const SECRET = "s3cret";
const WHOLE = [
  ROUTE,
  '{ "service": { "component": "x.wasm", "ready": { "tcp": 1 }, "args": ["s3cret"] }, "env": { "A": "s3cret" }, "net": [] }',
  '{\n  // note\n  "env": {\n    "KEY": "s3cret", "B": "s3cret"\n  },\n  "net": []\n}',
  '{ "limits": { "memory": "1MiB", "queue": 5 }, "instance": { "reuse": 1 }, "env": { "KEY": "s3cret" }, "x": "s3cret" }',
  '// { "env": { "A": "s3cret" } }\n/* "s3cret" */ { "net": [] }',
];
// No comments among them: one that swallows a key hands the next value to the key before it.
const PIECES = ["{", "}", "[", "]", ",", ":", '"', "'", "\\", "\n", "\r", "1e9", "", "é"];
const piece = fc.constantFrom(...PIECES);
const mangled = fc.tuple(
  fc.constantFrom(...WHOLE),
  fc.array(fc.tuple(fc.nat(140), fc.nat(6), piece), { maxLength: 4 }),
).map(([text, edits]) =>
  edits.reduce((each, [at, cut, put]) => {
    const end = at + cut;
    // A secret may be broken off from its quotes, but not into unsuspicious halves.
    return each.slice(at, end).includes("s") ? each : each.slice(0, at) + put + each.slice(end);
  }, text)
);

test("checkDocument: any text ends in a value or in faults at real places, and no secret is shown", () => {
  fc.assert(
    fc.property(
      mangled,
      fc.constantFrom<typeof ROUTE_FILE | typeof WORKLOAD_FILE>(ROUTE_FILE, WORKLOAD_FILE),
      (text, schema) => {
        const { value, diagnostics } = checkDocument<unknown>(new ConfigDocument("f", text), schema);
        assert.equal(value === undefined, diagnostics.length > 0);
        const lines = text.split(/\r\n?|\n/);
        for (const { line, column } of diagnostics) {
          assert.ok(line >= 1 && line <= lines.length, `line ${line}`);
          assert.ok(column >= 1 && column <= (lines[line - 1] ?? "").length + 1, `column ${column}`);
        }
        // With "{" or "," before it and ":" after it, it is a key, and keys are named.
        if (/[{,[][^:]*s3cret[^,]*:/.test(text)) return;
        // Directly after the name of a public key, it is that key's value.
        if (/"(?:component|ready|tcp|net)"[\s:]*"?[^"]*s3cret/.test(text)) return;
        if (diagnostics.length > 0) assert.ok(!diagnosticsText(diagnostics).includes(SECRET));
      },
    ),
    { numRuns: 2000 },
  );
});

test("checkDocument: text of any characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const { value, diagnostics } = checkDocument<unknown>(new ConfigDocument("f", text), ROUTE_FILE);
      assert.ok(value === undefined && diagnostics.length > 0);
      diagnosticsText(diagnostics);
    }),
    { numRuns: 500 },
  );
});

function patternOf(key: "host" | "path"): RegExp {
  const schema = jsonSchemaOf(ROUTE_FILE, "") as {
    properties: { match: { properties: Record<string, { pattern: string }> } };
  };
  return new RegExp(schema.properties.match.properties[key]?.pattern ?? "", "u");
}

test("JSON schema: its pattern of a path is the router's, names that are there twice aside", () => {
  const pattern = patternOf("path");
  const part = fc.constantFrom(
    "/",
    ":",
    "*",
    "a",
    "b1",
    ".",
    "..",
    "%2e",
    "%2E",
    "%zz",
    "?",
    "#",
    "{a}",
    " ",
    "é",
    "-",
    ":a",
    ":_b",
    "\n",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")), (text) => {
      const read = parsePathPattern(text);
      const isTwice = read.kind === "fault" && read.is.endsWith("is in it twice");
      assert.equal(pattern.test(text), read.kind === "path" || isTwice, JSON.stringify(text));
    }),
    { numRuns: 4000 },
  );
});

test("JSON schema: its pattern of a host takes all that the router takes", () => {
  const pattern = patternOf("host");
  const part = fc.constantFrom("*", "*.", ".", "a", "b-c", "A", ":", "80", "[", "]", "::1", "[::1]", "é", "_", " ");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }).map((parts) => parts.join("")), (text) => {
      const read = parseHostPattern(text);
      if (read.kind !== "fault") assert.ok(pattern.test(text), JSON.stringify(text));
      else if (pattern.test(text)) assert.match(read.is, /IPv6|address/, JSON.stringify(text));
    }),
    { numRuns: 4000 },
  );
});
