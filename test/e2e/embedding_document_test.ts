/** The programs of docs/embedding.md, and that of README.md, have no type error, and do what the page says. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { run, tool } from "../../scripts/tools.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { Program, ROOT } from "../support/program.ts";

/** Within the clone, where "loopgate" and "hono" are found. */
const FOLDER = mkdtempSync(join(ROOT, "test/e2e/.embedding-"));
const IS_DENO = process.versions["deno"] !== undefined;
const RUN = IS_DENO ? ["run", "-A", "-q"] : ["--disable-warning=ExperimentalWarning", "--conditions=loopgate-source"];

const [OWN_LISTENER = "", MOUNTED = "", ...more] = programsOf("docs/embedding.md");
const [IN_DENO = ""] = programsOf("README.md").filter((text) => text.includes("createGateway"));

function programsOf(file: string): readonly string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, program = ""]) => program);
}

before(async () => {
  // The samples are what the programs serve.
  await componentBytes("hello");
});

after(() => rmSync(FOLDER, { recursive: true }));

/** A program's stdout. */
async function printedBy(name: string, text: string): Promise<string> {
  const file = join(FOLDER, name);
  writeFileSync(file, text);
  const program = new Program([...RUN, file]);
  assert.equal(await program.ended, 0, program.err);
  return program.out;
}

test("docs/embedding.md, README.md: no type errors", async () => {
  assert.deepEqual(more, []);
  const deno =
    "declare const Deno: { serve(handle: (request: Request, info: { remoteAddr: { hostname: string } }) => Promise<Response>): void };\n";
  for (
    const [name, text] of [["own.ts", OWN_LISTENER], ["mounted.ts", MOUNTED], ["deno.ts", deno + IN_DENO]] as const
  ) {
    writeFileSync(join(FOLDER, name), text);
  }
  writeFileSync(
    join(FOLDER, "tsconfig.json"),
    JSON.stringify({ extends: "../../../tsconfig.json", include: ["*.ts"], exclude: [] }),
  );
  const { code, output } = await run(tool("tsc"), ["-p", FOLDER]);
  assert.equal(output.trim(), "");
  assert.equal(code, 0);
});

test("docs/embedding.md: a gateway with its own listener", async () => {
  const printed = await printedBy("own.ts", OWN_LISTENER);
  assert.match(printed, /^request$/m);
  assert.match(printed, /^Hello from Loopgate at \/hello$/m);
});

test("docs/embedding.md: a gateway in a Hono application", async () => {
  const asking = `
const status = await app.request("/status");
console.log(status.status, typeof (await status.json()).requests);
console.log(await (await app.request("/edge/hello/you")).text());
await gateway.close();
`;
  const printed = await printedBy("asked.ts", MOUNTED.replace("export default app;", asking));
  assert.equal(printed.trim(), "200 number\nHello from Loopgate at /hello/you");
});

// What Deno alone has.
if (IS_DENO) {
  const SERVED: readonly (readonly [name: string, words: readonly string[], text: string, path: string])[] = [
    ["README.md: in Deno.serve", ["run", "-A"], onFreePort(IN_DENO), "/hello/you"],
    [
      "docs/embedding.md: deno serve",
      ["serve", "-A", "--host", "127.0.0.1", "--port", "0"],
      MOUNTED,
      "/edge/hello/you",
    ],
  ];
  for (const [name, words, text, path] of SERVED) {
    test(name, async () => {
      const file = join(FOLDER, "served.ts");
      writeFileSync(file, text);
      const program = new Program([...words, file]);
      try {
        const origin = await program.untilWritten(/Listening on (http:\S+?)\/?\s/);
        assert.equal(await (await fetch(origin + path)).text(), "Hello from Loopgate at /hello/you\n");
      } finally {
        program.signal("SIGKILL");
        await program.ended;
      }
    });
  }
}

/** It listens where nobody does. */
function onFreePort(text: string): string {
  const free = text.replace("Deno.serve(", 'Deno.serve({ hostname: "127.0.0.1", port: 0 }, ');
  assert.notEqual(free, text);
  return free;
}
