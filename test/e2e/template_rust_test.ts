/** The Rust template: Cargo builds it, core modules become components, and it serves what it promises. */
import assert from "node:assert/strict";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { makeWorkload } from "../../src/build/new_workload.ts";
import { folderFiles } from "../../src/config/folder_files.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { rustEnvironment } from "../../scripts/guest_build/rust_toolchain.ts";
import { buildAll } from "../support/build_all.ts";
import { ROOT } from "../support/program.ts";

/** What Cargo made of other people's crates stays for the next run, of either runtime: it takes a minute. */
const CACHE = join(ROOT, ".cache/rust_template");

/** The toolchain of the test guests, when it is there. */
async function rustToolchain(): Promise<string | undefined> {
  const toolchains = join(ROOT, ".cache/toolchains");
  const name = (await readdir(toolchains).catch(() => [])).find((each) => /^rust-[0-9a-f]+$/.test(each));
  return name === undefined ? undefined : join(toolchains, name);
}

test("template service-tcp-rust: it builds and serves what it promises", async (t) => {
  const rust = await rustToolchain();
  if (rust === undefined) return t.skip("there is no Rust toolchain for WASI");
  const folder = join(CACHE, "workloads");
  await mkdir(folder, { recursive: true });
  const [target, kept] = [join(folder, "shop/target"), join(CACHE, "target")];
  await rename(target, kept).catch(() => {});
  await rm(join(folder, "shop"), { recursive: true, force: true });
  await makeWorkload({ name: "shop", template: "service-tcp-rust", folder }, folderFiles);
  await rename(kept, target).catch(() => {});
  const environment = rustEnvironment(rust);
  const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
  Object.assign(process.env, environment);
  try {
    await buildAll(folder);
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
  const gateway = await startGateway({ folder, listen: { host: "127.0.0.1", port: 0 } });
  try {
    const answer = await fetch(`${gateway.url}/task`, { method: "POST", body: '{"payload":"hello edge"}' });
    assert.deepEqual([answer.status, await answer.text()], [200, "h3110 3dg3"]);
  } finally {
    await gateway.close();
  }
});
