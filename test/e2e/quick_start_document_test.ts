/** What README.md says to type for a workload of one's own is typed, in an empty folder, and answered. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { usageText } from "../../src/cli/usage.ts";
import { blocksOf, DocumentShell, quotedWord } from "../support/document_commands.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { MAIN, Program, ROOT, RUN } from "../support/program.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
const BLOCKS = blocksOf(README, "A workload of your own");
/** What stands before the first command that goes on until Ctrl-C, that command, and what is typed elsewhere meanwhile. */
const [FIRST, SECOND] = BLOCKS.map(({ text }) => {
  const lines = text.split("\n").map((line) => line.replace(/ +#.*$/, "")).filter((line) => line !== "");
  const at = lines.findIndex((line) => /^loopgate (?:dev|serve)\b/.test(line));
  return { before: lines.slice(0, at), serving: lines[at] ?? "", meanwhile: lines.slice(at + 1) };
});

const IS_DENO = process.versions["deno"] !== undefined;
/** The command line, for what is started: an alias is no program. */
const LOOPGATE = `exec ${[process.execPath, ...RUN, MAIN].map(quotedWord).join(" ")} "$@"`;

async function asked(folder: string, serving: string, urls: readonly string[]): Promise<readonly string[]> {
  const [, ...words] = serving.split(" ");
  // A port that is free here in place of 8080.
  const program = new Program([...RUN, MAIN, ...words, "--listen", "127.0.0.1:0"], { cwd: folder });
  try {
    const origin = await program.untilWritten(/Listening on (http:\S+)/);
    return await Promise.all(urls.map(async (url) => {
      const response = await fetch(url.replace("http://127.0.0.1:8080", origin));
      return `${response.status} ${(await response.text()).trim()}`;
    }));
  } finally {
    program.signal("SIGINT");
    assert.equal(await program.ended, 0, program.err);
  }
}

const HAS_NPM = spawnSync("npm", ["--version"]).status === 0;

test("README.md: a clone's start serves the page of the sample", {
  skip: IS_DENO || HAS_NPM ? false : "there is no npm",
}, async () => {
  const [, npm = "", task = ""] = /^\| `(npm start)` +\| `(deno task start)` +\|/m.exec(README) ?? [];
  const [, page = ""] = /^Open <http:\/\/127\.0\.0\.1:8080(\/)> for the sample's page/m.exec(README) ?? [];
  await componentBytes("hello");
  const shell = await DocumentShell.open({ deno: `exec ${quotedWord(process.execPath)} "$@"` });
  const flags = "--listen 127.0.0.1:0";
  const program = shell.start(IS_DENO ? `${task} ${flags}` : `${npm} -- ${flags}`, { cwd: ROOT });
  try {
    const origin = await program.untilWritten(/Listening on (http:\S+)/);
    assert.match(await (await fetch(origin + page)).text(), /<html/);
  } finally {
    program.signal("SIGINT");
    assert.equal(await program.ended, 0, program.err);
    await shell.close();
  }
});

test("README.md: a workload of your own, from an empty home to an answer", async () => {
  assert.ok(FIRST !== undefined && SECOND !== undefined);
  const shell = await DocumentShell.open({ deno: `exec ${quotedWord(process.execPath)} "$@"` });
  try {
    symlinkSync(ROOT, join(shell.folder, "loopgate"));
    const home = { HOME: shell.folder };
    const before = FIRST.before.map((line) => IS_DENO ? line.replace("'node ", "'deno run -A ") : line);
    const made = await shell.run(["set -eu", ...before].join("\n"), home);
    assert.equal(made.exitCode, 0, made.printed);
    const apps = join(shell.folder, "apps");
    const [, url = ""] = /^curl (\S+)$/.exec(FIRST.meanwhile.join("\n")) ?? [];
    assert.deepEqual(await asked(apps, FIRST.serving, [url]), ["200 Hello from Loopgate at /hi"]);

    writeFileSync(join(apps, "handler.wasm"), await componentBytes("hello"));
    const added = await shell.run(["set -eu", "cd ~/apps", ...SECOND.before].join("\n"), home);
    assert.equal(added.exitCode, 0, added.printed);
    assert.equal(SECOND.serving, "loopgate serve .");
    assert.deepEqual(await asked(apps, SECOND.serving, ["http://127.0.0.1:8080/api/you", url]), [
      "200 Hello from Loopgate at /api/you",
      "200 Hello from Loopgate at /hi",
    ]);
  } finally {
    await shell.close();
  }
});

test("README.md: what explain prints", { skip: IS_DENO || HAS_NPM ? false : "there is no npm" }, async () => {
  await componentBytes("http_api");
  const [block = ""] = README.match(/^\$ npm run -s loopgate -- explain[^]*?(?=^```$)/m) ?? [];
  const [typed = "", ...told] = block.trim().split("\n");
  const shell = await DocumentShell.open({});
  try {
    const command = typed.slice(2).replace(
      "npm run -s loopgate --",
      IS_DENO ? "deno task --quiet loopgate" : "npm run -s loopgate --",
    );
    const path = `PATH=${quotedWord(dirname(process.execPath))}:"$PATH"`;
    const { printed } = await shell.run(`cd ${quotedWord(ROOT)}\n${path} ${command}`);
    assert.deepEqual(printed.trim().split("\n"), told);
  } finally {
    await shell.close();
  }
});

test("README.md: its synopsis is that of the help", () => {
  const [, shown = ""] = /^```text\n(loopgate serve [^]*?)^```$/m.exec(README) ?? [];
  const [, told = ""] = /^Usage:\n([^]*?)\n\n/m.exec(usageText(undefined)) ?? [];
  const words = (text: string): readonly string[] => text.trim().replaceAll(/\s+/g, " ").split(/ (?=loopgate )/);
  assert.deepEqual(words(shown), words(told));
});

test("docs/authoring.md: a service and a handler, from an empty folder to an answer", async () => {
  const [, block = ""] = /^```\n(loopgate new shop[^]*?)^```$/m.exec(
    readFileSync(join(ROOT, "docs/authoring.md"), "utf8"),
  ) ?? [];
  const [make = "", serving = "", ask = ""] = block.split("\n").map((line) => line.replace(/ +#.*$/, ""));
  const shell = await DocumentShell.open({ loopgate: LOOPGATE });
  try {
    const made = await shell.run(`set -eu\n${make}`);
    assert.equal(made.exitCode, 0, made.printed);
    const [, ...words] = serving.split(" ");
    const program = new Program([...RUN, MAIN, ...words, "--listen", "127.0.0.1:0"], { cwd: shell.folder });
    try {
      const origin = await program.untilWritten(/Listening on (http:\S+)/);
      const answer = await shell.run(`set -eu\n${ask.replace("http://127.0.0.1:8080", origin)}`);
      assert.match(answer.printed, /h3110 3dg3/);
    } finally {
      program.signal("SIGINT");
      assert.equal(await program.ended, 0, program.err);
    }
  } finally {
    await shell.close();
  }
});

// deployed_service_test.ts has it on Node, with its installation.
if (IS_DENO) {
  test("docs/deployment.md: from an empty folder to a service that is ready", async () => {
    const [block] = blocksOf(
      readFileSync(join(ROOT, "docs/deployment.md"), "utf8"),
      "From an empty folder to a service",
    );
    const lines = (block?.text ?? "").trim().split("\n").map((line) => line.replace(/ +#.*$/, ""));
    const { version, peerDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      readonly version: string;
      readonly peerDependencies: Readonly<Record<string, string>>;
    };
    const tools = ["componentize-qjs", "rolldown"].map((name) => `${name}@${peerDependencies[name]}`);
    // The package and its installation are those of package_test.ts.
    assert.deepEqual(lines.splice(0, 3), [
      "npm pack ~/loopgate",
      `npm install --global ./loopgate-${version}.tgz`,
      `npm install --global ${tools.join(" ")}`,
    ]);
    const [make = "", build = "", check = "", serving = "", ...asking] = lines;
    const shell = await DocumentShell.open({ loopgate: LOOPGATE });
    try {
      const made = await shell.run(["set -eu", make, build, check].join("\n"));
      assert.equal(made.exitCode, 0, made.printed);
      assert.match(made.printed, /1 workload, no fault/);
      const [, ...words] = serving.replaceAll(/127\.0\.0\.1:808\d/g, "127.0.0.1:0").split(" ");
      const program = new Program([...RUN, MAIN, ...words], { cwd: shell.folder });
      try {
        const admin = await program.untilWritten(/Admin on (http:\S+)/);
        const origin = await program.untilWritten(/Listening on (http:\S+)/);
        const here = asking.map((line) =>
          line.replace("http://127.0.0.1:8081", admin).replace("http://127.0.0.1:8080", origin)
        );
        const answers = await shell.run(["set -eu", ...here].join("\n"));
        assert.equal(answers.exitCode, 0, answers.printed);
        assert.match(answers.printed, /ready[^]*Hello from Loopgate at \/hi/);
      } finally {
        program.signal("SIGINT");
        assert.equal(await program.ended, 0, program.err);
      }
    } finally {
      await shell.close();
    }
  });
}
