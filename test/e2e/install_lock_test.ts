/** Several commands of a clone at the same time: one installs, the others wait, and who is killed keeps nobody. */
import assert from "node:assert/strict";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { takeInstallLock } from "../../scripts/install_lock.mjs";
import { eventually } from "../support/http_harness.ts";
import { EVALUATE, Program, ROOT, RUN } from "../support/program.ts";

/** What the launcher needs of a clone to install. */
const FILES = [
  "package.json",
  "package-lock.json",
  "scripts/runtimes/package.json",
  "scripts/run.mjs",
  "scripts/become.mjs",
  "scripts/deno_v8_flags.mjs",
  "scripts/install_lock.mjs",
  "src/cli/start_bundle.mjs",
];
/** Where this runtime is in a clone: what an installation brings. */
const RUNTIME = relative(ROOT, process.execPath);
const COMMAND = `console.log("the command runs");\n`;

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-install-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A clone without packages, and an npm that begins and does not end before `go`. */
class Clone {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async make(): Promise<void> {
    for (const file of FILES) await cp(join(ROOT, file), join(this.#folder, file));
    await writeFile(join(this.#folder, "src/cli/loopgate.mjs"), COMMAND);
    await mkdir(join(this.#folder, "bin"));
    const npm = join(this.#folder, "bin/npm");
    const lines = [
      "#!/bin/sh",
      '[ "$1" = install ] || exit 0',
      'echo "installs" >> log',
      'echo "npm $$ installs"',
      "while [ ! -e go ]; do sleep 0.05; done",
      "[ ! -e fail ] || exit 3",
      `mkdir -p ${dirname(RUNTIME)}`,
      `ln -s ${process.execPath} ${RUNTIME}`,
    ];
    await writeFile(npm, `${lines.join("\n")}\n`);
    await chmod(npm, 0o755);
  }

  /** One of its commands. */
  start(): Program {
    const path = `${join(this.#folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`;
    return new Program([...RUN, join(this.#folder, "scripts/run.mjs"), "loopgate"], {
      cwd: this.#folder,
      env: { PATH: path },
    });
  }

  async let(name: "go" | "fail"): Promise<void> {
    await writeFile(join(this.#folder, name), "");
  }

  /** Waits until the lock names a process: npm may write before the launcher has said that it is there. */
  async untilHeldBy(pid: string): Promise<void> {
    const file = join(this.#folder, "node_modules/.loopgate-installing.1");
    await eventually(async () => (await readFile(file, "utf8")).split(" ").includes(pid));
  }

  /** How often npm was started. */
  async installations(): Promise<number> {
    return (await readFile(join(this.#folder, "log"), "utf8")).split("\n").length - 1;
  }
}

function withClone(body: (clone: Clone) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const clone = new Clone(folder);
    await clone.make();
    await body(clone);
  });
}

/** Ends well, with what it is for. */
async function assertRan(program: Program): Promise<void> {
  assert.equal(await program.ended, 0, program.err);
  assert.equal(program.out, "the command runs\n");
}

test("run.mjs: of two commands of a fresh clone one installs, and the other waits for it and says so", () =>
  withClone(async (clone) => {
    const first = clone.start();
    await first.untilWritten(/npm \d+ installs/);
    const second = clone.start();
    const pid = await second.untilWritten(
      /^Waiting for the installation of another command \(process (\d+)\) \.\.\.$/m,
    );
    assert.equal(pid, String(first.pid));
    await clone.let("go");
    await assertRan(first);
    await assertRan(second);
    assert.equal(await clone.installations(), 1);
    assert.ok(!second.err.includes("Installing"), second.err);
    const third = clone.start();
    await assertRan(third);
    assert.equal(third.err, "");
  }));

test("run.mjs: a command that is killed while it installs is waited for as long as its npm lives, and no longer", () =>
  withClone(async (clone) => {
    const first = clone.start();
    const npm = await first.untilWritten(/npm (\d+) installs/);
    await clone.untilHeldBy(npm);
    first.signal("SIGKILL");
    const second = clone.start();
    const pid = await second.untilWritten(/Waiting for the installation of another command \(process (\d+)\)/);
    assert.equal(pid, npm);
    process.kill(Number(npm), "SIGKILL");
    await second.untilWritten(/npm \d+ installs/);
    await clone.let("go");
    await assertRan(second);
    assert.equal(await clone.installations(), 2);
  }));

test("run.mjs: who waited for an installation that fails installs by itself", () =>
  withClone(async (clone) => {
    await clone.let("fail");
    const first = clone.start();
    await first.untilWritten(/npm \d+ installs/);
    const second = clone.start();
    await second.untilWritten(/Waiting for/);
    await clone.let("go");
    assert.equal(await first.ended, 3, first.err);
    assert.equal(await second.ended, 3, second.err);
    assert.equal(await clone.installations(), 2);
  }));

test("takeInstallLock: past its limit a wait fails and names the process and the file", () =>
  withFolder(async (folder) => {
    const lock = takeInstallLock(folder);
    assert.throws(() => takeInstallLock(folder, { waitMsMax: 0 }), (error) => {
      assert.ok(error instanceof Error);
      const file = join(folder, ".loopgate-installing.1");
      assert.ok(error.message.includes(`process ${process.pid} has been at it for 0 s`), error.message);
      assert.ok(error.message.endsWith(`remove ${file}`), error.message);
      return true;
    });
    lock.release();
    takeInstallLock(folder, { waitMsMax: 0 }).release();
  }));

test("takeInstallLock: many at once have it one after the other, also when some of them are killed while they have it", () =>
  withFolder(async (folder) => {
    const file = JSON.stringify(new URL("../../scripts/install_lock.mjs", import.meta.url).href);
    // The mark of who has it can be made by one at a time.
    const source = `import { closeSync, openSync, rmSync } from "node:fs"; import process from "node:process";
      import { takeInstallLock } from ${file};
      const folder = ${JSON.stringify(folder)};
      for (let round = 0; round < 5; round++) {
        const lock = takeInstallLock(folder);
        closeSync(openSync(folder + "/mark", "wx"));
        rmSync(folder + "/mark");
        lock.release();
      }
      takeInstallLock(folder);
      process.kill(process.pid, "SIGKILL");`;
    const programs = Array.from({ length: 6 }, () => new Program([...EVALUATE, source]));
    for (const program of programs) {
      const code = await program.ended;
      assert.ok(code === null || code === 137, `it ended with ${code}: ${program.err}`);
    }
    takeInstallLock(folder, { waitMsMax: 0 }).release();
  }));
