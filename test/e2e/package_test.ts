/** What `npm pack` makes: installed into an empty folder it serves, builds and can be imported, on this runtime. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { pinned, tool } from "../../scripts/tools.ts";
import { pathWith, stepsOf } from "../deploy/manifests.ts";
import { Program, ROOT, RUN } from "../support/program.ts";

const IS_DENO = process.versions["deno"] !== undefined;
const HAS_NPM = spawnSync("npm", ["--version"]).status === 0;
const skip = HAS_NPM ? false : "there is no npm";
const FOLDER = fs.mkdtempSync(join(tmpdir(), "loopgate-package-"));
const APP = join(FOLDER, "app");
const BIN = join(APP, "node_modules/.bin/loopgate");
const PACKAGE = join(APP, "node_modules/loopgate");

const FREE_PORTS = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

after(() => fs.rmSync(FOLDER, { recursive: true }));

/** A program's stdout; whatever it complains about fails. */
function run(file: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${file} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

let tarball = "";

test("npm pack: the tarball has what runs and what is read, and no test", { skip }, () => {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", FOLDER], ROOT)) as [
    { filename: string; files: readonly { path: string }[] },
  ];
  tarball = join(FOLDER, packed.filename);
  const paths = packed.files.map(({ path }) => path);
  for (
    const path of [
      "dist/mod.js",
      "dist/mod.d.ts",
      "dist/guest/mod.d.ts",
      "dist/testing/mod.js",
      "dist/cli/loopgate.mjs",
      "dist/admin/page/index.html",
      "dist/build/wit/http.wit",
      "dist/config/route.schema.json",
      "src/guest/mod.ts",
      "templates/service-tcp-rust/Cargo.toml",
      "workloads/hello/src/hello.ts",
      "deploy/systemd/loopgate.service",
    ]
  ) assert.ok(paths.includes(path), path);
  const allowed = /^(?:dist|src|templates|workloads\/[\w-]+\/(?:src\/|\w+(?:\.route)?\.jsonc$)|docs|deploy)/;
  // A root has more than anybody looks at: what is not named does not go out, nor does what only a machine has.
  const ofRoot = ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md", "package.json"];
  const stray = /_test\.|\.wasm$|\/dist\/|target\/|(?:^|\/)\.|node_modules|\.(?:pem|key|env|log|tgz)$/;
  assert.deepEqual(paths.filter((path) => stray.test(path) || !(allowed.test(path) || ofRoot.includes(path))), []);
});

test("npm publish --dry-run: it says nothing that npm would mend by itself", { skip }, () => {
  const { status, stderr } = spawnSync("npm", ["publish", "--dry-run", "--offline", tarball], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /auto-corrected|errors corrected|invalid/i);
});

test("npm install: an empty folder gets a command and three modules", { skip }, () => {
  fs.mkdirSync(APP);
  fs.writeFileSync(join(APP, "package.json"), '{ "name": "app", "private": true, "type": "module" }\n');
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], APP);
  assert.ok(!fs.existsSync(join(APP, "node_modules/rolldown")), "the tools of builds are no dependencies");
  assert.match(run(process.execPath, [...RUN, BIN, "--version"], APP), /^loopgate \d+\.\d+\.\d+\n$/);
  fs.cpSync(join(ROOT, "workloads/hello"), join(APP, "workloads/hello"), { recursive: true });
});

for (const words of [[], ["--replicas", "2"]]) {
  test(`the installed command serves ${words.join(" ")}`, { skip }, async () => {
    const program = new Program([...RUN, BIN, "serve", join(APP, "workloads"), "--listen", "127.0.0.1:0", ...words]);
    try {
      const url = await program.untilWritten(/Listening on (http:\S+)/);
      assert.match(await (await fetch(`${url}/hello/you`)).text(), /\/hello\/you/);
    } finally {
      program.signal("SIGINT");
    }
    assert.equal(await program.ended, 0, program.err);
  });
}

if (IS_DENO) {
  test("the installed command serves with the permissions that docs/deployment.md names", { skip }, async () => {
    const text = fs.readFileSync(join(ROOT, "docs/deployment.md"), "utf8");
    const [, flags = ""] = /^deno run (--.*) node_modules\/\.bin\/loopgate serve workloads$/m.exec(text) ?? [];
    const words = ["run", "-q", "--no-prompt", ...flags.split(" ").filter((word) => word !== ""), BIN, "serve"];
    const program = new Program([...words, join(APP, "workloads"), ...FREE_PORTS]);
    try {
      const url = await program.untilWritten(/Listening on (http:\S+)/);
      const admin = await program.untilWritten(/Admin on (http:\S+)/);
      assert.match(await (await fetch(`${url}/hello/you`)).text(), /\/hello\/you/);
      assert.match(await (await fetch(admin)).text(), /<html/);
    } finally {
      program.signal("SIGINT");
    }
    assert.equal(await program.ended, 0, program.err);
  });
}

test("the installed command makes a workload, and says what builds need", { skip }, () => {
  run(process.execPath, [...RUN, BIN, "new", "fresh", "--folder", APP], APP);
  const { status, stderr } = spawnSync(process.execPath, [...RUN, BIN, "build", "fresh"], {
    cwd: APP,
    encoding: "utf8",
  });
  assert.equal(status, 2);
  assert.match(stderr, /componentize-qjs and rolldown are not installed/);
  // As if they had been installed: what is tested is which files of the package a build reads.
  for (const name of ["componentize-qjs", "rolldown"]) {
    fs.symlinkSync(join(ROOT, "node_modules", name), join(APP, "node_modules", name));
  }
  run(process.execPath, [...RUN, BIN, "build", "fresh"], APP);
  assert.ok(fs.existsSync(join(APP, "fresh/dist/hello.wasm")));
});

const PROGRAM = `
import { createGateway, LoopgateError, startGateway } from "loopgate";
import type { Handler } from "loopgate/guest";
import { testComponent } from "loopgate/testing";

export const guest: Handler = { fetch: (request) => new Response(request.url) };
const gateway = await createGateway({ folder: "workloads" });
const answer: Response = await gateway.fetch(new Request("http://localhost/hello/you"));
console.log(answer.status, (await answer.text()).trim());
await gateway.close();
await using component = await testComponent("workloads/hello/dist/hello.wasm");
console.log((await component.fetch("/hello/you")).status);
try {
  await startGateway({ folder: "nowhere" });
} catch (error) {
  console.log(error instanceof LoopgateError && error.code);
}
`;

test("the installed modules can be imported, with their types", { skip }, () => {
  fs.writeFileSync(join(APP, "program.ts"), PROGRAM);
  assert.equal(
    run(process.execPath, [...RUN, "program.ts"], APP),
    "200 Hello from Loopgate at /hello/you\n200\nERR_CONFIG\n",
  );
  if (IS_DENO) {
    run(process.execPath, ["check", "--quiet", "program.ts"], APP);
    return;
  }
  fs.mkdirSync(join(APP, "node_modules/@types"));
  for (const name of ["@types/node", "undici-types"]) {
    fs.symlinkSync(join(ROOT, "node_modules", name), join(APP, "node_modules", name));
  }
  // Without skipLibCheck: the declarations of the package are checked themselves.
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "esnext", "--types", "node"];
  run(tool("tsc"), [...options, "program.ts"], APP);
});

test("dist: a module has its lines and columns where its source has them", { skip }, () => {
  const source = fs.readFileSync(join(PACKAGE, "src/gateway/gateway.ts"), "utf8").split("\n");
  const script = fs.readFileSync(join(PACKAGE, "dist/gateway/gateway.js"), "utf8").split("\n");
  const places = source.flatMap((line, index) => line.includes("throw new ") ? [[index, line.indexOf("throw")]] : []);
  assert.ok(places.length > 0);
  for (const [line = 0, column = 0] of places) assert.equal(script[line]?.slice(column, column + 5), "throw");
  const map = JSON.parse(fs.readFileSync(join(PACKAGE, "dist/gateway/gateway.js.map"), "utf8")) as {
    sources: readonly [string];
    mappings: string;
  };
  assert.ok(fs.existsSync(join(PACKAGE, "dist/gateway", map.sources[0])));
  assert.equal(map.mappings.split(";").length, source.length);
});

/** The steps of an image in a folder of this machine: they are those of deploy/Containerfile, with other places. */
function inFolder(words: readonly string[]): readonly string[] {
  const image = join(FOLDER, "image");
  const places: Readonly<Record<string, string>> = {
    "/opt/loopgate": join(image, "opt"),
    "/package/": `${FOLDER}/`,
    "/srv/workloads": join(image, "workloads"),
    "/files/": join(image, "files/"),
    "/work": join(image, "work"),
  };
  return words.map((word) =>
    word.replaceAll(
      /(?<![\w.])(?:\/opt\/loopgate|\/package\/|\/srv\/workloads|\/files\/|\/work\b)/g,
      (place) => places[place] ?? place,
    )
  );
}

// The image has Node; on Deno a package that is installed for the whole machine does not find its dependencies.
if (!IS_DENO) {
  test(
    "deploy: the steps of the image install the command, those of the pod put the workloads together",
    { skip },
    async () => {
      const image = join(FOLDER, "image");
      const install = stepsOf("deploy/Containerfile").find(({ words }) => words.join(" ").includes("npm install"));
      const [file = "", ...args] = inFolder(install?.words ?? []);
      run(file, args, FOLDER);
      // What the init container has: the workloads of their image, and a ConfigMap as the kubelet mounts it.
      const workloads = join(image, "workloads/hello");
      fs.cpSync(join(ROOT, "workloads/hello/dist"), join(workloads, "dist"), { recursive: true });
      fs.mkdirSync(join(image, "work"));
      fs.mkdirSync(join(image, "files/..data/hello"), { recursive: true });
      fs.writeFileSync(join(image, "files/..data/gateway.jsonc"), '{ "net": { "allow": ["public"] } }');
      fs.writeFileSync(
        join(image, "files/..data/hello/hello.route.jsonc"),
        '{ "match": { "path": "/hello/*" }, "component": "dist/hello.wasm" }',
      );
      for (const name of ["gateway.jsonc", "hello"]) fs.symlinkSync(`..data/${name}`, join(image, "files", name));
      const manifest = fs.readFileSync(join(ROOT, "deploy/kubernetes/deployment.yaml"), "utf8");
      const script = JSON.parse(/command: \["sh", "-ec", (".*")\]/.exec(manifest)?.[1] ?? '""') as string;
      // A command of this runtime, where the image has Node's.
      const bin = join(image, "opt/bin");
      fs.rmSync(join(bin, "loopgate"));
      const main = join(image, "opt/lib/node_modules/loopgate/dist/cli/loopgate.mjs");
      const words = [process.execPath, ...RUN, main].map((word) => `'${word}'`).join(" ");
      fs.writeFileSync(join(bin, "loopgate"), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
      const { status, stdout, stderr } = spawnSync("sh", ["-ec", ...inFolder([script])], {
        encoding: "utf8",
        env: { ...process.env, PATH: pathWith(bin) },
      });
      assert.equal(status, 0, `${stdout}${stderr}`);
      const program = new Program([...RUN, main, "serve", join(image, "work"), "--no-watch", ...FREE_PORTS]);
      try {
        const url = await program.untilWritten(/Listening on (http:\S+)/);
        const admin = await program.untilWritten(/Admin on (http:\S+)/);
        assert.match(await (await fetch(`${url}/hello/you`)).text(), /\/hello\/you/);
        assert.equal((await fetch(`${admin}/readyz`)).status, 200);
        checkHealth(admin, 0);
      } finally {
        program.signal("SIGTERM");
      }
      assert.equal(await program.ended, 0, program.err);
      checkHealth("http://127.0.0.1:1", 1);
    },
  );
}

function checkHealth(admin: string, expected: number): void {
  const health = stepsOf("deploy/Containerfile").find(({ words }) => words.join(" ").includes("/healthz"));
  const script = health?.words.at(-1)?.replace("http://127.0.0.1:8081", admin) ?? "";
  assert.equal(spawnSync(process.execPath, [...(IS_DENO ? ["eval", "-q"] : ["-e"]), script]).status, expected);
}

test("deno doc: every export of the library has its sentence, and every member of it", () => {
  const deno = IS_DENO ? process.execPath : pinned("deno");
  assert.ok(deno !== undefined, "the clone has a Deno");
  const { stdout, stderr } = spawnSync(
    deno,
    ["doc", "--lint", "src/mod.ts", "src/guest/mod.ts", "src/testing/mod.ts"],
    {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    },
  );
  // What it says of types that are named and not exported is a matter of taste.
  const told = `${stdout}${stderr}`;
  assert.match(told, /documentation lint error|^Checked /m);
  assert.deepEqual([...told.matchAll(/error\[missing-jsdoc\][^]*?--> (\S+)/g)].map(([, place]) => place), []);
});

test("deno publish --dry-run: the package for JSR has no fault and no slow type", () => {
  const deno = IS_DENO ? process.execPath : pinned("deno");
  assert.ok(deno !== undefined, "the clone has a Deno");
  const { status, stderr } = spawnSync(deno, ["publish", "--dry-run", "--allow-dirty", "--no-check"], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /^(?:warning|error)/m);
});
