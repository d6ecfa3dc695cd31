/**
 * Components that other toolchains made, unmodified: each must behave on Loopgate as it does elsewhere. A toolchain that
 * cannot be made here has no tests; `npm test` prints which, and fails in CI for those that test/skips.json does not list.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { buildGuests } from "../../scripts/build_guests.ts";
import { buildWorkloads } from "../../scripts/build_workloads.ts";
import { runCommand } from "../../src/gateway/run_command.ts";
import {
  closeToNothing,
  type FolderContent,
  type GatewayHarness,
  startTestGateway,
} from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { type LoopbackService, startLoopbackService } from "../support/loopback_service.ts";
import { requestHost } from "../support/request_host.ts";

const WORKLOADS = fileURLToPath(new URL("../../workloads", import.meta.url));
const LINE_BYTES_MAX = 65_536;

await buildWorkloads(WORKLOADS);
const { built } = await buildGuests();
const samples: Readonly<Record<string, string>> = {
  sample_service_leet: `${WORKLOADS}/service-tcp/dist/service_leet.wasm`,
  sample_http_api: `${WORKLOADS}/service-tcp/dist/http_api.wasm`,
};

function has(...names: readonly string[]): boolean {
  return names.every((name) => name in built || name in samples);
}

function guest(name: string): Promise<Uint8Array> {
  return readFile(samples[name] ?? built[name] ?? assert.fail(`no guest ${name}`));
}

// Commands: what a program of each language sees of its surroundings.

interface CommandCase {
  readonly guest: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly stdout: string;
  readonly stderr: RegExp;
}

const NUMBERED_LINES = Array.from({ length: 20_000 }, (_, number) => `line ${number}\n`).join("");
const RUST_TOLD = `args ["a", "b c"]
NAME Ok("x")
slept true
after 2020 true
random differs true
stdin Ok(0) ""
`;
const GO_TOLD = `args [a b c]
NAME x
slept true
after 2020 true
random differs true
sum 5000050000
file true
dial true
`;
const C_TOLD = `args [a] [b c]
NAME x
slept 1
after 2020 1
random 1
memory 1
file 1
stdin 1
`;
const PYTHON_TOLD = `args ['a', 'b c']
NAME x
slept True
after 2020 True
random differs True
`;

// The preview 1 adapter knows only success and failure: every exit code but 0 arrives as 1.
const COMMANDS: readonly CommandCase[] = [
  { guest: "rust_std_cli", args: ["a", "b c"], code: 0, stdout: RUST_TOLD, stderr: /^$/ },
  { guest: "rust_std_cli", args: ["long"], code: 0, stdout: NUMBERED_LINES, stderr: /^$/ },
  { guest: "rust_std_cli", args: ["stderr"], code: 0, stdout: "", stderr: /^to stderr\n$/ },
  { guest: "rust_std_cli", args: ["files"], code: 0, stdout: "Err(Uncategorized) Err(Uncategorized)\n", stderr: /^$/ },
  { guest: "rust_std_cli", args: ["exit", "0"], code: 0, stdout: "", stderr: /^$/ },
  { guest: "rust_std_cli", args: ["exit", "3"], code: 1, stdout: "", stderr: /^$/ },
  {
    guest: "rust_std_cli",
    args: ["panic"],
    code: 134,
    stdout: "",
    stderr: /panicked at .*as asked.*the guest trapped/s,
  },
  { guest: "c_cli", args: ["a", "b c"], code: 0, stdout: C_TOLD, stderr: /^to stderr\n$/ },
  { guest: "c_cli", args: ["exit", "7"], code: 1, stdout: "", stderr: /^$/ },
  { guest: "c_cli", args: ["abort"], code: 134, stdout: "", stderr: /the guest trapped/ },
  { guest: "go_cli", args: ["a", "b c"], code: 0, stdout: GO_TOLD, stderr: /^to stderr\n$/ },
  { guest: "go_cli", args: ["exit", "3"], code: 1, stdout: "", stderr: /^$/ },
  { guest: "go_cli", args: ["panic"], code: 1, stdout: "", stderr: /^panic: as asked\n/ },
  { guest: "python_command", args: ["a", "b c"], code: 0, stdout: PYTHON_TOLD, stderr: /^to stderr\n$/ },
  { guest: "python_command", args: ["exit", "3"], code: 1, stdout: "", stderr: /^$/ },
  { guest: "python_command", args: ["raise"], code: 134, stdout: "", stderr: /ValueError: as asked/ },
  {
    guest: "python_command",
    args: ["ask", "7777", "x"],
    code: 0,
    stdout: "error 14: Connection refused\n",
    stderr: /^$/,
  },
];

for (const { guest: name, args, code, stdout, stderr } of COMMANDS.filter((row) => has(row.guest))) {
  test(`${name} ${args.join(" ")}: exits with ${code}`, async () => {
    const written = { stdout: "", stderr: "" };
    const actual = await runCommand({
      component: samples[name] ?? built[name] ?? "",
      env: [["NAME", "x"]],
      args,
      stdout: (bytes) => (written.stdout += Buffer.from(bytes).toString()),
      stderr: (bytes) => (written.stderr += Buffer.from(bytes).toString()),
    });
    assert.match(written.stderr, stderr);
    assert.equal(written.stdout, stdout);
    assert.equal(actual, code);
  });
}

// The line service in two languages, with clients that no handler could be.

const TOO_LONG = `error: a line is longer than ${LINE_BYTES_MAX} bytes\n`;
const LONGEST = "x".repeat(LINE_BYTES_MAX);

const CONVERSATIONS: readonly { readonly name: string; readonly sent: readonly string[]; readonly answer: string }[] = [
  { name: "a line", sent: ["Hello from Loopgate\n"], answer: "H3110 fr0m 100pg473\n" },
  { name: "pipelined lines, terminators as they came", sent: ["as\r\nit\n\n\r\nte"], answer: "45\r\n17\n\n\r\n73" },
  { name: "a line in pieces", sent: ["l", "e", "e", "t\n"], answer: "1337\n" },
  { name: "a last line without newline", sent: ["salt"], answer: "5417" },
  { name: "nothing at all", sent: [], answer: "" },
  { name: "bytes that are no text", sent: ["\xff\x00\xc3a\xa9\n"], answer: "\xff\x00\xc34\xa9\n" },
  { name: "the longest line", sent: [LONGEST, "\n", "o\n"], answer: `${LONGEST}\n0\n` },
  { name: "a line too long", sent: ["ok\n", `${LONGEST}x\n`], answer: `0k\n${TOO_LONG}` },
  { name: "a line too long that has not ended", sent: [`ok\n${LONGEST}x`], answer: `0k\n${TOO_LONG}` },
];

for (const name of ["sample_service_leet", "rust_service_leet"].filter((name) => has(name))) {
  let service: LoopbackService;

  test(`${name}: listens`, async () => {
    service = await startLoopbackService(await guest(name), { port: 7777 });
  });

  for (const { name: what, sent, answer } of CONVERSATIONS) {
    test(`${name}: ${what}`, async () => {
      const client = await service.connect();
      for (const part of sent) {
        await client.write(Buffer.from(part, "latin1"));
        // Lets the service see the pieces one by one.
        await new Promise(setImmediate);
      }
      client.shutdownSend();
      assert.equal(Buffer.from(await client.readToEnd()).toString("latin1"), answer);
      client.close();
    });
  }

  test(`${name}: 300 clients at once, each with its own answers`, async () => {
    const clients = await Promise.all(Array.from({ length: 300 }, () => service.connect()));
    await Promise.all(clients.map((client, number) => client.write(Buffer.from(`client ${number}\n`))));
    for (const [number, client] of clients.entries()) {
      const expected = `c113n7 ${number}\n`;
      assert.equal(Buffer.from(await client.readAtLeast(expected.length)).toString(), expected);
      client.close();
    }
  });

  test(`${name}: one that reads nothing is not read from without end, and hinders nobody`, async () => {
    const greedy = await service.connect();
    const lines = Buffer.from(`${"a".repeat(1023)}\n`.repeat(64));
    let taken = 0;
    let refusals = 0;
    await eventually(() => {
      const now = greedy.writeNow(lines);
      taken += now;
      refusals = now === 0 ? refusals + 1 : 0;
      return refusals === 10;
    });
    // Both windows and what the service holds between them.
    assert.ok(taken < 2 ** 20, `the service took ${taken} bytes without an answer being read`);
    const other = await service.connect();
    await other.write(Buffer.from("still here\n"));
    assert.equal(Buffer.from(await other.readAtLeast(11)).toString(), "57111 h3r3\n");
    other.close();
    greedy.reset();
  });

  test(`${name}: outlives clients that break off`, async () => {
    for (let round = 0; round < 20; round++) {
      const client = await service.connect();
      await client.write(Buffer.from("half a li"));
      if (round % 2 === 0) client.reset();
      else client.close();
    }
    const client = await service.connect();
    await client.write(Buffer.from("alive\n"));
    assert.equal(Buffer.from(await client.readAtLeast(6)).toString(), "411v3\n");
    client.close();
  });

  test(`${name}: leaves nothing behind and wrote no line`, async () => {
    assert.equal(service.output(), "");
    assert.deepEqual(await service.stop(), {});
  });
}

// Handlers and services behind the gateway: every mixture of the samples and their twins, and what other languages make.

let harness: GatewayHarness;
let idle: ReturnType<GatewayHarness["gateway"]["counters"]>;

/** A workload on the host `<name>.example`. */
async function workload(
  name: string,
  { service, handler, args = [] }: {
    readonly service?: string;
    readonly handler: string;
    readonly args?: readonly string[];
  },
): Promise<FolderContent> {
  const names = service === undefined ? [handler] : [service, handler];
  if (!has(...names)) return {};
  return {
    [`${name}/handler.wasm`]: await guest(handler),
    [`${name}/all.route.jsonc`]: {
      match: { host: `${name}.example`, path: "/*" },
      component: "handler.wasm",
      env: { NAME: "x" },
    },
    ...(service !== undefined && {
      [`${name}/service.wasm`]: await guest(service),
      [`${name}/workload.jsonc`]: { service: { component: "service.wasm", args, ready: { tcp: 7777 } }, net: [] },
    }),
  };
}

const MIXTURES = [
  { name: "sample", service: "sample_service_leet", handler: "sample_http_api" },
  { name: "rust", service: "rust_service_leet", handler: "rust_http_api" },
  { name: "rust-api", service: "sample_service_leet", handler: "rust_http_api" },
  { name: "rust-service", service: "rust_service_leet", handler: "sample_http_api" },
].filter(({ service, handler }) => has(service, handler));

before(async () => {
  const folders = await Promise.all([
    ...MIXTURES.map(({ name, ...parts }) => workload(name, parts)),
    workload("lonely", { handler: "sample_http_api" }),
    workload("lonely-rust", { handler: "rust_http_api" }),
    workload("probe", { handler: "rust_http_probe" }),
    workload("bindgen", { handler: "rust_bindgen_handler" }),
    workload("starling", { handler: "starling_handler" }),
    workload("python", { handler: "python_handler" }),
    workload("python-one", { service: "python_command", handler: "sample_http_api", args: ["serve", "7777"] }),
    workload("python-many", { service: "python_command", handler: "sample_http_api", args: ["serve_many", "7777"] }),
  ]);
  harness = await startTestGateway(Object.assign({}, ...folders) as FolderContent);
  // wstd keeps one pollable for ever from its first wait on; what is alive after that is what an idle gateway has.
  for (const { name } of MIXTURES) await exchange(name, { ...post({ payload: "x" }), status: 200, answer: "x" });
  await eventually(() => harness.gateway.counters().loopbackConnections === 0);
  idle = harness.gateway.counters();
});

after(async () => {
  await eventually(() => isDeepStrictEqual(harness.gateway.counters(), idle));
  assert.deepEqual(await closeToNothing(harness), {});
}, { timeout: 30_000 });

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly status: number;
  readonly answer: string | RegExp;
  readonly headers?: Readonly<Record<string, string>>;
}

async function exchange(name: string, { method, path, body, status, answer, headers = {} }: Exchange): Promise<void> {
  const response = await requestHost(harness.url + path, `${name}.example`, { method, body: body ?? "" });
  const text = await response.text();
  assert.equal(response.status, status, text);
  if (typeof answer === "string") assert.equal(text, answer);
  else assert.match(text, answer);
  for (const [field, value] of Object.entries(headers)) assert.equal(response.headers.get(field), value);
}

const post = (payload: unknown): Pick<Exchange, "method" | "path" | "body"> => ({
  method: "POST",
  path: "/task",
  body: JSON.stringify(payload),
});
const TEXT = { "content-type": "text/plain; charset=utf-8" };

const API: readonly Exchange[] = [
  { method: "GET", path: "/", status: 200, answer: /<form/, headers: { "content-type": "text/html; charset=utf-8" } },
  { method: "GET", path: "/?query", status: 200, answer: /<form/ },
  { method: "PUT", path: "/", status: 405, answer: "Method not allowed" },
  { method: "GET", path: "/task", status: 405, answer: "Method not allowed", headers: { allow: "POST" } },
  { method: "GET", path: "/none", status: 404, answer: "Not found" },
  { ...post({ payload: "Hello from Loopgate" }), status: 200, answer: "H3110 fr0m 100pg473", headers: TEXT },
  { ...post({ payload: "" }), status: 200, answer: "" },
  { ...post({ payload: "one\ntwo\r\n\nsalt\n" }), status: 200, answer: "0n3\n7w0\r\n\n5417\n" },
  { ...post({ payload: "Grüße, 文字 😀" }), status: 200, answer: "Grüß3, 文字 😀" },
  { ...post({ payload: "e".repeat(60_000) }), status: 200, answer: "3".repeat(60_000) },
  { ...post({ payload: "\n".repeat(20_000) }), status: 200, answer: "\n".repeat(20_000) },
  { ...post({ payload: "x".repeat(70_000) }), status: 413, answer: "The body is larger than 65536 bytes" },
  { ...post({ payload: 7 }), status: 400, answer: /^The body has no text "payload"/ },
  { ...post([]), status: 400, answer: /^The body has no text "payload"/ },
  { ...post(null), status: 400, answer: /^The body has no text "payload"/ },
  { method: "POST", path: "/task", body: "{", status: 400, answer: "The body is not JSON" },
  { method: "POST", path: "/task", status: 400, answer: "The body is not JSON" },
];

for (const { name } of MIXTURES) {
  for (const row of API) {
    test(`${name}: ${row.method} ${row.path} ${(row.body ?? "").slice(0, 30)} is ${row.status}`, () =>
      exchange(name, row));
  }
  test(`${name}: 200 requests at once`, async () => {
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    await Promise.all(
      numbers.map((number) =>
        exchange(name, { ...post({ payload: `n${number}` }), status: 200, answer: `n${number}` })
      ),
    );
  });
}

const OTHERS: readonly (Exchange & { readonly name: string; readonly needs: string })[] = [
  {
    name: "lonely",
    needs: "sample_http_api",
    ...post({ payload: "x" }),
    status: 502,
    answer: "The service cannot be reached",
  },
  {
    name: "lonely-rust",
    needs: "rust_http_api",
    ...post({ payload: "x" }),
    status: 502,
    answer: "The service cannot be reached",
  },
  { name: "probe", needs: "rust_http_probe", method: "GET", path: "/env", status: 200, answer: "NAME=x\n" },
  {
    name: "probe",
    needs: "rust_http_probe",
    method: "POST",
    path: "/echo",
    body: "e".repeat(500_000),
    status: 200,
    answer: "e".repeat(500_000),
  },
  { name: "probe", needs: "rust_http_probe", method: "GET", path: "/bind", status: 200, answer: /^error: .*denied/i },
  {
    name: "probe",
    needs: "rust_http_probe",
    method: "GET",
    path: "/bind?127.0.0.1:0",
    status: 200,
    answer: /^error: .*denied/i,
  },
  {
    name: "probe",
    needs: "rust_http_probe",
    method: "GET",
    path: "/connect",
    status: 200,
    answer: /^error: .*refused/i,
  },
  { name: "probe", needs: "rust_http_probe", method: "GET", path: "/panic", status: 500, answer: /problem|status/ },
  { name: "probe", needs: "rust_http_probe", method: "GET", path: "/again", status: 200, answer: "nothing at /again" },
  {
    name: "bindgen",
    needs: "rust_bindgen_handler",
    method: "POST",
    path: "/a/b?c",
    body: "o".repeat(200_000),
    status: 200,
    answer: /^Method::Post Some\("\/a\/b\?c"\) Some\(Scheme::Http\) [a-z,-]*\no{200000}$/,
    headers: { "x-made-by": "wit-bindgen" },
  },
  {
    name: "starling",
    needs: "starling_handler",
    method: "POST",
    path: "/x",
    body: "größe",
    status: 201,
    answer: "POST /x 7\n",
  },
  { name: "starling", needs: "starling_handler", method: "GET", path: "/time", status: 200, answer: "slept true\n" },
  {
    name: "starling",
    needs: "starling_handler",
    method: "POST",
    path: "/echo",
    body: "s".repeat(300_000),
    status: 200,
    answer: "s".repeat(300_000),
    headers: { "x-made-by": "StarlingMonkey" },
  },
  {
    name: "python",
    needs: "python_handler",
    method: "POST",
    path: "/p?q",
    body: "p".repeat(100_000),
    status: 200,
    answer: "Method_Post /p?q 100000\n",
    headers: { "content-type": "text/plain" },
  },
  {
    name: "python-one",
    needs: "python_command",
    ...post({ payload: "Shout\nthis" }),
    status: 200,
    answer: "SHOUT\nTHIS",
  },
  {
    name: "python-many",
    needs: "python_command",
    ...post({ payload: "Shout\nthis" }),
    status: 200,
    answer: "SHOUT\nTHIS",
  },
];

for (const row of OTHERS.filter(({ needs }) => has(needs))) {
  test(`${row.name}: ${row.method} ${row.path} is ${row.status}`, () => exchange(row.name, row));
}

test("python-many: 50 requests at once", { skip: !has("python_command") }, async () => {
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  await Promise.all(
    numbers.map((number) =>
      exchange("python-many", { ...post({ payload: `n${number}` }), status: 200, answer: `N${number}` })
    ),
  );
});
