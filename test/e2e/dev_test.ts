/** `loopgate dev` as a process: what an author changes is served, what is wrong is told and changes nothing. */
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { loopgate, type Program, ROOT } from "../support/program.ts";

const ROUTE = `{ "match": { "path": "/*" }, "component": "dist/api.wasm" }`;

/** A handler that answers with one word. */
function handler(word: string): string {
  return `import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from "wasi:http/types@0.2.10";
import { word } from "./word.ts";
export const incomingHandler = {
  handle(request: unknown, out: unknown): void {
    const response = new OutgoingResponse(new Fields());
    const body = response.body();
    ResponseOutparam.set(out, { tag: "ok", val: response });
    const stream = body.write();
    stream.blockingWriteAndFlush(new Uint8Array([...(word + "${word}")].map((sign) => sign.charCodeAt(0))));
    stream[Symbol.dispose]();
    OutgoingBody.finish(body, null);
  },
};
`;
}

async function withDev(body: (folder: string, dev: () => Program) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-dev-"));
  const running = new Set<Program>();
  try {
    await mkdir(join(folder, "api/src"), { recursive: true });
    await writeFile(join(folder, "api/api.route.jsonc"), ROUTE);
    await body(folder, () => {
      const program = loopgate("dev", folder, "--listen", "127.0.0.1:0");
      running.add(program);
      void program.ended.then(() => running.delete(program));
      return program;
    });
  } finally {
    for (const program of running) {
      program.signal("SIGKILL");
      await program.ended;
    }
    await rm(folder, { recursive: true });
  }
}

/** Asks until the answer is the one that is expected: when a change is served, nobody says beforehand. */
async function untilAnswered(url: string, expected: string, dev: Program): Promise<void> {
  let isOver = false;
  void dev.ended.then(() => isOver = true);
  for (;;) {
    assert.ok(!isOver, dev.out + dev.err);
    const text = await fetch(url).then((response) => response.text());
    if (text === expected) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("loopgate dev: waits for what cannot be built, serves it when it can, and follows each change", () =>
  withDev(async (folder, start) => {
    const [api, word] = [join(folder, "api/src/api.ts"), join(folder, "api/src/word.ts")];
    await writeFile(api, handler("1"));
    const dev = start();
    await dev.untilWritten(
      /(Cannot import "\.\/word\.ts": there is no such file[^]*api\.ts:2:22[^]*waiting for a change)/,
    );
    // A file that was missing is no part of what was read: that it is there is what counts.
    await writeFile(word, `export const word = "a";\n`);
    const url = await dev.untilWritten(/Listening on (http:\S+)/);
    await untilAnswered(url, "a1", dev);
    await writeFile(word, `export const word = "b";\n`);
    await untilAnswered(url, "b1", dev);
    await writeFile(api, `${handler("2")}const broken = ;\n`);
    await dev.untilWritten(/(Cannot compile: Unexpected token[^]*const broken = ;\n[^\n]*\^[^]*not built)/);
    assert.equal(await (await fetch(url)).text(), "b1", "what was served before still is");
    await writeFile(api, handler("2"));
    await untilAnswered(url, "b2", dev);
    assert.equal(dev.err.match(/Unexpected token/g)?.length, 1, "a fault is told once");
    await writeFile(api, "const broken = ;");
    await dev.untilWritten(/(not built[^]*not built[^]*not built)/);
    await writeFile(api, handler("2"));
    await dev.untilWritten(/(as built before \S+api\/dist\/api\.wasm)/);
    await mkdir(join(folder, "more/src"), { recursive: true });
    await writeFile(join(folder, "more/src/word.ts"), `export const word = "m";\n`);
    await writeFile(join(folder, "more/src/api.ts"), handler("1"));
    await writeFile(join(folder, "more/more.route.jsonc"), ROUTE.replace("/*", "/more"));
    await untilAnswered(`${url}/more`, "m1", dev);
    // What is about to be built is no fault.
    assert.doesNotMatch(dev.out, /there is no file/);
    assert.equal(dev.out.match(/^built \S+api\/dist\/api\.wasm/gm)?.length, 3, dev.out);
    dev.signal("SIGINT");
    assert.equal(await dev.ended, 0, dev.err);
    assert.match(dev.out, /GET \/more 200 [0-9.]+ ms.* {2}more\/more /);
  }));

/** Fails in a file of its own, below lines that are no part of what is built; how it fails is, so that each makes another component. */
function failing(linesAbove: number): Readonly<Record<string, string>> {
  return {
    "api.ts":
      `import { fail } from "./fail.ts";\n\nexport default {\n  async fetch() {\n    await null;\n    fail();\n  },\n};\n`,
    "fail.ts": `${"// a comment\n".repeat(linesAbove)}interface Gone { a: 1 }\nexport function fail(): never {
  const reason: string = "it fails below ${linesAbove} lines";
  throw new RangeError(reason);
}\n`,
  };
}

test("loopgate dev: the stack of an error leads to the sources of the version that is served", () =>
  withDev(async (folder, start) => {
    const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, "api/src", name), text);
    };
    await write(failing(3));
    const dev = start();
    const url = await dev.untilWritten(/Listening on (http:\S+)/);
    const stackWith = async (line: number): Promise<void> => {
      assert.equal((await fetch(url)).status, 500);
      await dev.untilWritten(new RegExp(`(at fail \\(\\S*api/src/fail\\.ts:${line}:13\\))`));
    };
    await stackWith(7);
    await dev.untilWritten(/(at fetch \(\S*api\/src\/api\.ts:6:5\))/);
    await write(failing(10));
    await dev.untilWritten(/(api replaced)/);
    await stackWith(14);
    // A comment more makes the same component, so nothing is served anew; its lines lead to where they are now all the same.
    const built = dev.out.split("built ").length;
    const [above, text] = ["// one more\n", failing(10)["fail.ts"] ?? ""];
    await write({ "fail.ts": above + text });
    await dev.untilWritten(new RegExp(`(?:built [^]*){${built}}`));
    await stackWith(15);
    // Only what the author wrote.
    assert.doesNotMatch(dev.out, /user\.js|loopgate:guest/);
    dev.signal("SIGINT");
    assert.equal(await dev.ended, 0, dev.err);
  }));

/** A thread may end between the listing and the read; it has no children then. Linux answers with either code. */
function whenThreadEnded(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT" || error.code === "ESRCH") return "";
  throw error;
}

/** Processes that a process has started, as soon as there are some; Linux tells. */
async function untilChildren(pid: number): Promise<readonly number[]> {
  for (;;) {
    const threads = await readdir(`/proc/${pid}/task`);
    const lists = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(whenThreadEnded)),
    );
    const children = lists.flatMap((list) => list.trim().split(" ")).filter((word) => word !== "").map(Number);
    if (children.length > 0) return children;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test(
  "loopgate dev: a build that Ctrl-C ends is no fault of a source",
  { skip: process.platform !== "linux" },
  () =>
    withDev(async (folder, start) => {
      await writeFile(join(folder, "api/src/api.ts"), "for (;;) {}\nexport default { fetch() {} };\n");
      const dev = start();
      const children = await untilChildren(dev.pid ?? assert.fail("it was not started"));
      dev.signal("SIGINT");
      await dev.untilWritten(/(Draining)/);
      // As the terminal does, to every process of the group.
      for (const child of children) process.kill(child, "SIGINT");
      assert.equal(await dev.ended, 0, dev.err);
      assert.doesNotMatch(dev.err, /error|not built/);
    }),
);

test("loopgate dev: a folder that is not there ends it with 2", async () => {
  const dev = loopgate("dev", "nowhere");
  assert.equal(await dev.ended, 2);
  assert.match(dev.err, /Cannot serve "nowhere": it is not there, expected a folder of workloads/);
});

test("loopgate dev: of several workloads a published port says which", () =>
  withDev(async (folder) => {
    for (const name of ["a", "b"]) {
      await mkdir(join(folder, name));
      await cp(join(ROOT, "workloads/hello/dist/hello.wasm"), join(folder, name, "x.wasm"));
      await writeFile(
        join(folder, name, "x.route.jsonc"),
        `{ "match": { "path": "/${name}" }, "component": "x.wasm" }`,
      );
    }
    await rm(join(folder, "api"), { recursive: true });
    const dev = loopgate("dev", folder, "--listen", "127.0.0.1:0", "--publish", "7777:7777");
    assert.equal(await dev.ended, 2);
    assert.match(dev.err, /Cannot publish port 7777: it does not say of which workload, and there are a, b, expected/);
  }));
