/** Stacks of guests in TypeScript lead to their sources wherever they are printed. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { buildFolder } from "../../src/build/build_folder.ts";
import { jobRunner, runProgram } from "../../src/cli/build_process.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { loopgate, type Program } from "../support/program.ts";

const FAIL = `// What stands above moves it.
export function fail(what: string): never {
  throw new RangeError(what);
}
`;
const FILES: Readonly<Record<string, string>> = {
  "shop/all.route.jsonc": '{ "match": { "path": "/*" }, "component": "dist/api.wasm" }',
  "shop/src/fail.ts": FAIL,
  "shop/src/api.ts": `import { connect } from "loopgate/guest";
import { fail } from "./fail.ts";
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/fetch") return await ask();
    if (pathname === "/connect") return new Response(String(await join()));
    if (pathname === "/json") return Response.json(await read(request));
    fail("the handler fails");
  },
};
async function ask() {
  await 0;
  return await fetch("http://127.0.0.1:9/");
}
async function join() {
  await 0;
  return await connect({ port: 9 });
}
async function read(request) {
  await 0;
  return await request.json();
}
`,
  "jobs/workload.jsonc": '{ "service": { "component": "dist/worker.wasm", "restart": { "policy": "never" } } }',
  "jobs/src/fail.ts": FAIL,
  "jobs/src/worker.ts": `import { fail } from "./fail.ts";
export default { run: () => fail("the service fails") };
`,
};

/** What a path asks for, and the frame of the call. */
const LATER: readonly (readonly [path: string, frame: RegExp])[] = [
  ["/fetch", /shop.*(at ask \(\S*api\.ts:14:\d+\))/],
  ["/connect", /shop.*(at join \(\S*api\.ts:18:\d+\))/],
  ["/json", /shop.*(at read \(\S*api\.ts:22:\d+\))/],
];

test("a guest's stack leads to its sources in serve and run, and without a map it is told as it comes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-test-"));
  let serve: Program | undefined;
  try {
    for (const [path, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await buildFolder(folder, folderFiles, {
      runJob: jobRunner(),
      runProgram,
      clock: systemClock,
      onOutcome: () => {},
    });
    serve = loopgate("serve", folder, "--listen", "127.0.0.1:0");
    const url = await serve.untilWritten(/Listening on (http:\S+)/);
    await serve.untilWritten(/jobs.*(at fail \(\S*jobs\/src\/fail\.ts:3:\d+\))/);
    assert.equal((await fetch(url)).status, 500);
    await serve.untilWritten(/shop.*(at fail \(\S*shop\/src\/fail\.ts:3:\d+\))/);
    // What the host says later leads to the call.
    for (const [path, frame] of LATER) {
      assert.equal((await fetch(new URL(path, url), { method: "POST", body: "{" })).status, 500);
      await serve.untilWritten(frame);
    }
    assert.doesNotMatch(serve.out, /user\.js/);
    serve.signal("SIGINT");
    assert.equal(await serve.ended, 0, serve.err);
    serve = undefined;

    const command = join(folder, "jobs/dist/worker.wasm");
    const run = loopgate("run", command);
    assert.equal(await run.ended, 1);
    assert.match(run.err, /at fail \(\S*jobs\/src\/fail\.ts:3:\d+\)/);
    await rm(`${command}.map`);
    const bare = loopgate("run", command);
    assert.equal(await bare.ended, 1);
    assert.match(bare.err, /at fail \(componentize-qjs:user\.js:\d+:\d+\)/);
  } finally {
    serve?.signal("SIGKILL");
    await rm(folder, { recursive: true });
  }
});
