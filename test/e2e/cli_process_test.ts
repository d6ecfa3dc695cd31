/** The program itself, as a process: start, signals, exit codes. Runs the sample workload `hello`. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { componentPath } from "../audit/components.ts";
import { BECOME, EVALUATE, loopgate, MAIN, Program, ROOT, RUN, withHello } from "../support/program.ts";

const IS_DENO = process.versions["deno"] !== undefined;

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`loopgate serve: ${name}, delivered twice, drains and exits with 0`, async () => {
    await withHello(async (folder) => {
      const program = loopgate("serve", folder, "--listen", "127.0.0.1:0");
      const url = await program.untilWritten(/Try: curl -i (\S+)/);
      const response = await fetch(url);
      await response.arrayBuffer();
      assert.equal(response.status, 200);
      await program.untilWritten(/GET \/hello\S* 200 /);
      program.signal(name);
      program.signal(name);
      assert.equal(await program.ended, 0, program.err);
      assert.match(program.err, /Draining/);
    });
  });
}

test("become: a signal to the launcher alone drains, and its exit code is the program's", async () => {
  await withHello(async (folder) => {
    const args = JSON.stringify([...RUN, MAIN, "serve", folder, "--listen", "127.0.0.1:0"]);
    const launcher = `import process from "node:process"; import { become } from ${JSON.stringify(BECOME)};
      become(process.execPath, ${args});`;
    const program = new Program([...EVALUATE, launcher]);
    await program.untilWritten(/Try: curl -i (\S+)/);
    program.signal("SIGINT");
    assert.equal(await program.ended, 0, program.err);
    assert.match(program.err, /Draining/);
  });
});

test("loopgate serve: a taken port ends with 2 and names the flag", async () => {
  await withHello(async (folder) => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const program = loopgate("serve", folder, "--listen", `127.0.0.1:${port}`);
    assert.equal(await program.ended, 2);
    assert.match(program.err, /Cannot listen on "127\.0\.0\.1:\d+".*\nfix: something listens there already.*--listen/);
    assert.equal(program.out, "");
    await new Promise((resolve) => holder.close(resolve));
  });
});

test("loopgate: operator faults end with 2, help with 0", async () => {
  const rows: readonly (readonly [words: readonly string[], exitCode: number, text: RegExp])[] = [
    [["serve", join(ROOT, "test/config/invalid/missing-keys")], 2, /7 faults in 4 files/],
    [["run", join(ROOT, "package.json")], 2, /not WebAssembly/],
    [["servr"], 2, /Did you mean: serve/],
    [["help"], 0, /^Loopgate: /],
  ];
  for (const [words, exitCode, text] of rows) {
    const program = loopgate(...words);
    assert.equal(await program.ended, exitCode, words.join(" "));
    assert.match(program.out + program.err, text);
  }
});

if (existsSync("/dev/full")) {
  test("loopgate: an output that cannot be written ends with 1 and a sentence, not with a stack", async () => {
    const full = await open("/dev/full", "w");
    const program = new Program([...RUN, MAIN, "help"], { stdout: full.fd });
    assert.equal(await program.ended, 1);
    assert.match(program.err, /^error\[LG5008\]: Cannot write to stdout: .*no space left on device.*\n$/i);
    await full.close();
  });
}

test("deno.json: every task has named permissions, but the tests, which reach files in open folders", async () => {
  const { tasks } = JSON.parse(await readFile(join(ROOT, "deno.json"), "utf8")) as { tasks: Record<string, string> };
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  assert.deepEqual(Object.keys(tasks).toSorted(), Object.keys(scripts).filter((name) => name !== "prepack").toSorted());
  const named = "--allow-read --allow-env --allow-write=node_modules --allow-run --allow-sys=uid";
  for (const [name, task] of Object.entries(tasks)) {
    assert.equal(task, `deno run ${name === "test" ? "-A" : named} scripts/run.mjs ${name}`);
  }
});

if (IS_DENO) {
  const rows: readonly (readonly [words: string, said: RegExp])[] = [
    ["loopgate --version", /^loopgate \d/],
    ["loopgate check workloads/hello", /no fault/],
    ["loopgate explain hello https://example.com", /^allowed: /],
    ["build", /fresh|built/],
  ];
  for (const [words, said] of rows) {
    test(`deno task ${words}: its permissions are enough`, async () => {
      await componentPath("hello");
      const program = new Program(["task", "--quiet", ...words.split(" ")]);
      assert.equal(await program.ended, 0, program.err);
      assert.match(program.out, said);
    });
  }
}

if (IS_DENO) {
  test("deno task loopgate serve: volumes that are folders are refused, and told why", async () => {
    const folder = await mkdtemp(join(tmpdir(), "loopgate-volumes-"));
    try {
      await mkdir(join(folder, "notes/data"), { recursive: true });
      await copyFile(await componentPath("hello"), join(folder, "notes/hello.wasm"));
      const route = { match: { path: "/" }, component: "hello.wasm", volumes: { "/data": { folder: "data" } } };
      await writeFile(join(folder, "notes/a.route.jsonc"), JSON.stringify(route));
      const program = new Program(["task", "--quiet", "loopgate", "serve", folder, "--listen", "127.0.0.1:0"]);
      assert.equal(await program.ended, 2, program.out);
      assert.match(program.err, /^error\[LG1601\]: .*"notes" has a volume that is a folder.*expected `deno run -A`$/m);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

test("package.json: no shell stays between npm and the program", async () => {
  // npm hands a SIGINT of its own on to what it started. A shell that waits there keeps it, and the gateway runs on.
  const manifest: unknown = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  assert.ok(typeof manifest === "object" && manifest !== null && "scripts" in manifest);
  for (const [name, script] of Object.entries(manifest.scripts ?? {})) {
    assert.equal(script, `exec node scripts/run.mjs ${name}`);
  }
});

test("serve --log json: every line of the process is JSON, from a start that fails to a drain", async () => {
  const lines = ({ out, err }: Program) => `${out}${err}`.trim().split("\n").map((line) => JSON.parse(line) as Line);
  type Line = { readonly event: string; readonly code?: string };
  const missing = loopgate("serve", "not-there", "--log", "json");
  assert.equal(await missing.ended, 2);
  assert.deepEqual(lines(missing).map(({ event, code }) => [event, code]), [["stopped", "LG1001"]]);
  await withHello(async (folder) => {
    await writeFile(join(folder, "gateway.jsonc"), '{ "log": "json", "logLevel": "warn" }');
    const env = { LOOPGATE_LISTNE: "x" };
    const program = new Program([...RUN, MAIN, "serve", folder, "--listen", "127.0.0.1:0"], { env });
    await program.untilWritten(/("listening")/);
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0, program.err);
    assert.deepEqual(lines(program).map(({ event }) => event), ["listening", "warning", "draining"]);
  });
});
