/** The examples of docs/guest_sdk.md build, and do what the page says. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { buildQuickJsGuest } from "../../src/build/quickjs.ts";
import { http, testComponent, type TestComponentOptions, type TestedComponent } from "../../src/testing/mod.ts";

/** Within the clone, where "hono" is found. */
const SCRATCH = fileURLToPath(new URL("./.examples-", import.meta.url));

const text = async (component: TestedComponent, path: string, init?: RequestInit): Promise<string> =>
  await (await component.fetch(path, init)).text();

const EXAMPLES: Readonly<
  Record<
    string,
    { readonly options?: TestComponentOptions; readonly use: (component: TestedComponent) => Promise<void> }
  >
> = {
  handler: {
    options: { env: { REGION: "eu" } },
    async use(component) {
      assert.equal(await text(component, "/a?name=b"), '{"pathname":"/a","name":"b","region":"eu"}');
      assert.equal((await component.fetch("/", { method: "POST" })).status, 405);
    },
  },
  application: {
    async use(component) {
      assert.equal(await text(component, "/hello/edge"), "Hello edge\n");
    },
  },
  service: {
    async use(component) {
      const client = await component.connect(7777);
      await client.write("ping\n");
      assert.equal(await client.readLine(), "ping");
    },
  },
  gate: {
    options: { http: { "https://api.example.com/status": http.fails("connection-refused") } },
    async use(component) {
      assert.equal(await text(component, "/"), "The upstream cannot be reached: connection-refused\n");
    },
  },
};

test("docs/guest_sdk.md: its examples are guests that work", async (t) => {
  const page = await readFile(new URL("../../docs/guest_sdk.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/^```ts\n\/\/ (\w+)\.ts\n([^]*?)^```/gm)];
  assert.deepEqual(blocks.map(([, name]) => name), Object.keys(EXAMPLES));
  const folder = await mkdtemp(SCRATCH);
  try {
    for (const [, name = "", source = ""] of blocks) {
      await t.test(name, async () => {
        await writeFile(join(folder, `${name}.ts`), source);
        const { component: bytes } = await buildQuickJsGuest(join(folder, `${name}.ts`), join(folder, name));
        await using component = await testComponent(bytes, EXAMPLES[name]?.options);
        await EXAMPLES[name]?.use(component);
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
