/** Secrets of a running gateway: guests get them, nobody else does, and a changed one is a change of its workload. */
import assert from "node:assert/strict";
import { mkdtemp, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { folderFiles } from "../../src/config/folder_files.ts";
import { runCli } from "../../src/cli/cli.ts";
import { FakeProcess } from "../support/fake_process.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { type WatchedGateway, watchFolder } from "../support/watched_folder.ts";

/** A folder of the operator's, with a secret that is replaced as careful tools do it. */
class Vault {
  readonly file: string;

  private constructor(folder: string) {
    this.file = join(folder, "db");
  }

  static async open(value: string): Promise<Vault> {
    const vault = new Vault(await realpath(await mkdtemp(join(tmpdir(), "loopgate-vault-"))));
    await vault.put(value);
    return vault;
  }

  async put(value: string): Promise<void> {
    await writeFile(`${this.file}.new`, value);
    await rename(`${this.file}.new`, this.file);
  }

  async close(): Promise<void> {
    await rm(join(this.file, ".."), { recursive: true });
  }
}

async function watched(vault: Vault): Promise<WatchedGateway> {
  const probe = await componentBytes("probe");
  const route = (name: string, env: unknown, args: readonly unknown[] = []): unknown => ({
    match: { host: `${name}.example`, path: "/*" },
    component: "probe.wasm",
    env,
    args,
  });
  return await watchFolder({
    "gateway.jsonc": {
      admin: "127.0.0.1:0",
      secrets: { "db-password": { from: "file", path: vault.file, workloads: ["one"] } },
    },
    "one/all.route.jsonc": route("one", { PASSWORD: { secret: "db-password" } }, ["--password", {
      secret: "db-password",
    }]),
    "one/probe.wasm": probe,
    "two/all.route.jsonc": route("two", {}),
    "two/probe.wasm": probe,
  });
}

async function environmentOf(gateway: WatchedGateway, workload: string): Promise<unknown> {
  return (JSON.parse(await gateway.ask(workload, "/environment")) as { env: unknown }).env;
}

async function argumentsOf(gateway: WatchedGateway, workload: string): Promise<unknown> {
  return (JSON.parse(await gateway.ask(workload, "/environment")) as { args: unknown }).args;
}

test("secrets: a changed file replaces the workload that names it and no other; a missing one keeps it", async () => {
  const vault = await Vault.open("first s3cret\n");
  const gateway = await watched(vault);
  assert.deepEqual(await environmentOf(gateway, "one"), [["PASSWORD", "first s3cret"]]);
  assert.deepEqual(await argumentsOf(gateway, "one"), ["probe.wasm", "--password", "first s3cret"]);
  assert.deepEqual(await environmentOf(gateway, "two"), []);
  await vault.put("second s3cret\n");
  await gateway.untilReloads(1);
  assert.deepEqual(await environmentOf(gateway, "one"), [["PASSWORD", "second s3cret"]]);
  await rm(vault.file);
  const kept = await gateway.untilReloads(2);
  assert.deepEqual([kept.outcome, kept.workload], ["kept", "one"]);
  assert.match(kept.detail ?? "", /the secret "db-password" cannot be used: ".*\/db" cannot be read: it is not there/);
  assert.deepEqual(await environmentOf(gateway, "one"), [["PASSWORD", "second s3cret"]]);
  assert.deepEqual(gateway.reloads(), ["replaced one", "kept one"]);
  assert.deepEqual(await gateway.close(), {});
  await vault.close();
});

test("secrets: the gateway shows them to nobody", async () => {
  const vault = await Vault.open("s3cret");
  const gateway = await watched(vault);
  await environmentOf(gateway, "one");
  const admin = gateway.gateway.adminAddress ?? assert.fail("there is no admin");
  const pages = await Promise.all(["/workloads", "/metrics", "/"].map(async (path) => {
    return await (await fetch(`http://127.0.0.1:${admin.port}${path}`)).text();
  }));
  const printed = await Promise.all(
    [["check"], ["check", "--json"], ["explain", "one", "https://example.com"]].map(async ([name = "", ...words]) => {
      const fake = new FakeProcess();
      const folder = name === "explain" ? ["--folder", gateway.folder.path] : [gateway.folder.path];
      await runCli(fake.tools([name, ...words, ...folder], { files: folderFiles }));
      assert.equal(fake.err, "");
      return fake.out;
    }),
  );
  const { gateway: core } = gateway;
  const program = [
    JSON.stringify(core.workloads),
    inspect(core.workloads, { depth: 20, showHidden: true }),
    inspect(core.metrics()),
  ];
  const shown = [...pages, ...printed, ...program, JSON.stringify(gateway.events)];
  for (const text of shown) assert.ok(text.length > 0 && !text.includes("s3cret"), text);
  assert.deepEqual(await gateway.close(), {});
  await vault.close();
});
