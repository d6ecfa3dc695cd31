/**
 * The package as JSR gives it out: modules and the files beside them come over HTTP, bare names are `npm:` specifiers. A
 * loopback server stands in for the registry, with exactly what `deno publish` would send.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { componentBytes } from "../support/gateway_harness.ts";
import { Program, ROOT } from "../support/program.ts";

const IS_DENO = process.versions["deno"] !== undefined;
const skip = IS_DENO ? false : "JSR is for Deno here";
const FOLDER = fs.mkdtempSync(join(tmpdir(), "loopgate-jsr-"));

interface DenoFile {
  readonly exports: Readonly<Record<string, string>>;
}

const DENO_FILE = JSON.parse(fs.readFileSync(join(ROOT, "deno.json"), "utf8")) as DenoFile;
const PACKAGE = JSON.parse(fs.readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** What somebody asked the stand-in for, and the paths that it has. */
const asked = new Set<string>();
let published: ReadonlySet<string> = new Set();
let server: Server;
let origin = "";

before(async () => {
  if (!IS_DENO) return;
  published = new Set(publishedPaths());
  server = createServer((request, response) => {
    const path = (request.url ?? "/").slice(1);
    asked.add(path);
    if (!published.has(path)) return void response.writeHead(404).end();
    const contentType = path.endsWith(".ts") ? "application/typescript" : "text/plain";
    response.writeHead(200, { "content-type": contentType }).end(fs.readFileSync(join(ROOT, path)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Nothing is fetched from a registry: the packages are those of the clone.
  fs.symlinkSync(join(ROOT, "node_modules"), join(FOLDER, "node_modules"));
  fs.copyFileSync(join(ROOT, "package.json"), join(FOLDER, "package.json"));
  fs.writeFileSync(join(FOLDER, "deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
  fs.writeFileSync(join(FOLDER, "map.json"), JSON.stringify({ imports: importMap() }));
  fs.cpSync(join(ROOT, "workloads/hello"), join(FOLDER, "workloads/hello"), { recursive: true });
});

after(() => {
  server?.close();
  fs.rmSync(FOLDER, { recursive: true });
});

/** What `deno publish --dry-run` lists. */
function publishedPaths(): readonly string[] {
  const { status, stderr } = spawnSync(process.execPath, ["publish", "--dry-run", "--allow-dirty", "--no-check"], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  assert.equal(status, 0, stderr);
  return [...stderr.matchAll(/^ +(file:\/\/\S+) \(/gm)].map(([, url = ""]) => relative(ROOT, new URL(url).pathname));
}

/** JSR rewrites bare names when a package is published; here the program's import map stands in for that. */
function importMap(): Readonly<Record<string, string>> {
  const own = Object.entries(DENO_FILE.exports).map(([name, path]) => [
    `loopgate${name.slice(1)}`,
    new URL(path, `${origin}/`).href,
  ]);
  const others = Object.entries({ ...PACKAGE.devDependencies, ...PACKAGE.dependencies }).flatMap(([name, version]) => [
    [name, `npm:${name}@${version}`],
    [`${name}/`, `npm:/${name}@${version}/`],
  ]);
  return Object.fromEntries([...own, ...others]) as Record<string, string>;
}

/** What the admin page is made of. */
const PAGE_FILES = ["page.js", "picture.js", "elements.js", "page.css"];

/** Everything that a package of JSR could miss: the admin page's files, the client for requests of guests, traces, the test kit. */
const PROGRAM = `
import { startGateway } from "loopgate";
import { testComponent } from "loopgate/testing";
import { LOOPBACK_V4 } from "ORIGIN/src/base/ip_address.ts";
import { DEFAULT_EGRESS } from "ORIGIN/src/gateway/default_egress.ts";

const answered = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => new Response("from outside"));
const { port: upstream } = answered.addr;
const gateway = await startGateway({
  folder: "workloads",
  listen: { host: "127.0.0.1", port: 0 },
  admin: { host: "127.0.0.1", port: 0 },
  otlp: \`http://127.0.0.1:\${upstream}\`,
  egress: { ...DEFAULT_EGRESS, locate: () => ({ address: LOOPBACK_V4, port: upstream }) },
});
const say = async (url: string) => {
  const response = await fetch(url);
  console.log(response.status, (await response.text()).trim().split("\\n")[0]);
};
const admin = \`http://127.0.0.1:\${gateway.adminAddress?.port}\`;
for (const path of ["", ...${JSON.stringify(PAGE_FILES)}, "healthz"]) await say(\`\${admin}/\${path}\`);
await say(\`\${gateway.url}/hello/you\`);
await say(\`\${gateway.url}/proxy/it\`);
await gateway.close();
await answered.shutdown();
await using component = await testComponent("workloads/hello/dist/hello.wasm");
console.log((await component.fetch("/hello/you")).status);
`;

test(
  "a gateway whose modules come over HTTP serves, shows its page, and lets its guests ask others",
  { skip },
  async () => {
    for (const [folder, file] of [["hello", "hello"], ["fetch-proxy", "fetch_proxy"]] as const) {
      fs.mkdirSync(join(FOLDER, "workloads", folder, "dist"), { recursive: true });
      fs.writeFileSync(join(FOLDER, "workloads", folder, "dist", `${file}.wasm`), await componentBytes(file));
    }
    const route = { match: { path: "/proxy/*" }, component: "dist/fetch_proxy.wasm" };
    fs.writeFileSync(
      join(FOLDER, "workloads/fetch-proxy/proxy.route.jsonc"),
      JSON.stringify({ ...route, net: ["http://192.0.2.7"], env: { UPSTREAM: "http://192.0.2.7" } }),
    );
    fs.writeFileSync(join(FOLDER, "program.ts"), PROGRAM.replaceAll("ORIGIN", origin));
    const flags = ["--allow-net", "--allow-read", "--allow-env", "--allow-sys=networkInterfaces,uid", "--no-prompt"];
    const words = ["--no-lock", "--import-map=map.json", `--allow-import=${new URL(origin).host}`, ...flags];
    // Not `spawnSync`: the stand-in for the registry answers in this process.
    const program = new Program(["run", "-q", ...words, "program.ts"], { cwd: FOLDER });
    assert.equal(await program.ended, 0, program.err);
    const firstLineOf = (file: string) =>
      fs.readFileSync(join(ROOT, "src/admin/page", file), "utf8").split("\n")[0]?.trim();
    assert.deepEqual(program.out.trim().split("\n"), [
      "200 <!doctype html>",
      ...PAGE_FILES.map((file) => `200 ${firstLineOf(file)}`),
      "200 ok",
      "200 Hello from Loopgate at /hello/you",
      "200 from outside",
      "200",
    ]);
    assert.deepEqual([...asked].filter((path) => !published.has(path)), []);
  },
);
