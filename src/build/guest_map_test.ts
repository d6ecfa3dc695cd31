import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestMap, mapTextFor } from "./guest_map.ts";
import { GuestStacks } from "./guest_stacks.ts";

/** Line 1: nothing. Line 2: src/a.ts:1:1, then from column 5 on 3:9. Line 3: the gateway's own half, 1:1. */
const MAPPINGS = ";AAAA,IAEQ;ACFR";
const SOURCES = ["/w/src/a.ts", "loopgate:guest/loop.ts"];
const BUNDLED = JSON.stringify({ version: 3, sources: SOURCES, names: [], mappings: MAPPINGS, sourcesContent: ["x"] });
const TEXT = mapTextFor(BUNDLED, "/w/dist", "ab");

test("mapTextFor: sources are named from the folder, those with a scheme as they are; no text of them is kept", () => {
  assert.deepEqual(JSON.parse(TEXT), {
    version: 3,
    sources: ["../src/a.ts", "loopgate:guest/loop.ts"],
    names: [],
    mappings: MAPPINGS,
    x_component_sha256: "ab",
  });
});

const PLACES: readonly (readonly [name: string, line: string, expected: string])[] = [
  ["a frame", "    at f (componentize-qjs:user.js:2:1)", "    at f (/w/src/a.ts:1:1)"],
  ["the mapping before the column", "    at f (componentize-qjs:user.js:2:7)", "    at f (/w/src/a.ts:3:9)"],
  ["the gateway's own half", "at g (componentize-qjs:user.js:3:4)", "at g (loopgate:guest/loop.ts:1:1)"],
  ["several", "componentize-qjs:user.js:2:1 componentize-qjs:user.js:2:5", "/w/src/a.ts:1:1 /w/src/a.ts:3:9"],
  ["a line that the bundler wrote", "at h (componentize-qjs:user.js:1:1)", "at h (componentize-qjs:user.js:1:1)"],
  ["a line that is not there", "componentize-qjs:user.js:0:0", "componentize-qjs:user.js:0:0"],
  ["no number", "componentize-qjs:user.js:99999999999999999999:1", "componentize-qjs:user.js:99999999999999999999:1"],
  ["another file", "at f (componentize-qjs:userXjs:2:1)", "at f (componentize-qjs:userXjs:2:1)"],
  ["no place", "at map (native)", "at map (native)"],
];

for (const [name, line, expected] of PLACES) {
  test(`GuestMap: ${name}`, () => {
    assert.equal(new GuestMap(TEXT, "/w/dist").inText(line), expected);
  });
}

test("GuestMap.of: what is no map changes nothing", () => {
  for (const text of ["", "{", "null", "[]", "1", '{"version":3}', '{"version":3,"sources":[1],"mappings":"AAAA"}']) {
    const place = "componentize-qjs:user.js:1:1";
    assert.equal(GuestMap.of("/w/dist/a.wasm", text)?.inText(place) ?? place, place, text);
  }
});

const LINE = "at f (componentize-qjs:user.js:2:1)";
const SERVED = {
  name: "shop",
  service: { component: "/w/dist/service.wasm" },
  routes: [{ name: "task", component: "/w/dist/a.wasm" }],
};

test("GuestStacks: a line is of the component of its route, or of the service, of its workload", () => {
  const stacks = new GuestStacks((file) => file === "/w/dist/a.wasm.map" ? TEXT : undefined);
  const tell = (workload: string, role: "component" | "service", route?: string): string =>
    stacks.inLine(LINE, { workload, role, ...(route !== undefined && { route }) }, [SERVED]);
  assert.equal(tell("shop", "component", "task"), "at f (/w/src/a.ts:1:1)");
  assert.equal(tell("shop", "component", "other"), LINE);
  assert.equal(tell("other", "component", "task"), LINE);
  assert.equal(tell("shop", "service"), LINE, "its map is not there");
});

test("GuestStacks: a map is the one of the version that serves, and read only for a line that has a place", () => {
  let [text, reads] = [TEXT, 0];
  const stacks = new GuestStacks(() => (reads++, text));
  const guest = { workload: "shop", role: "component", route: "task" } as const;
  stacks.inLine("hello", guest, [SERVED]);
  assert.equal(reads, 0);
  assert.equal(stacks.inLine(LINE, guest, [SERVED]), "at f (/w/src/a.ts:1:1)");
  text = text.replace("a.ts", "b.ts");
  assert.equal(stacks.inLine(LINE, guest, [SERVED]), "at f (/w/src/a.ts:1:1)");
  stacks.follow(SERVED);
  assert.equal(stacks.inLine(LINE, guest, [SERVED]), "at f (/w/src/b.ts:1:1)");
});

test("GuestStacks: what is forgotten is read again, for the next line that has a place", () => {
  let [text, reads] = [TEXT, 0];
  const stacks = new GuestStacks(() => (reads++, text));
  assert.equal(stacks.inText(LINE, "/w/dist/a.wasm"), "at f (/w/src/a.ts:1:1)");
  text = text.replace("a.ts", "b.ts");
  stacks.forget(SERVED);
  assert.equal(reads, 1);
  assert.equal(stacks.inText(LINE, "/w/dist/a.wasm"), "at f (/w/src/b.ts:1:1)");
});

test("GuestStacks: a map that a build leaves counts at once where the component is the same, and else once that serves", () => {
  let text = TEXT;
  const stacks = new GuestStacks(() => text);
  const shown = (): string => stacks.inText(LINE, "/w/dist/a.wasm").replace(/^.*\/(.*)\.ts.*$/, "$1");
  stacks.follow(SERVED);
  const build = (source: string, sha256: string): void => {
    text = TEXT.replace("a.ts", `${source}.ts`).replace(`"ab"`, `"${sha256}"`);
    stacks.rebuilt("/w/dist/a.wasm");
  };
  build("comment", "ab");
  assert.equal(shown(), "comment");
  build("other", "cd");
  assert.equal(shown(), "comment", "another component, which does not serve yet");
  build("later", "ab");
  assert.equal(shown(), "later");
  text = "{";
  stacks.rebuilt("/w/dist/a.wasm");
  assert.equal(shown(), "later", "a damaged map");
});

test("GuestMap: a name that is longer than any path makes no line longer", () => {
  const long = TEXT.replace("a.ts", `${"a".repeat(100_000)}.ts`);
  assert.equal(new GuestMap(long, "/w/dist").inText(LINE), LINE);
});
