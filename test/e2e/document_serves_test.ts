/** Every `loopgate serve` and `loopgate dev` that a document shows in a block is typed: it serves, answers, and ends with 0 at SIGTERM. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { componentBytes } from "../support/gateway_harness.ts";
import { commandLines, DocumentShell, quotedWord, SERVING_LINE } from "../support/document_commands.ts";
import { startOtlpReceiver } from "../support/otlp_receiver.ts";
import { MAIN, type Program, ROOT, RUN } from "../support/program.ts";

const LINES = [...new Set(commandLines().map(({ line }) => line).filter((line) => SERVING_LINE.test(line)))];
let shell: DocumentShell;

before(async () => {
  await componentBytes("service_leet");
  shell = await DocumentShell.open({
    loopgate: `exec ${[process.execPath, ...RUN, MAIN].map(quotedWord).join(" ")} "$@"`,
  });
  // Both where `serve .` looks for workloads and where `serve workloads` does.
  for (const place of ["shop", "workloads/shop"]) {
    const folder = join(shell.folder, place);
    mkdirSync(folder, { recursive: true });
    cpSync(join(ROOT, "workloads/service-tcp"), folder, { recursive: true });
  }
});

after(() => shell.close());

/** With ports of the machine that are free, and with a collector that is there. */
function withFreePorts(line: string, collector: string): string {
  const free = line
    .replace("http://127.0.0.1:4318", collector)
    .replaceAll(/((?:--listen|--admin|LOOPGATE_LISTEN|LOOPGATE_ADMIN)[ =][\d.]+):\d+/g, "$1:0")
    .replaceAll(/(--publish (?:\w+\/)?)\d+:/g, "$10:");
  return /--listen|LOOPGATE_LISTEN/.test(free) ? free : `${free} --listen 127.0.0.1:0`;
}

/** Where it listens, as its table or its first line of JSON tells. */
async function originOf(program: Program): Promise<string> {
  const port = await program.untilWritten(/(?:Listening on http:\/\/[\d.]+:|"event":"listening".*?"port":)(\d+)/);
  return `http://127.0.0.1:${port}`;
}

test("documents: there are lines that serve", () => assert.ok(LINES.length > 8, LINES.join("\n")));

for (const line of LINES) {
  test(`documents: ${line}`, async () => {
    const collector = await startOtlpReceiver();
    const program = shell.start(withFreePorts(line, collector.endpoint));
    try {
      const origin = await originOf(program);
      const answer = await fetch(`${origin}/task`, { method: "POST", body: '{"payload":"hello"}' });
      assert.equal(await answer.text(), "h3110");
      if (line.includes(":7777")) await throughPort(program);
    } finally {
      program.signal("SIGTERM");
    }
    assert.equal(await program.ended, 0, program.err);
    await collector.close();
    // At the latest when it ends; a ratio leaves out most.
    const isRecorded = line.includes("--otlp") && !line.includes("--trace-ratio");
    const names = collector.spans.map(({ name }) => name);
    if (isRecorded) assert.ok(names.includes("POST /task"), names.join());
  });
}

/** A client of the machine at a port that leads to the service's. */
async function throughPort(program: Program): Promise<void> {
  const port = Number(await program.untilWritten(/Published 127\.0\.0\.1:(\d+)/));
  const client = connect(port, "127.0.0.1");
  client.end("hello\n");
  let text = "";
  for await (const bytes of client) text += String(bytes);
  assert.equal(text, "h3110\n");
}
