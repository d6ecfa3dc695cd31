/**
 * The gateway as a process of its own, with a service that listens and serves: the kernel knows one listening socket of
 * it, no UDP socket, and no connection but those of its clients; on Deno one more, with itself (`base/loop_waker.ts`).
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { componentBytes } from "../support/gateway_harness.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const IS_DENO = process.versions["deno"] !== undefined;
const RUN = IS_DENO ? ["run", "-A", "-q"] : ["--disable-warning=ExperimentalWarning"];
const TABLES = ["tcp", "tcp6", "udp", "udp6"] as const;
const SKIP = process.platform === "linux" ? false : "it reads /proc";

interface KernelSocket {
  readonly table: (typeof TABLES)[number];
  readonly port: number;
  readonly isListening: boolean;
}

/** The rows of the kernel that a process has, with both ends. */
interface KernelRow extends KernelSocket {
  readonly peerPort: number;
}

/** The sockets of a process: its descriptors' inodes, found in the kernel's tables. */
async function socketsOf(pid: number): Promise<readonly KernelSocket[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => "")));
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const found: KernelRow[] = [];
  for (const table of TABLES) {
    const rows = (await readFile(`/proc/${pid}/net/${table}`, "utf8")).trim().split("\n").slice(1);
    for (const row of rows) {
      const fields = row.trim().split(/\s+/);
      if (!inodes.has(fields[9] ?? "")) continue;
      const [port, peerPort] = [fields[1], fields[2]].map((end) => Number.parseInt(end?.split(":")[1] ?? "", 16));
      found.push({ table, port: port ?? 0, peerPort: peerPort ?? 0, isListening: fields[3] === "0A" });
    }
  }
  const own = found.filter(({ port, peerPort }) =>
    found.some((other) => other.port === peerPort && other.peerPort === port)
  );
  assert.ok(own.length === 0 || (IS_DENO && own.length === 2), JSON.stringify(own));
  return found.filter((row) => !own.includes(row)).map(({ table, port, isListening }) => ({
    table,
    port,
    isListening,
  }));
}

test(
  "a gateway process has one listening socket and its clients' connections, nothing else",
  { skip: SKIP },
  async () => {
    await componentBytes("service_leet");
    const words = ["serve", join(ROOT, "workloads"), "--listen", "127.0.0.1:0"];
    const child = spawn(process.execPath, [...RUN, join(ROOT, "src/cli/main.ts"), ...words], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Uint8Array) => void (said += new TextDecoder().decode(bytes)));
    }
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    try {
      const url = await untilSaid(/Listening on (http:\/\/\S+)[^]*service-tcp service ready/);
      const port = Number(new URL(url).port);
      const pid = child.pid ?? 0;
      const listener = { table: "tcp", port, isListening: true };
      assert.deepEqual(await socketsOf(pid), [listener]);
      for (let round = 0; round < 5; round++) {
        const response = await fetch(`${url}/task`, { method: "POST", body: JSON.stringify({ payload: "leet" }) });
        assert.equal(await response.text(), "1337");
        const now = await socketsOf(pid);
        assert.deepEqual(now.filter(({ isListening }) => isListening), [listener]);
        // A kept connection of this very client.
        assert.ok(now.every((socket) => socket.table === "tcp" && socket.port === port), JSON.stringify(now));
      }
    } finally {
      // Not `child.kill`: after it, Deno reports the signal that was sent in place of the exit code.
      if (child.pid !== undefined) process.kill(child.pid, "SIGINT");
    }
    assert.equal(await ended, 0, said);

    async function untilSaid(pattern: RegExp): Promise<string> {
      for (;;) {
        const match = pattern.exec(said);
        if (match !== null) return match[1] ?? "";
        assert.equal(child.exitCode, null, said);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  },
);
