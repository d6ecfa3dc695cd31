// tidy: long because each kind of fault of a source is a row, on both engines
/** Guests are built from a folder by the real tools in real processes; what is wrong is told with its place. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { buildFolder } from "../../src/build/build_folder.ts";
import type { GuestOutcome } from "../../src/build/build_workload.ts";
import { jobRunner, runProgram } from "../../src/cli/build_process.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { testComponent } from "../../src/testing/mod.ts";
import { loopgate } from "../support/program.ts";

const ROUTE = '{ "match": { "path": "/" }, "component": "dist/api.wasm" }';
const HANDLER = `export default { fetch() { return new Response("x"); } };\n`;
const GOOD = `export const run = { run() {} };\n`;
const HONO = `import { Hono } from "hono";
const app = new Hono();
app.get("/:name", (context) => context.text(context.req.param("name")));
export default app;
`;
/** Of a Hono application, with the streams that it mentions. */
const COMPONENT_BYTES_MAX = 2_000_000;
const FAST_BYTES_MAX = 2_500_000;

async function withFolder(
  files: Readonly<Record<string, string>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-test-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function outcomesOf(folder: string, deadlineMs?: number): Promise<readonly GuestOutcome[]> {
  const tools = { runJob: jobRunner(deadlineMs), runProgram, clock: systemClock, onOutcome: () => {} };
  const { outcomes, diagnostics } = await buildFolder(folder, folderFiles, tools);
  assert.deepEqual(diagnostics, []);
  return outcomes;
}

async function faultOf(folder: string, deadlineMs?: number): Promise<Extract<GuestOutcome, { kind: "faulty" }>> {
  const [outcome] = await outcomesOf(folder, deadlineMs);
  assert.ok(outcome?.kind === "faulty", JSON.stringify(outcome));
  return outcome;
}

const FAULTS: readonly {
  readonly name: string;
  readonly source: string;
  readonly message: RegExp;
  readonly place?: readonly [line: number, column: number];
  readonly fix?: string;
}[] = [
  {
    name: "syntax",
    source: `const a = 1;\nexport const run = { run() { return a +; } };\n`,
    message: /^Cannot compile: Unexpected token/,
    place: [2, 40],
  },
  {
    name: "a missing file",
    source: `import { a } from "./a.ts";\nexport const run = { run() { a(); } };\n`,
    message: /^Cannot import "\.\/a\.ts": there is no such file, expected one$/,
    place: [1, 19],
  },
  {
    name: "a missing package",
    source: `import { a } from "@no/such/part";\nexport const run = { run() { a(); } };\n`,
    message: /^Cannot import "@no\/such\/part": there is no such package here/,
    place: [1, 19],
    fix: "npm install @no/such",
  },
  {
    // A bundle gets what those of its files mention: that must not move what stands in the first line.
    name: "a missing package in a line of a file that mentions bodies, streams, forms, blobs and subtle crypto",
    source: `import { a } from "nowhere"; export const run = { run() { a.body.stream.formData.blob.subtle(); } };\n`,
    message: /^Cannot import "nowhere": there is no such package here/,
    place: [1, 19],
    fix: "npm install nowhere",
  },
  {
    name: "Node's own module",
    source: `import { readFile } from "node:fs";\nexport const run = { run() { readFile; } };\n`,
    message: /^Cannot import "node:fs": a guest has no Node/,
    place: [1, 26],
  },
  {
    name: "Node's own module without its prefix, which a registry has as well",
    source: `import { readFile } from "fs/promises";\nexport const run = { run() { readFile; } };\n`,
    message: /^Cannot import "fs\/promises": a guest has no Node/,
    place: [1, 26],
  },
  {
    name: "a part of the gateway that guests have not, which nobody is to install",
    source: `import { listen } from "loopgate/gest";\nexport const run = { run() { listen; } };\n`,
    message:
      /^Cannot import "loopgate\/gest": a guest cannot have that part of the gateway, expected "loopgate\/guest"$/,
    place: [1, 24],
    fix: 'did you mean "loopgate/guest"?',
  },
  {
    name: "a name that loopgate/guest has not",
    source: `import { conect } from "loopgate/guest";\nexport default { fetch() { return conect; } };\n`,
    message:
      /^Cannot import "conect" from "loopgate\/guest": it has no such value, expected connect, ConnectionLost, listen/,
    place: [1, 10],
    fix: 'did you mean "connect"?',
  },
  {
    name: "a bare throw",
    source: `throw new Error("at the top");\nexport default { fetch() { return new Response(); } };\n`,
    message: /^Cannot load it: a `throw` among its first lines always ends it, expected a default export$/,
    place: [1, 1],
  },
  {
    name: "a bare throw below other lines",
    source: `const parts: string[] = [];\nif (parts.length === 0) parts.push("a");\n\nthrow parts;\n${GOOD}`,
    message: /^Cannot load it: a `throw` among its first lines always ends it, expected a default export$/,
    place: [4, 1],
  },
  {
    name: "no export",
    source: `export const nothing = 1;\n`,
    message: /^Cannot use it as a guest: it has no default export/,
  },
  {
    name: "first lines that throw",
    source: `function start() {\n  throw new Error("at the top");\n}\nstart();\n${GOOD}`,
    message: /^Cannot load it: Error: at the top$/,
    place: [2, 13],
  },
  {
    name: "first lines that log",
    source: `const a = 1;\nconsole.log(a);\n${HANDLER}`,
    message: /^Cannot load it: Error: Cannot log while the guest is built, .*, expected it within "fetch" or "run"$/,
    place: [2, 9],
  },
  {
    name: "first lines that fetch, which nobody awaits",
    source: `fetch("https://api.example.com/");\n${HANDLER}`,
    message: /^Cannot load it: Error: Cannot fetch while the guest is built/,
    place: [1, 1],
  },
  {
    name: "first lines that fetch, in a file that mentions a body and ends in a comment",
    source: `const a = await fetch("https://api.example.com/");\n${HANDLER.trimEnd()}\nvoid a.body; // the end`,
    message: /^Cannot load it: Error: Cannot fetch while the guest is built/,
    place: [1, 17],
  },
  {
    name: "first lines that read the environment",
    source: `import { readEnv } from "loopgate/guest";\nconst region = readEnv()["REGION"];\n` +
      `export default { fetch() { return new Response(region); } };\n`,
    message: /^Cannot load it: Error: Cannot read the environment while the guest is built/,
    place: [2, 16],
  },
  {
    name: "first lines that wait for time to pass",
    source: `await new Promise((resolve) =>\n  setTimeout(resolve, 10)\n);\n${HANDLER}`,
    message: /^Cannot load it: Error: Cannot start a timer while the guest is built/,
    place: [2, 14],
  },
  {
    name: "first lines that wait for ever",
    source: `await new Promise(() => {});\n${HANDLER}`,
    message: /^Cannot load it: its first lines wait for a promise that nothing settles, expected/,
  },
  {
    name: "first lines that call the host themselves",
    source: `import { now } from "wasi:clocks/monotonic-clock@0.2.10";\nnow();\n${GOOD}`,
    message: /^Cannot load it: its first lines call now of wasi:clocks\/monotonic-clock, and there is no host/,
  },
];

for (const { name, source, message, place, fix } of FAULTS) {
  test(`buildFolder: ${name} is a fault with its place, and no component is left`, () =>
    withFolder({ "api/api.route.jsonc": ROUTE, "api/src/api.ts": source }, async (folder) => {
      const { diagnostics: [fault] } = await faultOf(folder);
      assert.ok(fault !== undefined);
      assert.match(fault.message, message);
      if (place !== undefined) {
        assert.deepEqual([fault.line, fault.column], place);
        assert.equal(fault.source, source.split("\n")[place[0] - 1]);
      }
      assert.equal(fault.fix, fix);
      assert.match(fault.file, /api\/src\/api\.ts$/);
      await assert.rejects(readFile(join(folder, "api/dist/api.wasm")));
    }));
}

test("buildFolder: a missing file hides no missing package, in whatever file", () =>
  withFolder({
    "api/api.route.jsonc": ROUTE,
    "api/src/api.ts": `import { a } from "./a.ts";\nimport { b } from "no-such";\nimport "./c.ts";\n${GOOD}a(b);\n`,
    "api/src/c.ts": `import d from "@none/d";\nd();\n`,
  }, async (folder) => {
    const { diagnostics } = await faultOf(folder);
    const told = diagnostics.map(({ file, line, message }) =>
      `${file.replace(/^.*\//, "")}:${line} ${/"(.*?)"/.exec(message)?.[1] ?? message}`
    );
    assert.deepEqual(told.toSorted(), ["api.ts:1 ./a.ts", "api.ts:2 no-such", "c.ts:1 @none/d"]);
  }));

test("buildFolder: a Hono application is a component of less than 2 MB", () =>
  withFolder({ "api/api.route.jsonc": ROUTE, "api/src/api.ts": HONO }, async (folder) => {
    const [outcome] = await outcomesOf(folder);
    assert.ok(outcome?.kind === "built", JSON.stringify(outcome));
    assert.ok(outcome.bytes < COMPONENT_BYTES_MAX, `${outcome.bytes} bytes`);
  }));

test("buildFolder: a build command whose program is not installed is told at the command", () =>
  withFolder({
    "api/api.route.jsonc": ROUTE,
    "api/workload.jsonc": '{\n  "build": { "command": ["no-such-program", "build"] }\n}\n',
  }, async (folder) => {
    const { diagnostics: [fault], printed } = await faultOf(folder);
    assert.match(fault?.message ?? "", /: there is no program "no-such-program", expected it on the PATH$/);
    assert.deepEqual([fault?.line, fault?.column, printed], [2, 25, ""]);
  }));

test("buildFolder: first lines that never end are ended, and told", () =>
  withFolder({ "api/api.route.jsonc": ROUTE, "api/src/api.ts": `for (;;) {}\n${GOOD}` }, async (folder) => {
    const { diagnostics: [fault] } = await faultOf(folder, 3_000);
    assert.match(fault?.message ?? "", /^Cannot build: its first lines did not end within 3 s/);
  }));

const ON_STARLINGMONKEY = '{ "build": { "engine": "starlingmonkey" } }';
const LARGE_FAULTS: readonly {
  readonly name: string;
  readonly source: string;
  readonly message: RegExp;
  readonly line: number;
}[] = [
  {
    name: "syntax",
    source: `export default { fetch() { return a +; } };\n`,
    message: /^Cannot compile: Unexpected token/,
    line: 1,
  },
  {
    name: "first lines that throw",
    source: `function start() {\n  throw new Error("at the top");\n}\nstart();\n${HANDLER}`,
    message: /^Cannot load it: Error: at the top$/,
    line: 2,
  },
  {
    name: "first lines that log",
    source: `const a = 1;\nconsole.log(a);\n${HANDLER}`,
    message: /^Cannot load it: Error: Cannot log while the guest is built/,
    line: 2,
  },
  {
    name: "no fetch",
    source: `export default { other() {} };\n`,
    message: /^Cannot load it: TypeError: The default export has no "fetch", expected/,
    line: 1,
  },
];

for (const { name, source, message, line } of LARGE_FAULTS) {
  test(`buildFolder: ${name} is a fault on StarlingMonkey too`, () =>
    withFolder(
      { "api/workload.jsonc": ON_STARLINGMONKEY, "api/api.route.jsonc": ROUTE, "api/src/api.ts": source },
      async (folder) => {
        const { diagnostics: [fault] } = await faultOf(folder);
        assert.match(fault?.message ?? "", message);
        assert.equal(fault?.line, line);
      },
    ));
}

test("buildFolder: another engine makes a component stale", () =>
  withFolder({ "api/api.route.jsonc": ROUTE, "api/src/api.ts": HANDLER }, async (folder) => {
    const build = async (): Promise<number> => {
      const [outcome] = await outcomesOf(folder);
      assert.ok(outcome?.kind === "built", JSON.stringify(outcome));
      return outcome.bytes;
    };
    const small = await build();
    await writeFile(join(folder, "api/workload.jsonc"), ON_STARLINGMONKEY);
    const large = await build();
    assert.ok(large > 4 * small, `${large} bytes after ${small}`);
  }));

test("buildFolder: another goal makes a component stale, and one for speed answers, is larger and not too large", () =>
  withFolder({ "api/api.route.jsonc": ROUTE, "api/src/api.ts": HONO }, async (folder) => {
    const build = async (): Promise<number> => {
      const [outcome] = await outcomesOf(folder);
      assert.ok(outcome?.kind === "built", JSON.stringify(outcome));
      return outcome.bytes;
    };
    const small = await build();
    await writeFile(join(folder, "api/workload.jsonc"), '{ "build": { "optimize": "speed" } }');
    const fast = await build();
    assert.ok(fast > small + 300_000 && fast < FAST_BYTES_MAX, `${fast} bytes after ${small}`);
    await using component = await testComponent(await readFile(join(folder, "api/dist/api.wasm")));
    assert.equal(await (await component.fetch("/edge")).text(), "edge");
    await writeFile(join(folder, "api/workload.jsonc"), '{ "build": { "optimize": "size" } }');
    assert.equal(await build(), small);
  }));

test("buildFolder: builds what is stale and nothing else; a fault leaves what was built before", () =>
  withFolder({
    "api/api.route.jsonc": ROUTE,
    "api/src/api.ts": `import { word } from "./word.ts";\nexport const run = { run() { word(); } };\n`,
    "api/src/word.ts": `export function word() {}\n`,
  }, async (folder) => {
    const kinds = async (where = folder): Promise<readonly string[]> =>
      (await outcomesOf(where)).map((outcome) => outcome.kind);
    assert.deepEqual(await kinds(), ["built"]);
    const component = join(folder, "api/dist/api.wasm");
    const first = await readFile(component);
    assert.deepEqual(await kinds(), ["fresh"]);
    assert.deepEqual(await kinds(join(folder, "api")), ["fresh"], "the workload by itself");
    await writeFile(join(folder, "api/src/word.ts"), "export function word( {}\n");
    const faulty = await faultOf(folder);
    assert.match(faulty.diagnostics[0]?.file ?? "", /src\/word\.ts$/);
    assert.ok(faulty.inputs.some((file) => file.endsWith("src/word.ts")), "what it was read from is known");
    assert.deepEqual(await readFile(component), first);
    await writeFile(join(folder, "api/src/word.ts"), "export function word() {}\n");
    assert.deepEqual(await kinds(), ["fresh"], "as it was");
    await writeFile(component, "spoilt");
    assert.deepEqual(await kinds(), ["built"]);
  }));

test("loopgate build: lines for what it builds, a code frame for what is wrong, and the exit code", () =>
  withFolder({
    "bad/api.route.jsonc": ROUTE,
    "bad/src/api.ts": `export const run = { run() {} \n`,
    "good/api.route.jsonc": ROUTE,
    "good/src/api.ts": GOOD,
    "misfiled/api.route.jsonc": `{ "match": {}, "component": "dist/api.wasm" }`,
    "missing/api.route.jsonc": ROUTE,
  }, async (folder) => {
    const build = loopgate("build", folder);
    assert.equal(await build.ended, 2);
    assert.match(build.out, /^built \S+good\/dist\/api\.wasm in [0-9.]+ s \([0-9]+ KiB\)\n$/);
    assert.match(build.err, /error\[LG6002\]: Cannot compile: [^\n]+\n +--> \S+bad\/src\/api\.ts:[0-9]+:[0-9]+\n/);
    assert.match(build.err, /not built \S+bad\/dist\/api\.wasm/);
    assert.match(build.err, /misfiled\/api\.route\.jsonc:1:/);
    assert.match(build.err, /Cannot build "dist\/api\.wasm": there is no src\/api\.ts/);
    const nothing = loopgate("build", join(folder, "nowhere"));
    assert.equal(await nothing.ended, 2);
    assert.match(nothing.err, /Cannot build "\S+nowhere": it is not there, expected a folder of workloads/);
  }));

const TYPED = {
  "api/api.route.jsonc": ROUTE,
  "api/tsconfig.json": '{ "extends": "./.loopgate/tsconfig.json", "include": ["src"] }',
  "plain/api.route.jsonc": ROUTE.replace('"/"', '"/plain"'),
  "plain/src/api.ts": "const count: number = 'there is no tsconfig.json';\n" + HANDLER,
};

test("loopgate build --types: what the compiler says, with its lines, and the exit code", () =>
  withFolder({
    ...TYPED,
    "api/src/api.ts": `import type { Handler } from "loopgate/guest";
const count: number = "one";
export default { fetch: (request) => new Response(request.nothing + count) } satisfies Handler;
`,
  }, async (folder) => {
    const build = loopgate("build", folder, "--types");
    assert.equal(await build.ended, 2, build.out);
    assert.match(build.err, /^error\[LG6007\]: The types do not fit: Type 'string' is not [^\n]+\(TS2322\)\n/);
    assert.match(
      build.err,
      / --> \S+api\/src\/api\.ts:2:7\n[^]* --> \S+api\/src\/api\.ts:3:59\n[^]*3 faults in 2 files/,
    );
    assert.match(build.err, /Cannot check the types: there is no tsconfig\.json [^]* --> \S+plain\/src\/api\.ts:1:1\n/);
    assert.doesNotMatch(build.err, /not built/);
    await writeFile(join(folder, "api/src/api.ts"), HANDLER);
    const mended = loopgate("build", join(folder, "api"), "--types");
    assert.equal(await mended.ended, 0, mended.err);
    await writeFile(join(folder, "api/tsconfig.json"), "{ broken");
    const broken = loopgate("build", join(folder, "api"), "--types");
    assert.equal(await broken.ended, 2, broken.err);
    assert.match(broken.err, /tsconfig\.json/);
  }));
