/** A service component alone on a private loopback, and clients on that loopback that are no guests. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { untilReady } from "../../src/base/waitable.ts";
import { compileComponent } from "../../src/component/engine.ts";
import { randomBytes } from "../../src/gateway/random_bytes.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import type { GuestProgram } from "../../src/instance/guest.ts";
import { openGuestTools } from "../../src/instance/guest_tools.ts";
import type { GuestEnd } from "../../src/instance/guest_end.ts";
import type { GuestNetwork } from "../../src/network/guest_network.ts";
import type { TcpConnection } from "../../src/network/tcp_connection.ts";
import { WorkloadNetwork } from "../../src/network/workload_network.ts";
import { LIVE_KINDS, LiveCounters } from "../../src/telemetry/live_counters.ts";
import { startRun } from "../../src/workload/service_run.ts";
import { parseAddress } from "./tcp_bench.ts";

export interface LoopbackService {
  readonly ended: Promise<GuestEnd>;
  /** What it wrote to stdout and stderr. */
  output(): string;
  connect(): Promise<LoopbackClient>;
  /** Ends the service from outside. */
  kill(): void;
  /** Ends the service and says what is left alive: nothing. */
  stop(): Promise<Readonly<Record<string, number>>>;
}

export interface LoopbackServiceOptions {
  readonly port: number;
  readonly args?: readonly string[];
  readonly env?: readonly (readonly [string, string])[];
  readonly limits?: GuestProgram["limits"];
}

/** Starts a service and waits until it listens on `port`. */
export async function startLoopbackService(
  bytes: Uint8Array,
  { port, args = [], env = [], limits }: LoopbackServiceOptions,
): Promise<LoopbackService> {
  const counters = new LiveCounters();
  const emit = () => {};
  const label = { workload: "test", role: "service" } as const;
  const network = new WorkloadNetwork({ workload: "test", clock: systemClock, counters, emit });
  const component = await compileComponent(bytes, { suspending: SUSPENDING });
  const decoder = new TextDecoder();
  let output = "";
  const run = startRun(
    { component, label, env, args: ["service", ...args], ...(limits !== undefined && { limits }) },
    openGuestTools({ clock: systemClock, randomBytes, counters, emit, onLimit: () => {} }),
    {
      network: network.openGuest("service", label),
      output: (_stream, written) => {
        output += decoder.decode(written, { stream: true });
      },
    },
  );
  const listening = new Promise<void>((resolve) => {
    const look = (): void => {
      if (network.isListening(port)) resolve();
      else network.onListening(port, look);
    };
    look();
  });
  const early = run.ended.then((end) => assert.fail(`The service ended before it listened: ${end.kind}\n${output}`));
  await Promise.race([listening, early]);
  early.catch(() => {});
  return {
    ended: run.ended,
    output: () => output,
    connect: () => LoopbackClient.connect(network, port),
    kill: () => run.kill(new Error("the test wants it")),
    async stop() {
      run.kill(new Error("the test is over"));
      await run.ended;
      network.close();
      return Object.fromEntries(
        LIVE_KINDS.map((kind) => [kind, counters.get(kind)]).filter(([, count]) => count !== 0),
      );
    },
  };
}

/** A client that reads and writes as slowly or as rudely as a test wants. */
export class LoopbackClient {
  readonly #guest: GuestNetwork;
  readonly #connection: TcpConnection;

  private constructor(guest: GuestNetwork, connection: TcpConnection) {
    this.#guest = guest;
    this.#connection = connection;
  }

  static async connect(network: WorkloadNetwork, port: number): Promise<LoopbackClient> {
    const guest = network.openGuest("component", { workload: "test", role: "component", route: "test" });
    const socket = guest.createTcpSocket("ipv4");
    assert.ok(typeof socket !== "string");
    assert.equal(socket.startConnect(parseAddress(`127.0.0.1:${port}`)), undefined);
    await untilReady(socket);
    const connection = socket.finishConnect();
    assert.ok(typeof connection !== "string");
    return new LoopbackClient(guest, connection);
  }

  /** Returns when all of it is handed over. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      await untilReady(this.#connection.output);
      const permit = this.#connection.output.permit();
      assert.ok(typeof permit === "number", "the service is gone");
      const part = bytes.subarray(sent, sent + permit);
      assert.equal(this.#connection.output.write(part), undefined);
      sent += part.length;
    }
  }

  /** Hands over what fits now, without waiting; gives how much that was. */
  writeNow(bytes: Uint8Array): number {
    const permit = this.#connection.output.permit();
    if (typeof permit !== "number") return 0;
    const part = bytes.subarray(0, permit);
    this.#connection.output.write(part);
    return part.length;
  }

  /** The next bytes, or undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    await untilReady(this.#connection.input);
    const bytes = this.#connection.input.read(65_536);
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  /** Exactly `length` bytes, or fewer when it ends before. */
  async readAtLeast(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let missing = length; missing > 0;) {
      const part = await this.read();
      if (part === undefined) break;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  readToEnd(): Promise<Uint8Array> {
    return this.readAtLeast(Infinity);
  }

  /** How the connection ends, whatever comes before. */
  async untilOver(): Promise<"closed" | "reset"> {
    for (;;) {
      await untilReady(this.#connection.input);
      const read = this.#connection.input.read(65_536);
      if (!(read instanceof Uint8Array)) return read === "closed" ? "closed" : "reset";
    }
  }

  /** No more will be written; reading goes on. */
  shutdownSend(): void {
    this.#connection.shutdown("send");
  }

  close(): void {
    this.#guest.release("close");
  }

  reset(): void {
    this.#guest.release("reset");
  }
}
