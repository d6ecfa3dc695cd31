/** The same sources make the same component and the same map, wherever and whenever they are built. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { testComponent } from "../../src/testing/mod.ts";
import { buildWorkloads } from "../../scripts/build_workloads.ts";

/** It uses what would differ: time, random numbers, tables, packages of the gateway. */
const SOURCE = `import { Hono } from "hono";
import { greeting } from "./lib/greeting.ts";
const born = Date.now();
const ids = new Map(Array.from({ length: 100 }, (_, index) => [String(Math.random()), index]));
const app = new Hono();
app.get("/", (context) => context.json({ greeting, born, ids: ids.size, isNow: Date.now() > born }));
app.post("/", (context) => new Response(context.req.raw.body));
export default app;
`;
const FILES = {
  "api/api.route.jsonc": '{ "match": { "path": "/" }, "component": "dist/api.wasm" }',
  "api/src/api.ts": SOURCE,
  "api/src/lib/greeting.ts": 'export const greeting = "hello";\n',
};

for (const goal of ["size", "speed"] as const) {
  test(`loopgate build: in another folder the same sources make the same component and map (${goal})`, async () => {
    const root = await mkdtemp(join(tmpdir(), "loopgate-same-build-"));
    try {
      const made: { readonly component: Uint8Array; readonly map: string }[] = [];
      for (const place of ["first", "a second/place/with a longer name"]) {
        const files = { ...FILES, "api/workload.jsonc": `{ "build": { "optimize": "${goal}" } }` };
        for (const [path, text] of Object.entries(files)) {
          await mkdir(dirname(join(root, place, path)), { recursive: true });
          await writeFile(join(root, place, path), text);
        }
        await buildWorkloads(join(root, place));
        const component = join(root, place, "api/dist/api.wasm");
        made.push({ component: await readFile(component), map: await readFile(`${component}.map`, "utf8") });
      }
      const [first, second] = made;
      assert.ok(first !== undefined && second !== undefined);
      assert.equal(second.map, first.map);
      assert.ok(Buffer.compare(second.component, first.component) === 0, "the components differ");
      for (const text of [Buffer.from(first.component).toString("latin1"), first.map]) {
        assert.ok(!text.includes("loopgate-same-build-"), "it names a folder of the machine that built it");
      }
      await using component = await testComponent(first.component);
      const answer = await (await component.fetch("/")).json();
      assert.deepEqual(answer, { greeting: "hello", born: 0, ids: 100, isNow: true });
    } finally {
      await rm(root, { recursive: true });
    }
  });
}
