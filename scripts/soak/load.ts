/**
 * The soak's clients and upstream, in a process of their own: polite ones, which want an answer to everything they send, and
 * rude ones, which go away in every phase. It says its upstream's port, waits for the gateway's, and tells the counts.
 */
import { createServer, request } from "node:http";
import { connect } from "node:net";
import process from "node:process";
import { type Expected, REQUESTS } from "./workloads.ts";

/** What came of the requests. */
export interface LoadReport {
  /** By workload: how often each status, "cut" (broke off after its head) or "gone" (the client left). */
  readonly totals: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly faults: readonly string[];
}

/** A polite client that waits for longer than this has no answer. */
const PATIENCE_MS = 60_000;
const POLITE_CLIENTS = 12;
const RUDE_CLIENTS = 6;
const FAULTS_MAX = 20;

const totals: Record<string, Record<string, number>> = {};
const faults: string[] = [];
const load = { isOver: false };

function count(workload: string, what: string): void {
  const ofWorkload = totals[workload] ??= {};
  ofWorkload[what] = (ofWorkload[what] ?? 0) + 1;
}

function fault(text: string): void {
  if (faults.length < FAULTS_MAX) faults.push(text);
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

/** Sends one request and wants its answer. */
function ask(port: number, { workload, path, body, statuses, mayBreak = false }: Expected): Promise<void> {
  const what = `${workload}${path}`;
  return new Promise((resolve) => {
    const end = (outcome: string, wrong?: string): void => {
      clearTimeout(patience);
      count(workload, outcome);
      if (wrong !== undefined) fault(`${what}: ${wrong}`);
      resolve();
    };
    let hasHead = false;
    const sent = request({
      host: "127.0.0.1",
      port,
      path,
      method: body === undefined ? "GET" : "POST",
      headers: { host: `${workload}.soak` },
      agent: false,
    }, (response) => {
      hasHead = true;
      const status = response.statusCode ?? 0;
      response.on("error", () => {});
      response.on("close", () => {
        if (!statuses.includes(status)) end(String(status), `status ${status}, expected one of ${statuses.join(", ")}`);
        else if (response.complete) end(String(status));
        else end("cut", mayBreak ? undefined : `the answer with status ${status} broke off`);
      });
      response.resume();
    });
    const patience = setTimeout(() => {
      end("unanswered", `no whole answer within ${PATIENCE_MS} ms`);
      sent.destroy();
    }, PATIENCE_MS);
    sent.on("error", (error) => {
      // Once there is a head, the response tells.
      if (!hasHead) end("unanswered", `no answer: ${error.message}`);
    });
    sent.end(body);
  });
}

/** How far a rude client goes before it leaves. */
const PHASES = ["nothing", "half a head", "a head", "half a body", "at once", "later", "at the first byte"] as const;

/** Sends a part of a request, and leaves: with a reset, or in good order. */
function leave(port: number, { workload, path, body = "" }: Expected): Promise<void> {
  const phase = oneOf(PHASES);
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const isReset = Math.random() < 0.5;
    const go = (): void => {
      if (isReset) socket.resetAndDestroy();
      else socket.destroy();
    };
    socket.on("error", () => {});
    socket.on("close", () => {
      count(workload, "gone");
      resolve();
    });
    socket.on("connect", () => {
      const method = body === "" ? "GET" : "POST";
      const head = `${method} ${path} HTTP/1.1\r\nHost: ${workload}.soak\r\nContent-Length: ${body.length}\r\n\r\n`;
      if (phase === "half a head") socket.write(head.slice(0, head.length / 2));
      else if (phase === "a head") socket.write(head);
      else if (phase === "half a body") socket.write(head + body.slice(0, body.length / 2));
      else if (phase !== "nothing") socket.write(head + body);
      if (phase === "at the first byte") {
        socket.once("data", go);
        setTimeout(go, 3000).unref();
      } else setTimeout(go, phase === "at once" ? 0 : Math.random() * 150);
    });
  });
}

/** A client that works through the list, from a place of its own. */
async function work(start: number, send: (expected: Expected) => Promise<void>): Promise<void> {
  for (let at = start; !load.isOver; at++) {
    const expected = REQUESTS[at % REQUESTS.length];
    if (expected !== undefined) await send(expected);
    await rest(Math.random() * 20);
  }
}

/** Fails in each of the ways in which upstreams do. */
const upstream = createServer((incoming, response) => {
  incoming.resume();
  switch (incoming.url ?? "/") {
    case "/refuse":
      incoming.socket.destroy();
      break;
    case "/reset":
      incoming.socket.resetAndDestroy();
      break;
    case "/broken":
      response.write("half");
      setTimeout(() => incoming.socket.destroy(), 5);
      break;
    case "/slow":
      setTimeout(() => response.end("late"), 600);
      break;
    case "/error":
      response.statusCode = 500;
      response.end("broken");
      break;
    default:
      response.end("fine");
  }
});

upstream.listen(0, "127.0.0.1", () => {
  const address = upstream.address();
  process.send?.({ upstreamPort: typeof address === "object" && address !== null ? address.port : 0 });
});

process.on("disconnect", () => process.exit(1));
process.on("message", (message) => {
  if (message === "stop") {
    load.isOver = true;
    return;
  }
  const { port } = message as { readonly port: number };
  const clients = [
    ...Array.from({ length: POLITE_CLIENTS }, (_, index) => work(index * 2, (expected) => ask(port, expected))),
    ...Array.from({ length: RUDE_CLIENTS }, (_, index) => work(index * 4, (expected) => leave(port, expected))),
    // Whatever the others do, one is there for the good neighbour alone.
    (async () => {
      const [hello] = REQUESTS;
      if (hello === undefined) return;
      while (!load.isOver) {
        await ask(port, hello);
        await rest(5);
      }
    })(),
  ];
  void Promise.all(clients).then(() => {
    const report: LoadReport = { totals, faults };
    process.send?.(report, undefined, undefined, () => process.exit(0));
  });
});
