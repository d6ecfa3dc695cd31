import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { testOnNode } from "./test_on_node.ts";

const HEAD = 'import { test } from "node:test";\n';
/** Long enough for Node to start on a busy machine; only files that hang take it. */
const DEADLINE_MS = 6_000;

const FILES = [
  {
    name: "a file that holds its process after its tests",
    text: `${HEAD}test("t", () => {}); setInterval(() => {}, 1000);`,
    failed: 1,
    prints: /FAILED: it took longer than 6000 ms and was ended[^]*FAILED: \S+a_test\.ts \(its process ended with/,
  },
  {
    name: "a file that computes for ever",
    text: `${HEAD}test("t", () => { for (;;); });`,
    failed: 1,
    prints: /FAILED: \S+a_test\.ts \(its process ended with/,
  },
  {
    name: "a file that fails before its tests",
    text: `${HEAD}throw new Error("at once");`,
    failed: 1,
    prints: /at once[^]*FAILED: \S+a_test\.ts \(its process ended with 1\)/,
  },
  {
    name: "a file without a test",
    text: "export {};",
    failed: 1,
    prints: /FAILED: \S+a_test\.ts \(it has no test\)/,
  },
  {
    name: "a file with a test that fails",
    text: `${HEAD}test("t", () => { throw new Error("no"); });`,
    failed: 1,
    prints: /FAILED: t\n/,
  },
  { name: "a file that passes", text: `${HEAD}test("t", () => {});`, failed: 0, prints: /^$/ },
];

for (const { name, text, failed, prints } of FILES) {
  test(`testOnNode: ${name}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "loopgate-test-"));
    const [pidFile, file] = [join(folder, "pid"), join(folder, "a_test.ts")];
    const tellPid = `import { writeFileSync } from "node:fs";\nwriteFileSync(${
      JSON.stringify(pidFile)
    }, String(process.pid));\n`;
    await writeFile(file, tellPid + text);
    let printed = "";
    const node = process.env.LOOPGATE_NODE ?? process.execPath;
    const counts = await testOnNode([file], {
      node,
      deadlineMs: DEADLINE_MS,
      processes: 1,
      print: (line) => printed += `${line}\n`,
    });
    assert.equal(counts.failed, failed, printed);
    assert.match(printed, prints);
    const pid = Number(await readFile(pidFile, "utf8"));
    // Gone, and waited for.
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    await rm(folder, { recursive: true });
  });
}
