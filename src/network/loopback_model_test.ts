/**
 * Random lives of connections against a model that is written from network.md: no byte is lost, doubled or out of
 * order, every answer and every readiness is the expected one, and at the end nothing is left.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type DrivenSocket, type DrivenStreams, expectValue, TcpBench } from "../../test/support/tcp_bench.ts";
import { CORE_DRIVER } from "../../test/support/tcp_core_driver.ts";
import type { GuestRole } from "./access.ts";

const BACKLOG = 3;
const BUFFER_BYTES = 32;
const WINDOW_BYTES = 2 * BUFFER_BYTES;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz";
const HANDLES = ["socket", "input", "output"] as const;

/** One side of a connection as it should be. */
interface ModelEnd {
  readonly role: GuestRole;
  real: (DrivenStreams & { readonly socket: DrivenSocket }) | undefined;
  peer: ModelEnd;
  /** Queued for this side to read. */
  queued: string;
  writtenBytes: number;
  isSendShut: boolean;
  isReceiveShut: boolean;
  readonly handles: Set<(typeof HANDLES)[number]>;
  gone: "no" | "close" | "reset";
  /** Whether its own reader or writer has told of the peer's reset. */
  isResetRead: boolean;
  isResetKnown: boolean;
}

interface ModelClient {
  readonly role: GuestRole;
  readonly socket: DrivenSocket;
  /** undefined while it waits for room. */
  end: ModelEnd | undefined;
  outcome: "waiting" | "queued" | "refused";
}

class Model {
  readonly bench = new TcpBench({ driver: CORE_DRIVER });
  readonly ends: ModelEnd[] = [];
  listener: DrivenSocket | undefined;
  queue: ModelEnd[] = [];
  waiting: ModelClient[] = [];
  unfinished: ModelClient[] = [];

  listen(): void {
    if (this.listener !== undefined) return;
    const socket = this.bench.bind("service", "127.0.0.1:80");
    for (const option of ["sendBuffer", "receiveBuffer"] as const) socket.set(option, BigInt(BUFFER_BYTES));
    socket.set("backlog", BigInt(BACKLOG));
    socket.startListen();
    socket.finishListen();
    this.listener = socket;
  }

  dropListener(): void {
    this.listener?.drop();
    this.listenerGone();
  }

  listenerGone(): void {
    if (this.listener === undefined) return;
    this.listener = undefined;
    for (const client of this.waiting.splice(0)) client.outcome = "refused";
    for (const server of this.queue.splice(0)) end(server, "reset");
  }

  dial(role: GuestRole): void {
    const socket = this.bench.create(role);
    for (const option of ["sendBuffer", "receiveBuffer"] as const) socket.set(option, BigInt(BUFFER_BYTES));
    assert.equal(socket.startConnect("127.0.0.1:80"), undefined);
    const client: ModelClient = {
      role,
      socket,
      end: undefined,
      outcome: this.listener === undefined ? "refused" : "waiting",
    };
    this.unfinished.push(client);
    if (this.listener === undefined) return;
    this.waiting.push(client);
    this.admit();
  }

  admit(): void {
    while (this.queue.length < BACKLOG) {
      const client = this.waiting.shift();
      if (client === undefined) return;
      const [own, server] = pair(client.role);
      client.end = own;
      client.outcome = "queued";
      this.queue.push(server);
      this.ends.push(own, server);
    }
  }

  finish(at: number): void {
    const client = this.unfinished[at % (this.unfinished.length || 1)];
    if (client === undefined) return;
    assert.equal(client.socket.isReady(), client.outcome !== "waiting");
    const answer = client.socket.finishConnect();
    if (client.outcome === "waiting") {
      assert.equal(answer, "would-block");
      return;
    }
    this.unfinished.splice(this.unfinished.indexOf(client), 1);
    if (client.outcome === "refused") {
      assert.equal(answer, "connection-refused");
      client.socket.drop();
    } else if (client.end !== undefined) {
      client.end.real = { socket: client.socket, ...expectValue(answer) };
    }
  }

  accept(): void {
    if (this.listener === undefined) return;
    assert.equal(this.listener.isReady(), this.queue.length > 0);
    const answer = this.listener.accept();
    const server = this.queue.shift();
    if (server === undefined) {
      assert.equal(answer, "would-block");
      return;
    }
    server.real = expectValue(answer);
    const client = server.peer.real;
    if (client !== undefined && server.peer.gone === "no" && server.peer.handles.has("socket")) {
      assert.equal(server.real.socket.remote(), client.socket.local());
    }
    this.admit();
  }

  /** A guest ends: every side that it holds, its unfinished connects, and its listener. */
  release(role: GuestRole, how: "close" | "reset"): void {
    this.bench.guests[role].release(how);
    for (const client of this.unfinished.slice()) {
      if (client.role !== role) continue;
      if (client.end !== undefined) end(client.end, how);
      this.waiting = this.waiting.filter((other) => other !== client);
      this.unfinished.splice(this.unfinished.indexOf(client), 1);
    }
    if (role === "service") this.listenerGone();
    for (const own of this.ends) if (own.role === role && own.real !== undefined) end(own, how);
    this.admit();
  }

  /** An open side that its guest can use. */
  pick(at: number): ModelEnd | undefined {
    const usable = this.ends.filter((own) => own.real !== undefined && own.handles.size > 0);
    return usable[at % (usable.length || 1)];
  }

  close(): void {
    this.bench.assertIdleAfterRelease();
  }
}

function pair(clientRole: GuestRole): [ModelEnd, ModelEnd] {
  const make = (role: GuestRole): Omit<ModelEnd, "peer"> => ({
    role,
    real: undefined,
    queued: "",
    writtenBytes: 0,
    isSendShut: false,
    isReceiveShut: false,
    handles: new Set(HANDLES),
    gone: "no",
    isResetRead: false,
    isResetKnown: false,
  });
  const client = make(clientRole) as ModelEnd;
  const server = make("service") as ModelEnd;
  client.peer = server;
  server.peer = client;
  return [client, server];
}

function end(own: ModelEnd, how: "close" | "reset"): void {
  if (own.gone !== "no") return;
  own.gone = how;
  own.queued = "";
  // After its shutdown(send) what it said was whole: no reset is read, and none is written into.
  if (how === "reset" && own.isSendShut) own.peer.isResetKnown = true;
}

function write(own: ModelEnd, bytes: number): void {
  const { real, peer } = own;
  if (real === undefined || !own.handles.has("output")) return;
  const expected = permitOf(own);
  assert.equal(real.output.isReady(), expected !== 0, "the output's readiness");
  assert.equal(real.output.permit(), expected);
  if (typeof expected === "string") {
    if (expected !== "closed") own.isResetKnown = true;
    return;
  }
  const text = Array.from({ length: Math.min(bytes, expected) }, () => ALPHABET[own.writtenBytes++ % 26]).join("");
  assert.equal(real.output.write(text), undefined);
  if (!peer.isReceiveShut) peer.queued += text;
}

function permitOf(own: ModelEnd): number | string {
  const { peer } = own;
  if (own.gone !== "no" || own.isSendShut) return "closed";
  const isPeerShut = peer.isSendShut && peer.isReceiveShut;
  if (peer.gone === "reset" && !isPeerShut) return own.isResetKnown ? "closed" : "failed: connection-reset";
  if (peer.gone !== "no" || isPeerShut) return "closed";
  return WINDOW_BYTES - peer.queued.length;
}

function read(own: ModelEnd, bytesMax: number): void {
  const { real, peer } = own;
  if (real === undefined || !own.handles.has("input")) return;
  const isEnded = own.gone !== "no" || own.isReceiveShut || peer.isSendShut || peer.gone !== "no";
  assert.equal(real.input.isReady(), own.queued !== "" || isEnded, "the input's readiness");
  const answer = real.input.read(bytesMax);
  if (own.gone !== "no" || own.isReceiveShut) {
    assert.equal(answer, "closed");
  } else if (own.queued !== "") {
    assert.ok(
      answer.length > 0 && answer.length <= bytesMax && own.queued.startsWith(answer),
      `${answer} of ${own.queued}`,
    );
    own.queued = own.queued.slice(answer.length);
  } else if (peer.gone === "reset" && !peer.isSendShut && !own.isResetRead) {
    assert.equal(answer, "failed: connection-reset");
    own.isResetRead = true;
    own.isResetKnown = true;
  } else {
    assert.equal(answer, isEnded ? "closed" : "");
  }
}

function shutdown(own: ModelEnd, how: "receive" | "send" | "both"): void {
  if (own.real === undefined || !own.handles.has("socket")) return;
  if (own.gone !== "no") return;
  assert.equal(own.real.socket.shutdown(how), undefined);
  if (how !== "receive") own.isSendShut = true;
  if (how !== "send") {
    own.isReceiveShut = true;
    own.queued = "";
  }
}

function drop(own: ModelEnd, handle: (typeof HANDLES)[number]): void {
  if (own.real === undefined || !own.handles.delete(handle)) return;
  own.real[handle].drop();
  if (own.handles.size === 0) end(own, "close");
}

type Step = (model: Model) => void;

function onEnd(act: (own: ModelEnd) => void) {
  return (at: number): Step => (model) => {
    const own = model.pick(at);
    if (own !== undefined) act(own);
  };
}

const AT = fc.nat(20);
const HOW = fc.constantFrom("close", "reset");
const ROLE = fc.constantFrom<GuestRole>("component", "service");
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: ROLE.map((role): Step => (model) => model.dial(role)) },
  { weight: 4, arbitrary: AT.map((at): Step => (model) => model.finish(at)) },
  { weight: 3, arbitrary: fc.constant<Step>((model) => model.accept()) },
  { weight: 8, arbitrary: fc.tuple(AT, fc.nat(40)).map(([at, bytes]) => onEnd((own) => write(own, bytes))(at)) },
  {
    weight: 8,
    arbitrary: fc.tuple(AT, fc.integer({ min: 1, max: 80 })).map(([at, bytes]) => onEnd((own) => read(own, bytes))(at)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(AT, fc.constantFrom("receive", "send", "both"))
      .map(([at, how]) => onEnd((own) => shutdown(own, how))(at)),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(AT, fc.constantFrom(...HANDLES)).map(([at, handle]) => onEnd((own) => drop(own, handle))(at)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(ROLE, HOW).map(([role, how]): Step => (model) => model.release(role, how)),
  },
  { weight: 1, arbitrary: fc.constant<Step>((model) => model.dropListener()) },
  { weight: 2, arbitrary: fc.constant<Step>((model) => model.listen()) },
);

test("the private loopback agrees with its model over random lives", () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 20, maxLength: 150 }), (steps) => {
      const model = new Model();
      model.listen();
      for (const step of steps) step(model);
      // What can still be read is read to its end, from every side.
      for (const own of model.ends) {
        for (let round = 0; round < 2 * WINDOW_BYTES && own.queued !== ""; round++) read(own, 80);
        read(own, 80);
      }
      model.close();
    }),
    { numRuns: 600 },
  );
});
