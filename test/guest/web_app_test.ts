/** A Hono application on the SDK: bodies, time, outbound fetch and sockets, errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { http, tcp, testComponent, type TestComponentOptions, type TestedComponent } from "../../src/testing/mod.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import { GUEST_ENGINES } from "../support/guest_engines.ts";

const MIB = 1_048_576;

const logged = (component: TestedComponent): string => component.lines().map(({ line }) => line).join("\n");

const FORM = new FormData();
FORM.append("name", "é");
FORM.append("file", new File(["some\ntext"], "f.txt", { type: "text/plain" }));

const ANSWERS: readonly {
  readonly path: string;
  readonly init?: RequestInit;
  readonly status?: number;
  readonly answer: string | RegExp;
}[] = [
  { path: "/hello/edge", answer: "Hello edge" },
  { path: "/nothing", status: 404, answer: "404 Not Found" },
  { path: "/json", init: { method: "POST", body: '{"é":[1]}' }, answer: '{"got":{"é":[1]}}' },
  { path: "/json", init: { method: "POST", body: "{" }, status: 500, answer: /Internal Server Error/ },
  { path: "/echo", init: { method: "POST", body: "äöü" }, answer: "äöü" },
  { path: "/length", init: { method: "POST", body: new Uint8Array(100_000) }, answer: "100000" },
  {
    path: "/form",
    init: { method: "POST", body: FORM },
    answer: '{"texts":{"name":"é"},"file":["f.txt","text/plain","some\\ntext"]}',
  },
  {
    path: "/form",
    init: { method: "POST", body: new URLSearchParams({ name: "é", file: "a b" }) },
    answer: '{"texts":{"name":"é"},"file":"a b"}',
  },
  { path: "/form", init: { method: "POST", body: "name=x" }, answer: '{"texts":{}}' },
  { path: "/wait/20", answer: "waited" },
  { path: "/forbidden-header", answer: "x" },
];

for (const { engine, app, service: serviceName } of GUEST_ENGINES) {
  const open = async (options: TestComponentOptions = {}): Promise<TestedComponent> =>
    await testComponent(await componentBytes(app), options);

  for (const { path, init = {}, status = 200, answer } of ANSWERS) {
    test(`${engine}, a Hono application: ${init.method ?? "GET"} ${path}`, async () => {
      await using component = await open();
      const response = await component.fetch(path, init);
      assert.equal(response.status, status);
      const text = await response.text();
      if (typeof answer === "string") assert.equal(text, answer);
      else assert.match(text, answer);
      assert.deepEqual(component.failures(), []);
    });
  }

  test(`${engine}, env: the file's environment is the second argument`, async () => {
    await using component = await open({ env: { REGION: "eu" } });
    assert.deepEqual(await (await component.fetch("/env")).json(), { REGION: "eu" });
  });

  test(`${engine}, HEAD: the head of the answer, without a body`, async () => {
    await using component = await open();
    const response = await component.fetch("/hello/x", { method: "HEAD" });
    assert.deepEqual([response.status, await response.text()], [200, ""]);
    assert.deepEqual(component.failures(), []);
  });

  test(`${engine}, a body of 10 MiB goes through, byte for byte`, async () => {
    await using component = await open();
    const body = Uint8Array.from({ length: 10 * MIB }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
    const response = await component.fetch("/echo", { method: "POST", body });
    assert.deepEqual(Buffer.compare(await response.bytes(), body), 0);
  });

  test(`${engine}, waitUntil: work that goes on after the answer`, async () => {
    const component = await open();
    assert.equal(await (await component.fetch("/later")).text(), "now");
    await component.advance(50);
    await component.close();
    assert.match(logged(component), /^later$/m);
  });

  test(`${engine}, fetch: status, headers and body of the answer, and the request's own headers`, async () => {
    await using component = await open({
      http: {
        "GET https://api.example.com/x?q=1": ({ headers }) =>
          new Response(`asked by ${headers.get("x-asked-by") ?? "nobody"}`, {
            status: 203,
            headers: { "x-from": "upstream" },
          }),
      },
    });
    const response = await component.fetch(`/fetch?url=${encodeURIComponent("https://api.example.com/x?q=1#part")}`);
    assert.deepEqual([response.status, response.headers.get("x-from")], [203, "upstream"]);
    assert.equal(await response.text(), "asked by a guest");
  });

  test(`${engine}, fetch: a redirect is an answer that nobody follows`, async () => {
    await using component = await open({
      http: { "https://a.example/": http.answers("", { status: 302, headers: { location: "https://b.example/" } }) },
    });
    const response = await component.fetch(`/fetch?url=${encodeURIComponent("https://a.example/")}`, {
      redirect: "manual",
    });
    assert.deepEqual([response.status, response.headers.get("location")], [302, "https://b.example/"]);
  });

  test(`${engine}, fetch: a body that is streamed through`, async () => {
    await using component = await open({
      http: { "POST https://a.example/": ({ body }) => new Response(String(body.length)) },
    });
    const url = `/upload?url=${encodeURIComponent("https://a.example/")}`;
    const response = await component.fetch(url, { method: "POST", body: new Uint8Array(3 * MIB) });
    assert.equal(await response.text(), String(3 * MIB));
  });

  const FETCH_FAILURES = [
    "connection-refused",
    "connection-timeout",
    "TLS-certificate-error",
    "HTTP-request-denied",
    "DNS-error",
  ] as const;

  for (const code of FETCH_FAILURES) {
    test(`${engine}, fetch: ${code} is a TypeError with the code as its cause`, async () => {
      const denied = code === "HTTP-request-denied";
      await using component = await open(denied ? { net: [] } : { http: { "https://a.example/": http.fails(code) } });
      const response = await component.fetch(`/fetch?url=${encodeURIComponent("https://a.example/")}`);
      const { name, message, cause } = (await response.json()) as Record<string, unknown>;
      assert.equal(name, "TypeError");
      // The payload of DNS-error is empty here, so there is nothing to be said of it.
      assert.equal(message, `Cannot fetch "https://a.example/": ${code}`);
      assert.equal((cause as { readonly tag: string }).tag, code);
    });
  }

  const OWN: readonly (readonly [url: string, addresses: readonly string[]])[] = [
    ["http://127.0.0.1:9/", ["127.0.0.1:9"]],
    ["http://localhost:9/", ["127.0.0.1:9", "[::1]:9"]],
    ["http://[::1]:9/", ["[::1]:9"]],
  ];

  for (const [url, addresses] of OWN) {
    test(`${engine}, fetch: ${url}, where nothing listens, is told to be the workload's own`, async () => {
      await using component = await open({
        network: Object.fromEntries(addresses.map((address) => [address, tcp.refuses()])),
      });
      const response = await component.fetch(`/fetch?url=${encodeURIComponent(url)}`);
      const told = await response.text();
      const { message } = JSON.parse(told) as Record<string, unknown>;
      const why = "connection-refused (this is the workload's own loopback, where nothing listens on that port; " +
        "a server of the machine has another address)";
      assert.equal(
        message,
        `Cannot fetch "${url}": ${why}`,
        [response.status, told, ...component.failures()].join("\n"),
      );
    });
  }

  for (const url of ["ftp://a.example/", "relative", "https://u:p@a.example/"]) {
    test(`${engine}, fetch: ${url} is refused before anything is sent`, async () => {
      await using component = await open();
      const response = await component.fetch(`/fetch?url=${encodeURIComponent(url)}`);
      assert.equal(((await response.json()) as { readonly name: string }).name, "TypeError");
      assert.deepEqual(component.attempts(), []);
    });
  }

  test(`${engine}, fetch: a signal ends the waiting`, async () => {
    await using component = await open({ http: { "https://a.example/": http.hangs() } });
    const response = await component.fetch(`/give-up?url=${encodeURIComponent("https://a.example/")}`);
    assert.equal(await response.text(), "TimeoutError");
  });

  test(`${engine}, connect: both directions, and the end of each`, async () => {
    await using component = await open({ network: { "127.0.0.1:9": tcp.answers("pong") } });
    assert.equal(await (await component.fetch("/connect/9")).text(), "pong");
  });

  test(`${engine}, connect: writes come out one after the other and the end behind them, however much the other side takes`, async () => {
    const runs = tcp.talks(async (peer) => {
      await peer.wait(10);
      await peer.write((await peer.readText()).replaceAll(/(.)\1*/g, (run, letter) => `${letter}${run.length} `));
      peer.end();
    });
    await using component = await open({ network: { "127.0.0.1:9": runs } });
    const text = await (await component.fetch("/writes/9")).text();
    assert.equal(text, "a100000 b100000 c100000 d100000 e100000 f100000 , then ConnectionLost and ConnectionLost");
  });

  test(`${engine}, connect and listen: arguments that are none say what was expected`, async () => {
    await using component = await open();
    const [from0, from1] = [0, 1].map((from) => `invalid-argument, expected { port }, a number from ${from} to 65535`);
    assert.deepEqual(await (await component.fetch("/arguments")).json(), [
      ...["undefined", "undefined", "70000", "9"].flatMap((port) => [
        `SocketError: Cannot connect to 127.0.0.1:${port}: ${from1}`,
        `SocketError: Cannot listen on 0.0.0.0:${port}: ${from0}`,
      ]),
      "SocketError: Cannot resolve shop: permanent-resolver-failure",
      "SocketError: Cannot listen on shop:9: invalid-argument, expected a hostname that is an address",
    ]);
  });

  test(`${engine}, connect: nobody there, and not allowed`, async () => {
    await using component = await open({ network: { "127.0.0.1:9": tcp.refuses() } });
    assert.equal(await (await component.fetch("/connect/9")).text(), "connection-refused");
    await using closed = await open({ net: false });
    assert.equal(await (await closed.fetch("/connect/9")).text(), "access-denied");
  });

  test(`${engine}, errors: what is thrown is logged with its stack, and answered with 500`, async () => {
    await using component = await open();
    const response = await component.fetch("/throws-nothing-hono-knows");
    assert.equal(response.status, 500);
    assert.match(logged(component), /Uncaught "a text"/);
    assert.deepEqual(component.failures(), []);
  });

  test(`${engine}, errors: one in a timer is logged, and everything goes on`, async () => {
    await using component = await open();
    assert.equal(await (await component.fetch("/timer-throws")).text(), "went on");
    assert.match(logged(component), /Uncaught RangeError: in a timer\n(?: +at |.*@loopgate-guest\.js:)/);
  });

  test(`${engine}, errors: a body whose source breaks is cut, so that nobody takes it for the whole`, async () => {
    await using component = await open();
    const response = await component.fetch("/broken");
    assert.equal(response.status, 200);
    await assert.rejects(response.text());
    assert.match(logged(component), /the source broke/);
  });

  test(`${engine}, errors: a promise that nothing can settle is a 500 at once`, async () => {
    await using component = await open();
    const response = await component.fetch("/never");
    assert.equal(response.status, 500);
    assert.match(logged(component), /nothing can settle/);
    assert.match(logged(component), /Look for a new Promise whose resolve/);
    assert.match(component.failures().join(), /the guest ended without an answer/);
    assert.match(response.headers.get("content-type") ?? "", /problem\+json/);
  });

  test(`${engine}, listen: a hundred clients at once, each with its own bytes`, async () => {
    await using service = await testComponent(await componentBytes(serviceName));
    const clients = await Promise.all(Array.from({ length: 100 }, () => service.connect(7)));
    await Promise.all(clients.map((client, at) => client.write(`client ${at}\n`.repeat(100))));
    for (const client of clients) client.end();
    const texts = await Promise.all(clients.map((client) => client.readText()));
    assert.deepEqual(texts, clients.map((_, at) => `client ${at}\n`.repeat(100)));
  });
}
