/** HTTP/2 in front of real guests: turned on by the operator, with their failures, limits and departures of clients. On Node; Deno refuses it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { ComponentCache } from "../../src/component/cache.ts";
import { LoopgateError } from "../../src/base/errors.ts";
import { readFolder } from "../../src/gateway/read_folder.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import type { GatewayEvent } from "../../src/telemetry/events.ts";
import {
  closeToNothing,
  componentBytes,
  type FolderContent,
  type GatewayHarness,
  memoryFiles,
  startTestGateway,
} from "../support/gateway_harness.ts";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { eventually } from "../support/http_harness.ts";
import { ask, FrameClient, http2Test, politeClient } from "../support/http2_client.ts";
import { FLAG, FRAME, frame, GET } from "../support/http2_frames.ts";
import { loopgate, withHello } from "../support/program.ts";
import { testPem } from "../support/transport.ts";
import { routeContent, watchFolder, within } from "../support/watched_folder.ts";

const IS_DENO = "Deno" in globalThis;
const [NO_ERROR, INTERNAL_ERROR, CANCEL] = [0, 2, 8];

/** For what a busy machine takes long for: all others are to meet their limits soon. */
const SLOW = { wall: "60s", idle: "60s", cpu: "30s" };

const OPERATOR: FolderContent = {
  "gateway.jsonc": { tls: { certificate: "certs/chain.pem", key: "certs/key.pem" }, http2: true },
  "certs/chain.pem": testPem("good"),
  "certs/key.pem": testPem("good.key"),
};

let harness: GatewayHarness;

before(async () => {
  if (IS_DENO) return;
  const content: Record<string, unknown> = {
    ...OPERATOR,
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
    "probe/slow.route.jsonc": {
      match: { host: "slow.example", path: "/*" },
      component: "probe.wasm",
      limits: { requestBody: "1MiB", ...SLOW },
    },
    "probe/one.route.jsonc": {
      match: { host: "one.example", path: "/*" },
      component: "probe.wasm",
      limits: { concurrency: 1, queue: 0 },
    },
  };
  if (hasGuests("rust_bindgen_handler")) {
    content["splice/all.route.jsonc"] = {
      match: { host: "splice.example", path: "/*" },
      component: "splice.wasm",
      limits: SLOW,
    };
    content["splice/splice.wasm"] = await guestBytes("rust_bindgen_handler");
  }
  harness = await startTestGateway(content, { limits: { route: { wallMs: 400, idleMs: 400 } } });
});

after(async () => {
  if (!IS_DENO) assert.deepEqual(await closeToNothing(harness), {});
});

type RequestEvent = Extract<GatewayEvent, { readonly kind: "request" }>;

/** The one line about the request of that path. */
async function logged(path: string): Promise<RequestEvent> {
  const find = (): RequestEvent | undefined =>
    harness.events.find((event): event is RequestEvent => event.kind === "request" && event.path === path);
  await eventually(() => find() !== undefined);
  const found = find();
  assert.ok(found);
  return found;
}

http2Test("http2: what a guest does, its client and the log see as over HTTP/1.1", async (t) => {
  const client = await politeClient(harness.port);
  const rows: readonly (readonly [path: string, status: number, code: number, told: RegExp | undefined])[] = [
    ["/hello", 200, NO_ERROR, undefined],
    ["/tick", 200, NO_ERROR, undefined],
    ["/spin-after-end", 200, NO_ERROR, /LG7017|LG7016/],
    ["/no-answer", 500, NO_ERROR, /LG7012/],
    ["/trap", 500, NO_ERROR, /LG7011/],
    ["/exit", 500, NO_ERROR, /LG7012/],
    ["/error-code", 502, NO_ERROR, /LG7013/],
    ["/hang", 504, NO_ERROR, /LG7016/],
    ["/spin", 504, NO_ERROR, /LG7017|LG7016/],
    // None of these ends as a whole answer does.
    ["/unfinished", 200, INTERNAL_ERROR, /LG7018/],
    ["/trap-after-head", 200, INTERNAL_ERROR, /LG70/],
    ["/hang-after-head", 200, INTERNAL_ERROR, /LG7102/],
  ];
  for (const [path, status, code, told] of rows) {
    await t.test(path, async () => {
      const got = await ask(client, { ":path": path });
      assert.deepEqual([got.status, got.code], [status, code]);
      if (status >= 500) assert.equal(got.fields["content-type"], "application/problem+json");
      const line = await logged(path);
      assert.equal(got.fields["x-request-id"], line.requestId);
      assert.equal(line.status, status);
      if (told === undefined) assert.equal(line.code, undefined);
      else if (path !== "/spin-after-end") assert.match(String(line.code), told);
    });
  }
  client.close();
  await harness.backToIdle();
});

http2Test("http2: requests that no guest gets are refused as ever", async () => {
  const client = await politeClient(harness.port);
  const held = client.request({ ":authority": "one.example", ":path": "/hang-after-head" });
  held.on("error", () => {});
  await new Promise((resolve) => held.on("response", resolve));
  const busy = await ask(client, { ":authority": "one.example", ":path": "/busy" });
  assert.deepEqual([busy.status, busy.fields["retry-after"]], [429, "1"]);
  held.close(CANCEL);
  const large = await ask(client, { ":method": "POST", ":authority": "slow.example", ":path": "/sink" }, {
    body: new Uint8Array(1_500_000),
  });
  assert.deepEqual([large.status, large.code], [413, NO_ERROR]);
  const small = await ask(client, { ":method": "POST", ":authority": "slow.example", ":path": "/sink" }, {
    body: new Uint8Array(1_000_000),
  });
  assert.deepEqual([small.status, Buffer.from(small.body).toString()], [200, "1000000 bytes"]);
  client.close();
  await harness.backToIdle();
});

http2Test("http2: guests echo streams beside each other, with the client's pace", async () => {
  const client = await politeClient(harness.port);
  const bodies = Array.from({ length: 8 }, (_, index) => new Uint8Array(400_000).fill(index + 1));
  const answers = await Promise.all(
    bodies.map((body) => ask(client, { ":method": "POST", ":authority": "slow.example", ":path": "/echo" }, { body })),
  );
  for (const [index, { status, body }] of answers.entries()) {
    assert.equal(status, 200);
    assert.ok(Buffer.from(body).equals(bodies[index] ?? new Uint8Array()), `${index}: ${body.length} bytes`);
  }
  client.close();
  await harness.backToIdle();
});

http2Test("http2: trailers go through a guest of another toolchain, in both directions", {
  skip: hasGuests("rust_bindgen_handler") ? false : "the guest is not built",
}, async () => {
  const client = await politeClient(harness.port);
  const got = await ask(client, {
    ":method": "POST",
    ":authority": "splice.example",
    ":path": "/a/b?c",
    te: "trailers",
  }, {
    body: new Uint8Array(100_000).fill(111),
    trailers: { "x-sum": "12", "x-other": ["a", "b"] },
  });
  assert.match(
    Buffer.from(got.body).toString(),
    /^Method::Post Some\("\/a\/b\?c"\) Some\(Scheme::Https\) .*\bte\b.*\no{100000}$/,
  );
  assert.deepEqual([got.trailers?.["x-sum"], got.trailers?.["x-other"]], ["12", "a, b"]);
  client.close();
  await harness.backToIdle();
});

http2Test("http2: a client that resets a stream, or leaves, stops its guests at once", async (t) => {
  const running = (): number => harness.gateway.counters().requests;
  await t.test("resets", async () => {
    const client = await politeClient(harness.port);
    const streams = ["/hang", "/flood", "/sulk"].map((path) => {
      const stream = client.request({ ":method": path === "/sulk" ? "POST" : "GET", ":path": path }, {
        endStream: false,
      });
      stream.on("error", () => {});
      return stream;
    });
    await eventually(() => running() === 3);
    for (const stream of streams) stream.close(CANCEL);
    await harness.backToIdle();
    assert.equal((await ask(client, { ":path": "/after-resets" })).status, 200);
    client.close();
  });
  await t.test("leaves", async () => {
    const client = await politeClient(harness.port);
    for (let count = 0; count < 10; count++) client.request({ ":path": "/hang" }).on("error", () => {});
    await eventually(() => running() === 10);
    client.destroy();
    await harness.backToIdle();
  });
});

http2Test("http2: closing the gateway finishes what its guests have begun", async () => {
  const content = {
    ...OPERATOR,
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
  };
  const own = await startTestGateway(content);
  const client = await FrameClient.open(own.port);
  const block = Buffer.concat([GET.subarray(0, 2), Buffer.from([4, 5]), Buffer.from("/tick"), GET.subarray(3)]);
  client.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, block));
  await client.until(() => client.framesOf(FRAME.data).length > 0);
  assert.deepEqual(await closeToNothing(own), {});
  await client.closed;
  const body = Buffer.concat(client.framesOf(FRAME.data).map(({ payload }) => payload)).toString();
  assert.equal(body, "tick 1\ntick 2\ntick 3\n");
  assert.deepEqual([client.goawayCode, client.resetCodes(1)], [NO_ERROR, []]);
});

http2Test("http2: a change of the key counts from the next start on, and the log says so", async () => {
  const watched = await watchFolder({ ...within("one", await routeContent("one", "1")), ...OPERATOR });
  await watched.folder.write("gateway.jsonc", { tls: { certificate: "certs/chain.pem", key: "certs/key.pem" } });
  const reload = await watched.untilReloads(1);
  // No fault: whoever is called for those is not called for this.
  assert.deepEqual([reload.outcome, reload.needsRestart], ["replaced", true]);
  assert.match(reload.detail ?? "", /^"http2" of gateway\.jsonc counts from the next start on/);
  const client = await politeClient(watched.gateway.address.port);
  assert.equal((await ask(client, { ":path": "/environment", ":authority": "one.example" })).status, 200);
  client.close();
  assert.deepEqual(await watched.close(), {});
});

test("http2: Deno refuses it, with the place and the fix; Node takes it", async () => {
  const files = memoryFiles({
    ...OPERATOR,
    "gateway.jsonc": '{\n  "tls": { "certificate": "certs/chain.pem", "key": "certs/key.pem" },\n  "http2": true\n}',
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
  });
  const read = readFolder({ folder: "w", files, cache: new ComponentCache({ suspending: SUSPENDING }) });
  if (!IS_DENO) return assert.equal((await read).operator.gateway.http2, true);
  await assert.rejects(read, (error) => {
    assert.ok(error instanceof LoopgateError && error.code === "ERR_CONFIG");
    const [fault] = error.diagnostics;
    assert.deepEqual([fault?.file, fault?.line, fault?.column, fault?.code], ["w/gateway.jsonc", 3, 12, "LG1505"]);
    assert.match(fault?.message ?? "", /^Cannot use "http2": this is Deno, .*, expected Node$/);
    assert.match(fault?.fix ?? "", /^run it on Node, or leave "http2" out: .*"trustedProxies"$/);
    return true;
  });
});

http2Test("docs/tls.md: HTTP/2 is turned on as it says", async () => {
  const document = readFileSync(new URL("../../docs/tls.md", import.meta.url), "utf8");
  const section = document.slice(document.indexOf("## HTTP/2"));
  const [, file = ""] = /^\/\/ gateway\.jsonc\n(.+)$/m.exec(section) ?? [];
  assert.match(section, /^curl --http2 --cacert certs\/chain\.pem https:\/\/127\.0\.0\.1:8443\/hi$/m);
  const own = await startTestGateway({
    ...OPERATOR,
    "gateway.jsonc": file,
    "probe/all.route.jsonc": { match: { path: "/*" }, component: "probe.wasm" },
    "probe/probe.wasm": await componentBytes("probe"),
  });
  const client = await politeClient(own.port);
  assert.equal((await ask(client, { ":path": "/hello" })).status, 200);
  client.close();
  assert.deepEqual(await closeToNothing(own), {});
});

http2Test(
  "http2: after SIGTERM streams under way are answered, idle connections end, and the program exits with 0",
  async () => {
    const probe = await componentBytes("probe");
    await withHello(async (folder) => {
      const files: FolderContent = {
        ...OPERATOR,
        "probe/all.route.jsonc": {
          match: { host: "probe.example", path: "/*" },
          component: "probe.wasm",
          limits: { wall: "800ms" },
        },
        "probe/probe.wasm": probe,
      };
      for (const [path, content] of Object.entries(files)) {
        await mkdir(join(folder, dirname(path)), { recursive: true });
        const isRaw = typeof content === "string" || content instanceof Uint8Array;
        await writeFile(join(folder, path), isRaw ? content : JSON.stringify(content));
      }
      const program = loopgate("serve", folder, "--listen", "127.0.0.1:0", "--log", "json");
      try {
        const port = Number(await program.untilWritten(/"port":(\d+)/));
        const [client, idle] = [await politeClient(port), await politeClient(port)];
        assert.equal((await ask(idle, { ":authority": "probe.example", ":path": "/first" })).status, 200);
        const paths = ["/hang", "/tick", "/tick"];
        const answers = Promise.all(paths.map((path) => ask(client, { ":authority": "probe.example", ":path": path })));
        assert.equal((await ask(client, { ":authority": "probe.example", ":path": "/first" })).status, 200);
        program.signal("SIGTERM");
        assert.deepEqual((await answers).map(({ status, code }) => [status, code]), [[504, NO_ERROR], [200, NO_ERROR], [
          200,
          NO_ERROR,
        ]]);
        assert.equal(await program.ended, 0, program.err);
        await eventually(() => client.destroyed && idle.destroyed);
        assert.match(program.err, /draining/i);
      } finally {
        try {
          program.signal("SIGKILL");
        } catch {
          // It has ended, as it should.
        }
      }
    });
  },
);
