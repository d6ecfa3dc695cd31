/** Signals to the real program while it serves: requests under way, guests that compute and guests that hang. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { componentBytes } from "../support/gateway_harness.ts";
import { loopgate, type Program, withHello } from "../support/program.ts";

/** The status of an answer, "cut" when it broke off, undefined when there was none. */
function get(url: string, host: string): Promise<number | "cut" | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false, headers: { host } }, (response) => {
      response.on("error", () => {});
      response.on("close", () => resolve(response.complete ? response.statusCode : "cut"));
      response.resume();
    });
    sent.on("error", () => resolve(undefined));
    sent.end();
  });
}

/** Serves the probe with those limits, with a request that computes and one that hangs under way. */
async function serving(
  { limits, words = [] }: { readonly limits: object; readonly words?: readonly string[] },
  body: (program: Program, url: string, underWay: Promise<readonly unknown[]>) => Promise<void>,
): Promise<void> {
  const probe = await componentBytes("probe");
  await withHello(async (folder) => {
    await mkdir(join(folder, "probe"));
    await writeFile(join(folder, "probe/probe.wasm"), probe);
    for (const [path, given] of [["/spin", limits], ["/hang", limits], ["/tick", {}]] as const) {
      const route = { match: { host: "probe.example", path }, component: "probe.wasm", limits: given };
      await writeFile(join(folder, `probe${path}.route.jsonc`), JSON.stringify(route));
    }
    const program = loopgate("serve", folder, "--listen", "127.0.0.1:0", "--log", "json", ...words);
    try {
      const port = await program.untilWritten(/"port":(\d+)/);
      const url = `http://127.0.0.1:${port}`;
      const underWay = Promise.all(["/spin", "/hang"].map((path) => get(url + path, "probe.example")));
      // One request and its answer more: the two are in their guests by then.
      assert.equal(await get(`${url}/tick`, "probe.example"), 200);
      await body(program, url, underWay);
    } finally {
      try {
        program.signal("SIGKILL");
      } catch {
        // It has ended, as it should.
      }
    }
  });
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  test(`${name} under load: what is under way is answered, also where guests compute and hang; exits with 0`, async () => {
    await serving({ limits: { cpu: "400ms", wall: "800ms" } }, async (program, url, underWay) => {
      const load = { isOver: false };
      const answers: unknown[] = [];
      const clients = Array.from({ length: 4 }, async () => {
        while (!load.isOver) answers.push(await get(`${url}/hello`, "localhost"));
      });
      while (answers.length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
      program.signal(name);
      assert.deepEqual(await underWay, [504, 504]);
      assert.equal(await program.ended, 0, program.err);
      load.isOver = true;
      await Promise.all(clients);
      // After the signal a request on a connection that is still there gets 503, and soon there is nobody to connect to;
      // an answer that began came to its end.
      assert.deepEqual(answers.filter((answer) => answer !== 200 && answer !== 503 && answer !== undefined), []);
      assert.match(program.err, /draining/i);
    });
  });
}

for (const words of [[], ["--replicas", "2"]]) {
  test(`a second signal, more than a second later, ends at once ${words.join(" ")}`, async () => {
    await serving({ limits: { cpu: "1h", wall: "1h" }, words }, async (program, _url, underWay) => {
      program.signal("SIGTERM");
      await program.untilWritten(/draining/i);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      program.signal("SIGTERM");
      assert.equal(await program.ended, 130);
      assert.deepEqual(await underWay, [undefined, undefined]);
    });
  });
}
