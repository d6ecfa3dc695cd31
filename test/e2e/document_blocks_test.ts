/** Blocks of documents whose commands need files of their own are typed as they stand: certificates, stubs, folders, aliases. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { DENO_V8_FLAGS } from "../../scripts/deno_v8_flags.mjs";
import { componentBytes } from "../support/gateway_harness.ts";
import { blocksOf, commandLines, DocumentShell, quotedWord, scriptOf } from "../support/document_commands.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { MAIN, ROOT, RUN } from "../support/program.ts";

const IS_DENO = process.versions["deno"] !== undefined;
let shell: DocumentShell;

before(async () => {
  shell = await DocumentShell.open({
    loopgate: `exec ${[process.execPath, ...RUN, MAIN].map(quotedWord).join(" ")} "$@"`,
    deno: `exec ${quotedWord(process.execPath)} "$@"`,
  });
  symlinkSync(ROOT, join(shell.folder, "loopgate"));
  await componentBytes("hello");
  mkdirSync(join(shell.folder, "served"));
  cpSync(join(ROOT, "workloads/hello"), join(shell.folder, "served/hello"), { recursive: true });
});

after(() => shell.close());

function textOf(document: string): string {
  return readFileSync(join(ROOT, document), "utf8");
}

/** Runs it, and gives what it prints. */
async function typed(script: string): Promise<string> {
  const { exitCode, printed } = await shell.run(`set -eu\n${script}`, { HOME: shell.folder });
  assert.equal(exitCode, 0, printed);
  return printed;
}

function isMissing(program: string, ...words: readonly string[]): string | false {
  return spawnSync(program, words).status === 0 ? false : `there is no ${program}`;
}

const NO_OPENSSL = isMissing("openssl", "version") || isMissing("curl", "--version");
const HAS_HTTP2 = /^Features:.* HTTP2 /m.test(spawnSync("curl", ["--version"], { encoding: "utf8" }).stdout ?? "");
const NO_HTTP2 = HAS_HTTP2 ? NO_OPENSSL : "curl does not speak HTTP/2";

for (const heading of ["Serve over TLS", ...(IS_DENO ? [] : ["HTTP/2"])]) {
  test(`docs/tls.md: ${heading}`, { skip: heading === "HTTP/2" ? NO_HTTP2 : NO_OPENSSL }, async () => {
    const blocks = blocksOf(textOf("docs/tls.md"), heading);
    const [serving = "", asking = ""] = blocks.at(-1)?.text.trim().split("\n") ?? [];
    const certificates = blocksOf(textOf("docs/tls.md"), "Serve over TLS")[0];
    const files = blocks.filter(({ language }) => language !== "");
    assert.ok(certificates !== undefined && files.length === 1);
    await typed(`cd served\nrm -rf certs\n${scriptOf([certificates, ...files])}`);
    const [, ...words] = serving.replace(":8443", ":0").split(" ");
    const program = shell.start(`loopgate ${words.join(" ").replace("serve .", "serve served")}`);
    try {
      const origin = await program.untilWritten(/Listening on (https:\S+)/);
      // The route of the page is that of docs/deployment.md, and that of the sample is below "/hello".
      const answer = await typed(`cd served\n${asking.replace("https://127.0.0.1:8443/hi", `-i ${origin}/hello/you`)}`);
      assert.match(answer, heading === "HTTP/2" ? /^HTTP\/2 200/m : /^HTTP\/[12.]+ 200/m);
      assert.match(answer, /Hello from Loopgate at \/hello\/you/);
    } finally {
      program.signal("SIGTERM");
    }
    assert.equal(await program.ended, 0, program.err);
  });
}

test("docs/virtualize.md: its commands write components", async () => {
  for (const name of ["app.wasm", "http_api.wasm"]) {
    writeFileSync(join(shell.folder, name), await componentBytes("http_api"));
  }
  const lines = commandLines().filter(({ file }) => file === "docs/virtualize.md").map(({ line }) => line);
  assert.equal(lines.length, 2);
  for (const line of lines) {
    await typed(line);
    const [, out = ""] = /-o (\S+)$/.exec(line) ?? [];
    assert.match(await typed(`loopgate inspect ${out}`), /route of a workload|handler|incoming-handler/);
  }
});

test("docs/volumes.md: a command with folders", {
  skip: hasGuests("c_cli") ? false : "guest c_cli was not built",
}, async () => {
  const [line = "", ...more] = commandLines().filter(({ line: each }) => each.startsWith("loopgate run report.wasm"))
    .map((each) => each.line);
  assert.deepEqual(more, []);
  writeFileSync(join(shell.folder, "report.wasm"), await guestBytes("c_cli"));
  for (const folder of ["sources", "out"]) mkdirSync(join(shell.folder, folder));
  // What it may change is the second folder alone.
  assert.match(await typed(`${line} -- files /out`), /^read hEllo$/m);
  const refused = await shell.run(`${line} -- files /in`);
  assert.match(refused.printed, /^create Read-only file system$/m);
});

test("docs/authoring.md: the name of the command line", async () => {
  const aliases = commandLines().filter(({ file, line }) => file === "docs/authoring.md" && line.startsWith("alias "));
  const own = aliases.filter(({ line }) => line.includes("deno run") === IS_DENO);
  assert.deepEqual([aliases.length, own.length], [2, 1]);
  assert.match(await typed(`${own[0]?.line}\nloopgate --version`), /^loopgate \d/m);
});

// Others have no such flags.
if (IS_DENO) {
  test("docs/deployment.md: Deno knows the flags of V8", async () => {
    const lines = commandLines().filter(({ line }) => line.startsWith("DENO_V8_FLAGS="));
    assert.deepEqual(lines.map(({ line }) => line), [`DENO_V8_FLAGS=${DENO_V8_FLAGS}`]);
    const run = (flags: string): Promise<string> => typed(`${flags} deno eval 'console.log("runs")' 2>&1 || true`);
    assert.equal(await run(lines[0]?.line ?? ""), "runs\n");
    assert.notEqual(await run("DENO_V8_FLAGS=--no-such-flag"), "runs\n");
  });
}
