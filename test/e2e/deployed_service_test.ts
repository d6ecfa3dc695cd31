/**
 * What docs/deployment.md and docs/upgrading.md say to type on a machine is typed: from an empty folder to a service of the
 * system, to the next version and back. Folders of the machine are below one of the test's own, and what `systemctl` does
 * is done by the unit's own words: its command with its environment and no other, as a user who is not root. On Node alone,
 * which the unit has.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, delimiter, dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { blocksOf, DocumentShell } from "../support/document_commands.ts";
import { Program, ROOT } from "../support/program.ts";

const IS_DENO = process.versions["deno"] !== undefined;
const HAS_NPM = spawnSync("npm", ["--version"]).status === 0;
/** Who is root may become somebody else: `nobody` of all systems. */
const NOBODY = 65_534;
const CAN_CHANGE_USER = process.getuid?.() === 0 && spawnSync("setpriv", ["--version"]).status === 0;
const FREE_PORTS = "LOOPGATE_LISTEN=127.0.0.1:0\nLOOPGATE_ADMIN=127.0.0.1:0\n";

function linesOf(document: string, heading: string, index = 0): readonly string[] {
  const blocks = blocksOf(readFileSync(join(ROOT, document), "utf8"), heading);
  const { text } = blocks.filter(({ language }) => language === "")[index] ?? assert.fail(`${document}: ${heading}`);
  return text.trim().split("\n").map((line) => line.replace(/ +# .*$/, ""));
}

/** A machine whose folders lie in a folder, with its one service. */
class Machine {
  readonly shell: DocumentShell;
  readonly #root: string;
  readonly #control: Server;
  #service: Program | undefined;
  /** What of `systemctl` was asked for. */
  readonly asked: string[] = [];

  private constructor(shell: DocumentShell, control: Server) {
    this.shell = shell;
    this.#root = join(dirname(shell.folder), "root");
    this.#control = control;
  }

  static async open(): Promise<Machine> {
    const control = createServer();
    control.listen(0, "127.0.0.1");
    await new Promise((resolve) => control.once("listening", resolve));
    const { port } = control.address() as AddressInfo;
    const shell = await DocumentShell.open({
      systemctl: `exec curl -sf --get --data-urlencode "words=$*" http://127.0.0.1:${port}/`,
      "systemd-sysusers": `[ -f "$ROOT/usr/lib/sysusers.d/loopgate.conf" ]`,
    });
    const machine = new Machine(shell, control);
    // Another user passes through it.
    chmodSync(dirname(shell.folder), 0o755);
    for (
      const folder of [
        "usr/local",
        "usr/lib/sysusers.d",
        "etc/systemd/system",
        "etc/loopgate",
        "srv",
        "var/cache/loopgate",
      ]
    ) {
      mkdirSync(join(machine.#root, folder), { recursive: true });
    }
    if (CAN_CHANGE_USER) chownSync(join(machine.#root, "var/cache/loopgate"), NOBODY, NOBODY);
    writeFileSync(join(machine.#root, "etc/loopgate/environment"), FREE_PORTS);
    mkdirSync(machine.#home);
    copyClone(join(machine.#home, "loopgate"));
    control.on("request", (request, response) => {
      const words = new URL(request.url ?? "", "http://a").searchParams.get("words") ?? "";
      machine.#systemctl(words).then(
        () => response.writeHead(204).end(),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    return machine;
  }

  /** Types lines; what asks over HTTP asks the service, where it listens. */
  async type(lines: readonly string[]): Promise<string> {
    let printed = "";
    for (const line of [lines.filter((each) => !each.startsWith("curl ")).join("\n"), ...lines.filter(isAsking)]) {
      const place = line.includes("127.0.0.1:8081") ? await this.#origin("adminAddress") : "";
      const here = this.#here(line).replace("http://127.0.0.1:8081", place);
      const end = await this.shell.run(`set -eu\n${here}`, this.#environment());
      assert.equal(end.exitCode, 0, `${line}\n${end.printed}`);
      printed += end.printed;
    }
    return printed;
  }

  /** What runs, as a client sees it. */
  async version(): Promise<string> {
    const answer = await fetch(`${await this.#origin("address")}/hi`);
    assert.equal(await answer.text(), "Hello from Loopgate at /hi\n");
    const metrics = await (await fetch(`${await this.#origin("adminAddress")}/metrics`)).text();
    return /^loopgate_build_info\{version="([^"]+)"\} 1$/m.exec(metrics)?.[1] ?? metrics;
  }

  /** Types a line that serves until Ctrl-C, and in another terminal those that ask it. */
  async serve(line: string, asking: readonly string[]): Promise<string> {
    const program = this.shell.start(line.replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:0"), { env: this.#environment() });
    try {
      const admin = await program.untilWritten(/Admin on (http:\S+)/);
      const origin = await program.untilWritten(/Listening on (http:\S+)/);
      const lines = asking.join("\n").replaceAll("http://127.0.0.1:8081", admin)
        .replaceAll("http://127.0.0.1:8080", origin);
      const { exitCode, printed } = await this.shell.run(`set -eu\n${lines}`);
      assert.equal(exitCode, 0, printed);
      return printed;
    } finally {
      program.signal("SIGINT");
      assert.equal(await program.ended, 0, program.err);
    }
  }

  async close(): Promise<void> {
    await this.#stop();
    await new Promise((resolve) => this.#control.close(resolve));
    await this.shell.close();
  }

  get #home(): string {
    return join(dirname(this.shell.folder), "home");
  }

  #environment(): Readonly<Record<string, string>> {
    return {
      HOME: this.#home,
      ROOT: this.#root,
      PATH: [`${this.#root}/usr/local/bin`, dirname(process.execPath), this.shell.path].join(delimiter),
      npm_config_prefix: `${this.#root}/usr/local`,
      npm_config_prefer_offline: "true",
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_cache: process.env["npm_config_cache"] ?? join(process.env["HOME"] ?? "/root", ".npm"),
    };
  }

  /** With folders of this machine. */
  #here(text: string): string {
    return text.replaceAll(/(?<=^|[ =-])(?=\/(?:usr|etc|srv|var)\/)/g, this.#root);
  }

  async #systemctl(verb: string): Promise<void> {
    this.asked.push(verb);
    if (verb === "daemon-reload") return;
    assert.match(verb, /^(?:enable --now|restart) loopgate$/);
    await this.#stop();
    const unit = readFileSync(join(this.#root, "etc/systemd/system/loopgate.service"), "utf8");
    const valuesOf = (key: string): readonly string[] =>
      [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);
    const [command = ""] = valuesOf("ExecStart");
    const [settings = ""] = valuesOf("EnvironmentFile");
    const variables = [
      ...valuesOf("Environment").join(" ").split(" "),
      ...readFileSync(this.#here(settings).replace(/^-/, ""), "utf8").trim().split("\n"),
    ].map((each) => this.#here(each));
    // What systemd gives by itself, and where this test has Node.
    variables.push(`PATH=${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`);
    const user = CAN_CHANGE_USER ? AS_NOBODY : [];
    const words = ["-i", ...variables, ...user, ...this.#here(command).split(" ")];
    this.#service = new Program(words, { cwd: "/", file: "/usr/bin/env" });
  }

  async #stop(): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    this.#service = undefined;
    service.signal("SIGTERM");
    assert.equal(await service.ended, 0, service.err);
  }

  async #origin(which: "address" | "adminAddress"): Promise<string> {
    const service = this.#service ?? assert.fail("it does not run");
    const line = await service.untilWritten(/^(\{.*"event":"listening".*\})$/m);
    const { [which]: { port } } = JSON.parse(line) as Record<typeof which, { readonly port: number }>;
    return `http://127.0.0.1:${port}`;
  }
}

/** A clone of its own to make the package in: another test may make one in this clone. */
function copyClone(folder: string): void {
  const left = new Set([".git", ".cache", "node_modules", "dist", "target", "test", "bench"]);
  cpSync(ROOT, folder, { recursive: true, filter: (path) => !left.has(basename(path)) });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
}

const AS_NOBODY = [
  "setpriv",
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  "--clear-groups",
  "--no-new-privs",
  "--inh-caps=-all",
];

function isAsking(line: string): boolean {
  return line.startsWith("curl ");
}

/** The package under the next version's number. */
const NEXT_VERSION = [
  "tar -xzf loopgate-0.1.0.tgz",
  `grep -rlF '"0.1.0"' package/package.json package/dist | xargs sed -i 's/"0\\.1\\.0"/"0.2.0"/'`,
  "npm pack --ignore-scripts ./package",
  "rm -r package",
];

if (!IS_DENO) {
  test("docs/deployment.md, docs/upgrading.md: from an empty folder to a service, to the next version and back", {
    skip: HAS_NPM ? false : "there is no npm",
  }, async () => {
    const machine = await Machine.open();
    try {
      const lines = linesOf("docs/deployment.md", "From an empty folder to a service");
      const at = lines.findIndex((line) => line.startsWith("loopgate serve "));
      assert.match(await machine.type(lines.slice(0, at)), /1 workload, no fault/);
      assert.match(await machine.serve(lines[at] ?? "", lines.slice(at + 1)), /ready[^]*Hello from Loopgate at \/hi/);
      await machine.type(["mkdir ~/apps", "cp -r hi ~/apps"]);
      const [install, ...deploy] = linesOf("docs/deployment.md", "systemd");
      assert.equal(install, lines[1], "it is installed already");
      await machine.type(deploy);
      assert.equal(await machine.version(), "0.1.0");
      await machine.type(NEXT_VERSION);
      const checked = await machine.type(linesOf("docs/upgrading.md", "A new version", 0));
      assert.match(checked, /1 workload, no fault/);
      assert.equal(await machine.version(), "0.2.0");
      await machine.type(linesOf("docs/upgrading.md", "A new version", 1));
      assert.equal(await machine.version(), "0.1.0");
      assert.deepEqual(machine.asked, [
        "daemon-reload",
        "enable --now loopgate",
        "restart loopgate",
        "restart loopgate",
      ]);
    } finally {
      await machine.close();
    }
  });
}
