/**
 * Handlers and services that other toolchains made, unmodified, behind the gateway; and every mixture of the sample
 * workload and its Rust twin, which must answer alike.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  closeToNothing,
  type FolderContent,
  type GatewayHarness,
  isIdle,
  settledCounters,
  startTestGateway,
} from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { eventually } from "../support/http_harness.ts";
import { processClock } from "../support/process_clock.ts";
import { requestHost } from "../support/request_host.ts";

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
  if (!hasGuests(...names)) return {};
  return {
    [`${name}/handler.wasm`]: await guestBytes(handler),
    [`${name}/all.route.jsonc`]: {
      match: { host: `${name}.example`, path: "/*" },
      component: "handler.wasm",
      env: { NAME: "x" },
    },
    ...(service !== undefined && {
      [`${name}/service.wasm`]: await guestBytes(service),
      [`${name}/workload.jsonc`]: { service: { component: "service.wasm", args, ready: { tcp: 7777 } }, net: [] },
    }),
  };
}

const MIXTURES = [
  { name: "sample", service: "sample_service_leet", handler: "sample_http_api", atOnce: 200 },
  // 10 MiB each.
  { name: "starling-sample", service: "starling_service_leet", handler: "starling_http_api", atOnce: 20 },
  { name: "rust", service: "rust_service_leet", handler: "rust_http_api", atOnce: 200 },
  { name: "rust-api", service: "sample_service_leet", handler: "rust_http_api", atOnce: 200 },
  { name: "rust-service", service: "rust_service_leet", handler: "sample_http_api", atOnce: 200 },
].filter(({ service, handler }) => hasGuests(service, handler));

before(async () => {
  const folders = await Promise.all([
    ...MIXTURES.map(({ name, ...parts }) => workload(name, parts)),
    workload("lonely", { handler: "sample_http_api" }),
    workload("lonely-rust", { handler: "rust_http_api" }),
    workload("probe", { handler: "rust_http_probe" }),
    workload("bindgen", { handler: "rust_bindgen_handler" }),
    workload("starling", { handler: "starling_handler" }),
    workload("python", { handler: "python_handler" }),
    workload("c", { handler: "c_handler" }),
    workload("go", { handler: "go_handler" }),
    workload("python-one", { service: "python_command", handler: "sample_http_api", args: ["serve", "7777"] }),
    workload("python-many", { service: "python_command", handler: "sample_http_api", args: ["serve_many", "7777"] }),
  ]);
  // Hundreds of requests at once have the seconds that their guests give the service.
  harness = await startTestGateway(Object.assign({}, ...folders) as FolderContent, { clock: processClock });
  // wstd keeps one pollable for ever from its first wait on; what is alive after that is what an idle gateway has.
  for (const { name } of MIXTURES) await exchange(name, { ...post({ payload: "x" }), status: 200, answer: "x" });
  await eventually(() => harness.gateway.counters().loopbackConnections === 0);
  idle = await settledCounters(harness.gateway);
});

after(async () => {
  await eventually(() => isIdle(harness.gateway, idle));
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

for (const { name, atOnce } of MIXTURES) {
  for (const row of API) {
    test(`${name}: ${row.method} ${row.path} ${(row.body ?? "").slice(0, 30)} is ${row.status}`, () =>
      exchange(name, row));
  }
  test(`${name}: ${atOnce} requests at once`, async () => {
    const numbers = Array.from({ length: atOnce }, (_, number) => number);
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
    name: "c",
    needs: "c_handler",
    method: "POST",
    path: "/p?q",
    body: "c".repeat(100_000),
    status: 200,
    answer: "C /p?q 100000\n",
  },
  {
    name: "go",
    needs: "go_handler",
    method: "GET",
    path: "/p?q",
    status: 200,
    answer: "Go /p?q\n",
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

for (const row of OTHERS.filter(({ needs }) => hasGuests(needs))) {
  test(`${row.name}: ${row.method} ${row.path} is ${row.status}`, () => exchange(row.name, row));
}

test("python-many: 50 requests at once", { skip: !hasGuests("python_command") }, async () => {
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  await Promise.all(
    numbers.map((number) =>
      exchange("python-many", { ...post({ payload: `n${number}` }), status: 200, answer: `N${number}` })
    ),
  );
});
