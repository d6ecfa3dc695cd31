/**
 * 160 MB through a handler, in and out at once, on a real socket: whole, and in memory that does
 * not grow with them. The client stands in the same process and keeps nothing.
 */
import assert from "node:assert/strict";
import { createHash, type Hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import process from "node:process";
import { after, before, test } from "node:test";
import { closeToNothing, type GatewayHarness, startTestGateway } from "../support/gateway_harness.ts";
import { componentPath, hasComponent } from "./components.ts";

const PIECE_BYTES = 65_536;
const PIECES = 2_500;
const BODY_BYTES = PIECES * PIECE_BYTES;
/** What a handler holds, an instance of its own included, is a fraction of this; what goes through is more. */
const GROWTH_BYTES_MAX = 100_000_000;
/** Memory is looked at each time that so much has come back. */
const SAMPLE_BYTES = 4_000_000;
const PIECE = Uint8Array.from({ length: PIECE_BYTES }, (_, index) => (index * 31 + (index >> 8)) % 256);

/** Handlers that answer with the request's body: each reads and writes in its own way. */
const ECHOES = [
  { name: "QuickJS, read and write", route: "probe", path: "/echo", guest: "probe" },
  { name: "StarlingMonkey, web streams", route: "starling", path: "/echo", guest: "starling_handler" },
  { name: "Rust, wstd", route: "wstd", path: "/echo", guest: "rust_http_probe" },
  { name: "Rust, blocking-splice", route: "splice", path: "/", guest: "rust_bindgen_handler" },
].filter(({ guest }) => hasComponent(guest));

let harness: GatewayHarness;

before(async () => {
  const content: Record<string, unknown> = {};
  for (const { route, guest } of ECHOES) {
    content[`${route}/all.route.jsonc`] = {
      match: { host: `${route}.example`, path: "/*" },
      component: "x.wasm",
      limits: { requestBody: "200MiB", cpu: "5m" },
    };
    content[`${route}/x.wasm`] = await readFile(await componentPath(guest));
  }
  harness = await startTestGateway(content);
});

after(async () => {
  assert.deepEqual(await closeToNothing(harness), {});
});

/** What came back, without keeping it. */
interface Received {
  readonly status: number;
  readonly bytes: number;
  readonly hash: Hash;
  /** The highest that the process's memory was meanwhile. */
  readonly peakBytes: number;
}

/** Without it, garbage that nobody has collected yet is not told from what is held. */
const collect = (globalThis as { gc?: () => void }).gc;

/** The process's memory without its garbage. */
function used(): number {
  collect?.();
  return process.memoryUsage().rss;
}

/** Sends `pieces` pieces no faster than they are taken, and reads the answer at once. */
function exchange(host: string, path: string, pieces: number): Promise<Received> {
  return new Promise((resolve, reject) => {
    let [bytes, peakBytes] = [0, 0];
    const hash = createHash("sha256");
    const options = { method: "POST", headers: { host }, agent: false };
    const outgoing = request(harness.url + path, options, (incoming) => {
      incoming.on("data", (part: Uint8Array) => {
        const before = Math.floor(bytes / SAMPLE_BYTES);
        bytes += part.length;
        hash.update(part);
        if (Math.floor(bytes / SAMPLE_BYTES) !== before) peakBytes = Math.max(peakBytes, used());
      });
      incoming.on("error", reject);
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, bytes, hash, peakBytes }));
    });
    outgoing.on("error", reject);
    let left = pieces;
    const feed = (): void => {
      while (left > 0) {
        left--;
        if (!outgoing.write(PIECE)) {
          outgoing.once("drain", feed);
          return;
        }
      }
      outgoing.end();
    };
    feed();
  });
}

for (const { name, route, path } of ECHOES) {
  test(`160 MB both ways at once through ${name}`, async (t) => {
    if (collect === undefined) return t.skip("it needs --expose-gc, which npm test gives");
    const host = `${route}.example`;
    // The first tenth makes what stays: compiled code, pools, socket buffers.
    await exchange(host, path, 160);
    const before = used();
    const received = await exchange(host, path, PIECES);
    assert.equal(received.status, 200);
    // The Rust one on wit-bindgen puts a line about the request in front.
    assert.ok(received.bytes >= BODY_BYTES && received.bytes < BODY_BYTES + 1000, `${received.bytes} bytes came back`);
    if (route !== "splice") {
      const sent = createHash("sha256");
      for (let piece = 0; piece < PIECES; piece++) sent.update(PIECE);
      assert.equal(received.hash.digest("hex"), sent.digest("hex"));
    }
    const grown = received.peakBytes - before;
    assert.ok(grown < GROWTH_BYTES_MAX, `memory grew by ${grown} bytes`);
    await harness.backToIdle();
  });
}
