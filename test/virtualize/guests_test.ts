/** Guests of several toolchains with some of their imports met inside them: what was met is denied, the rest works. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { componentWit } from "@bytecodealliance/jco";
import { planComponent } from "../../src/component/link.ts";
import { http, tcp, testComponent, type TestedComponent } from "../../src/testing/mod.ts";
import { virtualize, type VirtualizeOptions } from "../../src/virtualize/virtualize.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import type { Step } from "../support/traveller.ts";

/** Valid for the reference implementation too, which reads every core module of it. */
async function virtualized(bytes: Uint8Array, options: VirtualizeOptions): Promise<Uint8Array> {
  const result = virtualize(bytes, options);
  assert.deepEqual(planComponent(result.bytes).imports.map(({ name }) => name).toSorted(), [...result.left].toSorted());
  await componentWit(result.bytes);
  return result.bytes;
}

async function travel(component: TestedComponent, ...steps: readonly Step[]): Promise<unknown> {
  return await (await component.fetch("/", { method: "POST", body: JSON.stringify(steps) })).json();
}

const STEPS: readonly Step[] = [
  { do: "tcp", address: [192, 0, 2, 7], port: 25 },
  { do: "udp", address: [192, 0, 2, 7], port: 53 },
  { do: "resolve", name: "db.example.com" },
  { do: "http", scheme: "https", authority: "api.example.com", method: "post", body: "text" },
];

/** What each step comes to where all is allowed. */
const OPEN = ["connected", "sent", ["192.0.2.7"], { status: 200, body: "open" }];
const WORLD = {
  network: { "192.0.2.7:25": tcp.hangs(), "udp://192.0.2.7:53": { kind: "udp", answer: () => [] } },
  http: { "https://api.example.com/*": http.answers("open") },
  names: { "db.example.com": ["192.0.2.7"] },
  net: ["udp://192.0.2.7", "*"],
  dns: true,
  allowUnused: true,
} as const;

const ROWS: readonly { readonly deny: readonly string[]; readonly came: readonly unknown[] }[] = [
  { deny: ["terminals"], came: OPEN },
  { deny: ["sockets"], came: ["access-denied", "access-denied", "permanent-resolver-failure", OPEN[3]] },
  { deny: ["names"], came: [OPEN[0], OPEN[1], "permanent-resolver-failure", OPEN[3]] },
  { deny: ["http"], came: [OPEN[0], OPEN[1], OPEN[2], "at once: HTTP-request-denied"] },
  {
    deny: ["sockets", "http", "filesystem", "environment", "terminals"],
    came: ["access-denied", "access-denied", "permanent-resolver-failure", "at once: HTTP-request-denied"],
  },
];

for (const { deny, came } of ROWS) {
  test(`virtualize: a handler in TypeScript without ${deny.join(", ")}`, async () => {
    const bytes = await virtualized(await componentBytes("traveller"), { deny });
    await using component = await testComponent(bytes, WORLD);
    // More than once: handles that are not let go of would be in the way.
    for (let request = 0; request < 3; request++) {
      assert.deepEqual(await travel(component, ...STEPS, ...STEPS), [...came, ...came]);
    }
    const tried = component.attempts().map(({ operation }) => operation);
    const expected = came.flatMap((each, at) => (each === OPEN[at] ? [STEP_OPERATIONS[at]] : []));
    assert.deepEqual([...new Set(tried)], expected, "what is met inside never reaches the host");
  });
}

const STEP_OPERATIONS = ["tcp-connect", "udp-send", "resolve-addresses", "http-request"];

test("virtualize: a handler without sockets still serves, and its own error answers go out", async () => {
  const bytes = await virtualized(await componentBytes("http_api"), { deny: ["sockets"] });
  await using component = await testComponent(bytes);
  assert.equal((await component.fetch("/")).status, 200);
  const response = await component.fetch("/task", { method: "POST", body: '{"payload":"x"}' });
  assert.equal(response.status, 502);
  assert.deepEqual(component.attempts(), []);
});

test("virtualize: again, what is left is met by a second layer", async () => {
  const once = await virtualized(await componentBytes("traveller"), { deny: ["sockets"] });
  const twice = await virtualized(once, { deny: ["http", "environment"] });
  await using component = await testComponent(twice, WORLD);
  assert.deepEqual(await travel(component, ...STEPS), ROWS.at(-1)?.came);
});

test("virtualize: a fixed environment, whatever the host's is", async () => {
  const bytes = await virtualized(await componentBytes("probe"), {
    deny: [],
    env: [["GREETING", "grüezi"], ["EMPTY", ""]],
    args: ["program", "--verbose"],
  });
  await using component = await testComponent(bytes, { env: { GREETING: "host", OTHER: "host" }, args: ["host"] });
  const { env, args } = await (await component.fetch("/environment")).json() as Record<string, unknown>;
  assert.deepEqual(env, [["GREETING", "grüezi"], ["EMPTY", ""]]);
  assert.deepEqual(args, ["program", "--verbose"]);
});

const COMMANDS = ["c_cli", "go_cli", "rust_std_cli", "python_command"] as const;

for (const name of COMMANDS) {
  test(`virtualize: the command ${name} without files, variables, arguments and terminals`, async (t) => {
    if (!hasGuests(name)) return t.skip(`guest ${name} was not built`);
    const original = await guestBytes(name);
    const options = { args: ["one"], env: { NAME: "value" }, allowUnused: true };
    await using plain = await testComponent(original, options);
    const before = await plain.run();
    const deny = ["sockets", "http", "filesystem", "environment", "terminals"];
    // Programs in Go end without a name of their own.
    const bytes = await virtualized(original, { deny, args: ["program"] });
    await using component = await testComponent(bytes, options);
    const end = await component.run();
    assert.deepEqual(end, before);
    const lines = component.lines().map(({ line }) => line);
    assert.notDeepEqual(lines, [], "it wrote");
    assert.ok(!lines.some((line) => line.includes("[one]") || line.includes("NAME value")), lines.join("; "));
  });
}

test("virtualize: a service in Rust without sockets ends, and one with them serves", async (t) => {
  if (!hasGuests("rust_service_leet")) return t.skip("guest rust_service_leet was not built");
  const original = await guestBytes("rust_service_leet");
  await using offline = await testComponent(await virtualized(original, { deny: ["sockets"] }));
  assert.notEqual((await offline.run()).exitCode, 0);
  await using online = await testComponent(await virtualized(original, { deny: ["filesystem", "environment"] }));
  const client = await online.connect(7777);
  await client.write("leet\n");
  assert.equal(await client.readLine(), "1337");
});

test("virtualize: a handler in JavaScript on StarlingMonkey without outgoing requests", async (t) => {
  if (!hasGuests("starling_handler")) return t.skip("guest starling_handler was not built");
  const bytes = await virtualized(await guestBytes("starling_handler"), { deny: ["http", "filesystem", "terminals"] });
  await using component = await testComponent(bytes);
  await using plain = await testComponent(await guestBytes("starling_handler"));
  const [answer, before] = await Promise.all([component, plain].map((each) => each.fetch("/")));
  assert.equal(answer?.status, before?.status);
  assert.equal(await answer?.text(), await before?.text());
});
