/** Every template is made into a workload, has no fault for an editor, builds, and is served with the answer that is promised. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LOOPBACK_V4 } from "../../src/base/ip_address.ts";
import { makeWorkload } from "../../src/build/new_workload.ts";
import { TEMPLATE_NAMES, type TemplateName, TEMPLATES } from "../../src/build/templates.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import { buildAll } from "../support/build_all.ts";
import { loopgate, ROOT } from "../support/program.ts";

/** Where no name server is: a port of this machine that nothing listens on. */
const NOBODY = { address: LOOPBACK_V4, port: 9 };

/** What each answers; an upstream cannot be had here, so that its proxy says so. */
const ANSWERS: readonly {
  readonly template: TemplateName;
  readonly path: string;
  readonly body?: string;
  readonly status?: number;
  readonly text: RegExp;
}[] = [
  { template: "hello", path: "/my-hello", text: /^Hello from Loopgate at \/my-hello\n$/ },
  { template: "service-tcp", path: "/task", body: '{"payload":"hello edge"}', text: /^h3110 3dg3$/ },
  { template: "fetch-proxy", path: "/proxy/", status: 502, text: /^The upstream cannot be reached\n$/ },
  { template: "hono", path: "/my-hono/hello/you", text: /^\{"hello":"you"\}$/ },
];

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-new-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("templates: side by side they have no fault for an editor, build, and serve what they promise", () =>
  withFolder(async (folder) => {
    assert.deepEqual(ANSWERS.map(({ template }) => template), TEMPLATE_NAMES.filter((name) => !name.endsWith("-rust")));
    for (const { template, path } of ANSWERS) {
      const name = `my-${template}`;
      assert.ok(TEMPLATES[template].curl.replace(":name", name).endsWith(path), template);
      await makeWorkload({ name, template, folder }, folderFiles);
      const { stdout, status } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", join(folder, name)]);
      assert.equal(status, 0, String(stdout));
    }
    await buildAll(folder);
    // Nobody here may ask the machine's name servers.
    const told: string[] = [];
    const emit = (event: GatewayEvent): void => void (event.kind === "guest-output" && told.push(event.line));
    const gateway = await startGateway({ folder, listen: { host: "127.0.0.1", port: 0 }, resolver: [NOBODY], emit });
    try {
      for (const { template, path, body, status = 200, text } of ANSWERS) {
        const answer = await fetch(gateway.url + path, body === undefined ? {} : { method: "POST", body });
        const said = await answer.text();
        assert.ok(
          answer.status === status && text.test(said),
          `${template}: ${answer.status} ${said}\n${told.join("\n")}`,
        );
      }
    } finally {
      await gateway.close();
    }
  }));

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
