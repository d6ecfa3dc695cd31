/**
 * What single parts cost, in a process of its own: `parts_worker.ts <handler.wasm>`. Prints one JSON object: the values of
 * all rounds, by row.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import type { ByteSink, ByteSource } from "../../src/base/byte_stream.ts";
import { systemClock } from "../../src/base/clock.ts";
import { LOOPBACK_V4, parseIpAddress } from "../../src/base/ip_address.ts";
import { untilReady } from "../../src/base/waitable.ts";
import { compileComponent } from "../../src/component/engine.ts";
import type { ComponentInstance } from "../../src/component/instance.ts";
import type { HostContext } from "../../src/host/context.ts";
import { openExchange } from "../../src/host/http/open_exchange.ts";
import { createHostImports } from "../../src/host/imports.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import type { GuestNetwork } from "../../src/network/guest_network.ts";
import type { TcpSocket } from "../../src/network/tcp_socket.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import { judgeAddress } from "../../src/policy/judge.ts";
import { makePolicy } from "../../src/policy/policy.ts";
import { readDns, readNet } from "../../src/policy/policy_read.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { FakeExchange } from "../../test/support/fake_exchange.ts";

const ROUNDS = 9;
/** Not counted: the compiler reaches its best tier. */
const ROUNDS_WARM = 3;
const LOOPBACK_BYTES = 256 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const PORT = 7777;

const [handlerFile = ""] = process.argv.slice(2);
const counters = new LiveCounters();
const network = new WorkloadNetwork({ workload: "bench", clock: systemClock, counters, emit: () => {} });
const component = await compileComponent(readFileSync(handlerFile), { suspending: SUSPENDING, tracksWrites: true });

const rounds: Record<string, number[]> = { instantiateUs: [], recycleUs: [], decisionUs: [], bytesPerS: [] };
for (let at = 0; at < ROUNDS_WARM + ROUNDS; at++) {
  const values = {
    instantiateUs: await instantiate(100),
    recycleUs: await recycle(1_000),
    decisionUs: decide(50_000),
    bytesPerS: await stream(LOOPBACK_BYTES),
  };
  if (at < ROUNDS_WARM) continue;
  for (const [name, value] of Object.entries(values)) rounds[name]?.push(value);
}
console.log(JSON.stringify(rounds));
process.exit(0);

/** Processor time of an instance and its end. */
async function instantiate(count: number): Promise<number> {
  const before = process.cpuUsage();
  for (let at = 0; at < count; at++) (await open()).end();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/** The time that an instance needs to be put back after a hello: of that alone, so by the clock. */
async function recycle(count: number): Promise<number> {
  const { instance, context, end } = await open();
  let tookMs = 0;
  for (let at = 0; at < count; at++) {
    const exchange = new FakeExchange({ pathWithQuery: "/" });
    const opened = openExchange(exchange, context);
    const handle = instance.findInterface("wasi:http/incoming-handler")?.["handle"];
    if (typeof handle !== "function") throw new TypeError("Cannot measure: the component is no handler");
    await (handle as (...args: readonly unknown[]) => Promise<void>)(opened.request, opened.responseOut);
    opened.settle("the request is over");
    const startMs = performance.now();
    const refusal = instance.recycle();
    tookMs += performance.now() - startMs;
    if (refusal !== null) throw new Error(`Cannot measure: the instance is not recycled (${refusal})`);
  }
  end();
  return tookMs * 1_000 / count;
}

/** One decision under sixteen rules of a workload and four of the operator; every second one is denied. */
function decide(count: number): number {
  const layer = (net: unknown) => ({
    net: readNet(net, { file: "bench" }).setting,
    dns: readDns(undefined, { file: "bench" }).setting,
  });
  const rules = Array.from({ length: 16 }, (_, at) => `10.${at}.0.0/16:5432`);
  const policy = makePolicy({
    workload: layer(rules),
    ceiling: layer({ allow: ["public", "10.0.0.0/8"], deny: ["10.3.0.0/16", "*:25"] }),
    route: undefined,
  });
  const own = { listeners: [], interfaces: [] };
  const address = parseIpAddress("10.15.1.2");
  if (address === undefined) throw new TypeError("Cannot measure: no address");
  let allowed = 0;
  const startMs = performance.now();
  for (let at = 0; at < count; at++) {
    if (judgeAddress({ scheme: "tcp", address, port: 5432 + at % 2 }, { policy, own }).isAllowed) allowed++;
  }
  const tookMs = performance.now() - startMs;
  if (allowed !== count / 2) throw new Error(`Cannot measure: ${allowed} of ${count} are allowed`);
  return tookMs * 1_000 / count;
}

/** Bytes per second over one connection of the private loopback, without guests. */
async function stream(bytes: number): Promise<number> {
  const label = { workload: "bench" } as const;
  const service = network.openGuest("service", { ...label, role: "service" });
  const client = network.openGuest("component", { ...label, role: "component" });
  const address = { address: LOOPBACK_V4, port: PORT };
  const listener = socketOf(service);
  check(listener.startBind(address), listener.finishBind(), listener.startListen(), listener.finishListen());
  const socket = socketOf(client);
  check(socket.startConnect(address));
  await untilReady(socket);
  const connection = socket.finishConnect();
  await untilReady(listener);
  const accepted = listener.accept();
  if (typeof connection === "string" || typeof accepted === "string") throw new Error("Cannot measure: no connection");
  const startMs = performance.now();
  await Promise.all([send(connection.output, bytes), receive(accepted.connection.input, bytes)]);
  const perS = bytes / ((performance.now() - startMs) / 1_000);
  client.release("close");
  service.release("close");
  return perS;
}

async function send(output: ByteSink, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const permit = output.permit();
    if (typeof permit !== "number") throw new Error("Cannot measure: the connection ended");
    if (permit === 0) {
      await untilReady(output);
      continue;
    }
    const piece = new Uint8Array(Math.min(permit, left, PIECE_BYTES));
    output.write(piece);
    left -= piece.length;
  }
}

async function receive(input: ByteSource, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const piece = input.read(PIECE_BYTES);
    if (!(piece instanceof Uint8Array)) throw new Error("Cannot measure: the connection ended");
    if (piece.length === 0) await untilReady(input);
    left -= piece.length;
  }
}

function socketOf(guest: GuestNetwork): TcpSocket {
  const socket = guest.createTcpSocket("ipv4");
  if (typeof socket === "string") throw new Error(`Cannot measure: ${socket}`);
  return socket;
}

function check(...codes: readonly (string | undefined)[]): void {
  const code = codes.find((each) => each !== undefined);
  if (code !== undefined) throw new Error(`Cannot measure: ${code}`);
}

async function open(): Promise<{ instance: ComponentInstance; context: HostContext; end: () => void }> {
  const label = { workload: "bench", role: "component" } as const;
  const guestNetwork = network.openGuest("component", label);
  const context: HostContext = {
    label,
    env: [],
    args: ["bench"],
    clock: systemClock,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    output: () => {},
    network: guestNetwork,
    counters,
    emit: () => {},
    onLimit: () => {},
  };
  const instance = await component.instantiate(createHostImports(context));
  const end = (): void => {
    guestNetwork.release("close");
    instance.dispose();
  };
  return { instance, context, end };
}
