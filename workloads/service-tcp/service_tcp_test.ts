/** Run with `node --test` or `deno test`, after a build: nothing is opened on the machine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tcp, type TcpScript, testComponent, testWorkload } from "loopgate/testing";

const HTTP_API = new URL("./dist/http_api.wasm", import.meta.url);
const SERVICE = new URL("./dist/service_leet.wasm", import.meta.url);

const task = (payload: unknown): RequestInit => ({ method: "POST", body: JSON.stringify({ payload }) });

// The whole workload, as its files say.

test("service-tcp: a task goes through the service and back", async () => {
  await using workload = await testWorkload(new URL("./", import.meta.url));
  const response = await workload.fetch("/task", task("hello edge"));
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "h3110 3dg3");
  const [attempt] = workload.attempts();
  assert.deepEqual([attempt?.guest, attempt?.target], ["task", "127.0.0.1:7777"]);
});

test("service-tcp: the page is a route of its own, and a task has to be posted", async () => {
  await using workload = await testWorkload(new URL("./", import.meta.url));
  assert.match(await (await workload.fetch("/")).text(), /<title>/);
  assert.equal((await workload.fetch("/task")).status, 405);
  assert.equal((await workload.fetch("/nothing")).status, 404);
});

// The component alone; the service is a script.

const OUTAGES: readonly { readonly name: string; readonly service: TcpScript; readonly status: number }[] = [
  { name: "away", service: tcp.refuses(), status: 502 },
  { name: "silent", service: tcp.hangs(), status: 504 },
  { name: "cut off in the middle", service: tcp.sends("h3"), status: 502 },
  { name: "reset", service: tcp.resets("h3"), status: 502 },
];

for (const { name, service, status } of OUTAGES) {
  test(`http_api: with a service that is ${name}, a task is a ${status}`, async () => {
    await using component = await testComponent(HTTP_API, { network: { "127.0.0.1:7777": service } });
    const response = await component.fetch("/task", task("hello"));
    assert.equal(response.status, status);
  });
}

test("http_api: a payload of several lines is several lines for the service", async () => {
  await using component = await testComponent(HTTP_API, {
    network: { "127.0.0.1:7777": tcp.lines((line) => `<${line}>\n`) },
  });
  const response = await component.fetch("/task", task("one\ntwo"));
  assert.equal(await response.text(), "<one>\n<two>");
  assert.equal(component.attempts()[0]?.sent, "one\ntwo\n");
});

test("http_api: what is no task never reaches the service", async () => {
  await using component = await testComponent(HTTP_API);
  assert.equal((await component.fetch("/task", task(7))).status, 400);
  assert.equal((await component.fetch("/task", { method: "POST", body: "{" })).status, 400);
  assert.deepEqual(component.attempts(), []);
});

// The service alone; the test is its client.

test("service_leet: many clients at once, each with its own lines", async () => {
  await using service = await testComponent(SERVICE);
  const clients = await Promise.all([1, 2, 3].map(() => service.connect(7777)));
  for (const [at, client] of clients.entries()) await client.write(`client ${at}\nrest`);
  for (const [at, client] of clients.entries()) {
    assert.equal(await client.readLine(), `c113n7 ${at}`);
    client.end();
    assert.equal(await client.readText(), "r357");
  }
});
