/** Every template is made into a workload, has no fault for an editor, builds, and is served with the answer that is promised. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { buildFolder } from "../../src/build/build_folder.ts";
import { makeWorkload } from "../../src/build/new_workload.ts";
import { TEMPLATE_NAMES, type TemplateName, TEMPLATES } from "../../src/build/templates.ts";
import { jobRunner, runProgram } from "../../src/cli/build_process.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { rustEnvironment } from "../../scripts/guest_build/rust_toolchain.ts";
import { loopgate, ROOT } from "../support/program.ts";

/** What each answers; an upstream cannot be had here, so that its proxy says so. */
const ANSWERS: Readonly<
  Record<TemplateName, { readonly path: string; readonly body?: string; readonly text: RegExp }>
> = {
  hello: { path: "/shop", text: /^Hello from Loopgate at \/shop\n$/ },
  "service-tcp": { path: "/task", body: '{"payload":"hello edge"}', text: /^h3110 3dg3$/ },
  "fetch-proxy": { path: "/proxy/", text: /./ },
  hono: { path: "/shop/hello/you", text: /^\{"hello":"you"\}$/ },
  "service-tcp-rust": { path: "/task", body: '{"payload":"hello edge"}', text: /^h3110 3dg3$/ },
};

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-new-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The toolchain of the test guests, when it is there. */
async function rustToolchain(): Promise<string | undefined> {
  const toolchains = join(ROOT, ".cache/toolchains");
  const names = await readdir(toolchains).catch(() => []);
  const name = names.find((each) => /^rust-[0-9a-f]+$/.test(each));
  return name === undefined ? undefined : join(toolchains, name);
}

for (const template of TEMPLATE_NAMES) {
  test(`template ${template}: no fault for an editor, and it serves what it promises`, async (t) => {
    const { isTypeScript, curl } = TEMPLATES[template];
    const { path, body, text } = ANSWERS[template];
    assert.ok(curl.replace(":name", "shop").endsWith(path), curl);
    const rust = isTypeScript ? undefined : await rustToolchain();
    if (!isTypeScript && rust === undefined) return t.skip("there is no Rust toolchain for WASI");
    const before = { ...process.env };
    t.after(() => void (process.env = before));
    if (rust !== undefined) Object.assign(process.env, rustEnvironment(rust));
    await withFolder(async (folder) => {
      await makeWorkload({ name: "shop", template, folder }, folderFiles);
      if (isTypeScript) {
        const { stdout, status } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", join(folder, "shop")]);
        assert.equal(status, 0, String(stdout));
      }
      const { outcomes, diagnostics } = await buildFolder(folder, folderFiles, {
        runJob: jobRunner(),
        runProgram,
        clock: systemClock,
        onOutcome: () => {},
      });
      assert.deepEqual(diagnostics, []);
      assert.deepEqual(outcomes.filter(({ kind }) => kind !== "built"), []);
      assert.ok(outcomes.length > 0);
      const gateway = await startGateway({ folder, listen: { host: "127.0.0.1", port: 0 } });
      try {
        const request = body === undefined ? {} : { method: "POST", body };
        const answer = await fetch(gateway.url + path, request);
        assert.match(await answer.text(), text);
        assert.ok(answer.status === 200 || template === "fetch-proxy", String(answer.status));
      } finally {
        await gateway.close();
      }
    });
  });
}

test("loopgate new: says what it made and what comes next, and never touches what is there", () =>
  withFolder(async (folder) => {
    const made = loopgate("new", "shop", "-t", "hono", "--folder", folder);
    assert.equal(await made.ended, 0, made.err);
    assert.match(made.out, /^made shop from the template hono:\n {2}\S+shop\/[^]*src\/hono\.ts\n/);
    assert.match(made.out, /\nNext:\n {2}loopgate dev \S+\n {2}curl http:\/\/127\.0\.0\.1:8080\/shop\/hello\/you\n$/);
    for (const line of made.out.split("\n").filter((each) => each.startsWith(`  ${folder}`))) {
      await readFile(line.trim());
    }
    const source = join(folder, "shop/src/hono.ts");
    await writeFile(source, "mine");
    await writeFile(join(folder, "taken"), "mine");
    const refused: readonly (readonly [name: string, why: RegExp])[] = [
      ["shop", /"\S+shop" is there already, expected a new name/],
      ["taken", /"\S+taken" is there already, expected a new name/],
      ["../up", /its name is no name of a workload, expected at most 63 letters/],
      [".hidden", /its name is no name of a workload/],
      ["node_modules", /a folder of this name is never a workload/],
    ];
    for (const [name, why] of refused) {
      const second = loopgate("new", name, "--folder", folder);
      assert.equal(await second.ended, 2, second.out);
      assert.match(second.err, why);
    }
    const inside = loopgate("new", "inner", "--folder", join(folder, "shop"));
    assert.equal(await inside.ended, 2);
    assert.match(inside.err, /is a workload itself, expected a folder that holds workloads/);
    assert.deepEqual((await readdir(folder)).toSorted(), ["shop", "taken"]);
    assert.equal(await readFile(source, "utf8"), "mine");
  }));
