/** `loopgate serve --replicas`, with real processes: one port, crashes, signals, and the end of the parent. */
import assert from "node:assert/strict";
import { cp, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { BECOME, EVALUATE, loopgate, MAIN, Program, RUN, withHello } from "../support/program.ts";

const LISTENING = /#(\d+) {2}replica listening, process (\d+)/g;

/** The processes that listened, by replica, the last of each. */
function pids(program: Program): ReadonlyMap<string, number> {
  return new Map([...program.out.matchAll(LISTENING)].map(([, index = "", pid]) => [index, Number(pid)]));
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A request on a connection of its own: the system chooses a replica for each. Undefined when it got no answer. */
function get(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false }, (response) => {
      response.resume();
      response.on("close", () => resolve(response.complete ? response.statusCode : undefined));
    });
    sent.on("error", () => resolve(undefined));
    sent.end();
  });
}

/** Serves `hello` with replicas; what is left of them is ended. */
async function serving(
  words: readonly string[],
  body: (program: Program, url: string) => Promise<void>,
  gatewayFile = {},
): Promise<void> {
  await withHello(async (folder) => {
    await writeFile(join(folder, "gateway.jsonc"), JSON.stringify(gatewayFile));
    const program = loopgate("serve", folder, "--listen", "127.0.0.1:0", ...words);
    try {
      const url = await program.untilWritten(/Try: curl -i (\S+)/);
      await until(() => pids(program).size === 3);
      await body(program, url);
    } finally {
      if (program.pid !== undefined && isAlive(program.pid)) program.signal("SIGKILL");
      for (const pid of pids(program).values()) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    }
  });
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  test(`--replicas: ${name} to every process of the group, twice, drains all and exits with 0`, async () => {
    await serving(["--replicas", "3"], async (program, url) => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => get(url)));
      assert.deepEqual([...new Set(answers)], [200]);
      await until(() => program.out.split(" 200 ").length > 30);
      const served = new Set([...program.out.matchAll(/#(\d+) {2}GET /g)].map(([, index]) => index));
      // The system spreads connections.
      assert.ok(served.size > 1, program.out);
      const children = [...pids(program).values()];
      for (let time = 0; time < 2; time++) {
        for (const pid of children) if (isAlive(pid)) process.kill(pid, name);
        program.signal(name);
      }
      assert.equal(await program.ended, 0, program.err);
      assert.equal(program.err.match(/Draining/g)?.length, 1);
      assert.deepEqual(children.filter(isAlive), []);
    });
  });
}

test("--replicas: one that is killed is started again, and the others serve on", async () => {
  await serving(["--replicas", "3"], async (program, url) => {
    const victim = pids(program).get("2") ?? 0;
    const load = { isOver: false };
    const answers: (number | undefined)[] = [];
    const clients = Array.from({ length: 4 }, async () => {
      while (!load.isOver) answers.push(await get(url));
    });
    await until(() => answers.length > 20);
    process.kill(victim, "SIGKILL");
    await program.untilWritten(/#2 {2}replica restarting: it was ended by SIGKILL; the next start is in 100 ms/);
    const before = answers.length;
    // What the dead one had accepted is lost with it: that is at most one request of each client, and those before the line.
    await until(() => answers.length > before + 40);
    assert.deepEqual([...new Set(answers.slice(before + 4))], [200]);
    await until(() => pids(program).get("2") !== victim);
    const again = answers.length;
    await until(() => answers.length > again + 40);
    load.isOver = true;
    await Promise.all(clients);
    assert.deepEqual([...new Set(answers.slice(before + 4))], [200]);
    assert.equal(pids(program).size, 3);
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0, program.err);
  });
});

test("--replicas: one that is stopped does not keep the others' end, and is killed past the drain limit", async () => {
  await serving(["--replicas", "3"], async (program) => {
    const children = [...pids(program).values()];
    process.kill(pids(program).get("2") ?? 0, "SIGSTOP");
    program.signal("SIGTERM");
    await program.untilWritten(/#2 {2}replica killed, process \d+: it had not ended \d+ ms after it was told to/);
    assert.equal(await program.ended, 1, program.err);
    await until(() => !children.some(isAlive));
  }, { listener: { drainTimeout: "100ms" } });
});

test("--replicas: all of them can die, the port stays theirs", async () => {
  await serving(["--replicas", "3"], async (program, url) => {
    const before = [...pids(program).values()];
    for (const pid of before) process.kill(pid, "SIGKILL");
    await until(() => [...pids(program).values()].every((pid) => !before.includes(pid)));
    assert.equal(await get(url), 200);
    program.signal("SIGINT");
    assert.equal(await program.ended, 0, program.err);
  });
});

test("--replicas: the replicas end with their parent, even when it is killed", async () => {
  await serving(["--replicas", "3"], async (program, url) => {
    const children = [...pids(program).values()];
    program.signal("SIGKILL");
    await until(() => !children.some(isAlive));
    assert.equal(await get(url), undefined);
  });
});

test("--replicas: a port that replicas or others hold ends with 2, before anything starts", async () => {
  await serving(["--replicas", "3"], async (program, url) => {
    await withHello(async (folder) => {
      for (const words of [["--replicas", "2"], []]) {
        const other = loopgate("serve", folder, "--listen", new URL(url).host, ...words);
        assert.equal(await other.ended, 2);
        assert.match(other.err, /^error\[LG5001\]: Cannot listen on .*\nfix: something listens there already/);
        assert.equal(other.out, "");
      }
    });
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0);
  });
});

test("--replicas: a fault of the files ends with 2, and is told once", async () => {
  await withHello(async (folder) => {
    await writeFile(join(folder, "hello/bad.route.jsonc"), "{");
    const program = loopgate("serve", folder, "--listen", "127.0.0.1:0", "--replicas", "3");
    assert.equal(await program.ended, 2);
    assert.equal(program.err.match(/bad\.route\.jsonc:1/g)?.length, 1, program.err);
    assert.equal(program.out, "");
  });
});

test("--replicas: over the launcher, a signal to it alone drains all; JSON lines name the replica", async () => {
  await withHello(async (folder) => {
    const words = ["serve", folder, "--listen", "127.0.0.1:0", "--replicas", "2", "--log", "json"];
    const launcher = `import process from "node:process"; import { become } from ${JSON.stringify(BECOME)};
      become(process.execPath, ${JSON.stringify([...RUN, MAIN, ...words])});`;
    const program = new Program([...EVALUATE, launcher]);
    const port = await program.untilWritten(/"port":(\d+)/);
    await program.untilWritten(/"event":"replica","replica":2,"state":"listening","pid":\d+/);
    assert.equal(await get(`http://127.0.0.1:${port}/hello/`), 200);
    await program.untilWritten(/"event":"request","replica":[12],/);
    program.signal("SIGINT");
    assert.equal(await program.ended, 0, program.err);
    for (const line of program.out.trimEnd().split("\n")) {
      assert.ok([1, 2].includes((JSON.parse(line) as { replica: number }).replica), line);
    }
  });
});

test("--replicas: one that dies while a file is broken comes back without that workload, which comes in when it is mended", async () => {
  await withHello(async (folder) => {
    const file = join(folder, "shop/all.route.jsonc");
    await cp(join(folder, "hello/dist"), join(folder, "shop/dist"), { recursive: true });
    const route = (path: string) => JSON.stringify({ match: { path }, component: "dist/hello.wasm" });
    await writeFile(file, route("/shop"));
    // Replicas share the words of their parent, and a fault at the first start ends all of them.
    const program = loopgate("serve", folder, "--listen", "127.0.0.1:0", "--replicas", "2", "--start-with", "all");
    try {
      const url = await program.untilWritten(/Try: curl -i (\S+)/);
      await until(() => pids(program).size === 2);
      await writeFile(file, "{");
      await program.untilWritten(/#1 {2}error {2}shop kept: /);
      await program.untilWritten(/#2 {2}error {2}shop kept: /);
      for (const [index, pid] of pids(program)) {
        process.kill(pid, "SIGKILL");
        await until(() => pids(program).get(index) !== pid);
        await program.untilWritten(new RegExp(`#${index} {2}error {2}shop left out\n {4}error\\[LG1004\\]: `));
      }
      const of = async (path: string) =>
        new Set(await Promise.all(Array.from({ length: 20 }, () => get(`${new URL(path, url)}`))));
      assert.deepEqual([await of("/hello"), await of("/shop")], [new Set([200]), new Set([404])]);
      await writeFile(file, route("/shop"));
      await program.untilWritten(/#1 {2}shop added/);
      await program.untilWritten(/#2 {2}shop added/);
      assert.deepEqual([await of("/hello"), await of("/shop")], [new Set([200]), new Set([200])]);
      program.signal("SIGTERM");
      assert.equal(await program.ended, 0, program.err);
    } finally {
      if (program.pid !== undefined && isAlive(program.pid)) program.signal("SIGKILL");
      for (const pid of pids(program).values()) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    }
  });
});
