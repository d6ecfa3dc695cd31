/** A handler that tries to reach what its request says, one step after the other, and tells what came of each. */
import { handle } from "wasi:http/outgoing-handler@0.2.10";
import {
  type ErrorCode,
  Fields,
  type IncomingRequest,
  OutgoingBody,
  OutgoingRequest,
  OutgoingResponse,
  RequestOptions,
  ResponseOutparam,
} from "wasi:http/types@0.2.10";
import { instanceNetwork } from "wasi:sockets/instance-network@0.2.10";
import { resolveAddresses } from "wasi:sockets/ip-name-lookup@0.2.10";
import type { IpSocketAddress } from "wasi:sockets/network@0.2.10";
import { createTcpSocket } from "wasi:sockets/tcp-create-socket@0.2.10";
import { createUdpSocket } from "wasi:sockets/udp-create-socket@0.2.10";
import { type Job, runJob } from "../../lib/job.ts";
import { Reader, Writer } from "../../lib/streams.ts";
import { decodeUtf8, encodeUtf8 } from "../../lib/utf8.ts";
import { witError } from "../../lib/wit_error.ts";

/** What a test asks for; `test/support/traveller.ts` has the same. */
type Step =
  | {
    readonly do: "http";
    readonly scheme?: string;
    readonly authority: string;
    readonly path?: string;
    readonly method?: string;
    readonly headers?: readonly (readonly [string, string])[];
    readonly body?: string;
    readonly trailers?: readonly (readonly [string, string])[];
    readonly firstByteTimeoutMs?: number;
  }
  | { readonly do: "tcp" | "udp"; readonly address: readonly number[]; readonly port: number }
  | { readonly do: "resolve"; readonly name: string };

export const incomingHandler = {
  handle(request: IncomingRequest, out: ResponseOutparam): void {
    const steps = JSON.parse(runJob(readText(request))) as Step[];
    const text = JSON.stringify(steps.map(take));
    const response = new OutgoingResponse(new Fields());
    const body = response.body();
    ResponseOutparam.set(out, { tag: "ok", val: response });
    runJob(writeText(body, text));
    OutgoingBody.finish(body, null);
  },
};

function take(step: Step): unknown {
  switch (step.do) {
    case "http":
      return runJob(request(step));
    case "tcp":
      return codeOf(() => runJob(connect(step)));
    case "udp":
      return codeOf(() => send(step));
    case "resolve":
      return codeOf(() => runJob(resolve(step.name)));
  }
}

function* request(step: Extract<Step, { do: "http" }>): Job<unknown> {
  const outgoing = new OutgoingRequest(fieldsOf(step.headers ?? []));
  const { scheme = "http", method = "get", path = "/" } = step;
  outgoing.setMethod({ tag: method } as never);
  outgoing.setScheme(scheme === "http" ? { tag: "HTTP" } : scheme === "https" ? { tag: "HTTPS" } : null);
  outgoing.setPathWithQuery(path);
  try {
    outgoing.setAuthority(step.authority);
  } catch (error) {
    witError(error);
    return "no authority";
  }
  const body = step.body === undefined ? null : outgoing.body();
  const options = new RequestOptions();
  if (step.firstByteTimeoutMs !== undefined) options.setFirstByteTimeout(step.firstByteTimeoutMs * 1_000_000);
  let future;
  try {
    future = handle(outgoing, options);
  } catch (error) {
    return `at once: ${(witError(error) as ErrorCode).tag}`;
  }
  if (body !== null) {
    yield* writeText(body, step.body ?? "");
    OutgoingBody.finish(body, step.trailers === undefined ? null : fieldsOf(step.trailers));
  }
  using pollable = future.subscribe();
  for (;;) {
    const result = future.get();
    if (result === null) {
      yield pollable;
      continue;
    }
    if (result.tag === "err") return "taken before";
    if (result.val.tag === "err") return `later: ${result.val.val.tag}`;
    const response = result.val.val;
    using incoming = response.consume();
    using reader = new Reader(incoming.stream());
    return { status: response.status(), body: yield* readAll(reader) };
  }
}

function* connect({ address, port }: { address: readonly number[]; port: number }): Job<string> {
  using network = instanceNetwork();
  using socket = createTcpSocket(address.length === 4 ? "ipv4" : "ipv6");
  using pollable = socket.subscribe();
  socket.startConnect(network, socketAddress(address, port));
  for (;;) {
    try {
      const [input, output] = socket.finishConnect();
      input[Symbol.dispose]();
      output[Symbol.dispose]();
      return "connected";
    } catch (error) {
      if (witError(error) !== "would-block") throw error;
    }
    yield pollable;
  }
}

function send({ address, port }: { address: readonly number[]; port: number }): string {
  using network = instanceNetwork();
  using socket = createUdpSocket("ipv4");
  socket.startBind(network, socketAddress([0, 0, 0, 0], 0));
  socket.finishBind();
  const [incoming, outgoing] = socket.stream(null);
  try {
    outgoing.checkSend();
    outgoing.send([{ data: encodeUtf8("hello"), remoteAddress: socketAddress(address, port) }]);
    return "sent";
  } finally {
    incoming[Symbol.dispose]();
    outgoing[Symbol.dispose]();
  }
}

function* resolve(name: string): Job<readonly string[]> {
  using network = instanceNetwork();
  using stream = resolveAddresses(network, name);
  using pollable = stream.subscribe();
  const addresses: string[] = [];
  for (;;) {
    try {
      const address = stream.resolveNextAddress();
      if (address === null) return addresses;
      addresses.push(address.val.join("."));
    } catch (error) {
      if (witError(error) !== "would-block") throw error;
      yield pollable;
    }
  }
}

function codeOf<T>(call: () => T): T | string {
  try {
    return call();
  } catch (error) {
    return String(witError(error));
  }
}

function socketAddress(address: readonly number[], port: number): IpSocketAddress {
  return (address.length === 4
    ? { tag: "ipv4", val: { port, address } }
    : { tag: "ipv6", val: { port, flowInfo: 0, address, scopeId: 0 } }) as never;
}

function fieldsOf(lines: readonly (readonly [string, string])[]): Fields {
  return Fields.fromList(lines.map(([name, value]) => [name, encodeUtf8(value)]));
}

function* readText(incoming: IncomingRequest): Job<string> {
  using body = incoming.consume();
  using reader = new Reader(body.stream());
  return yield* readAll(reader);
}

function* readAll(reader: Reader): Job<string> {
  let text = "";
  for (let part = yield* reader.read(); part !== null; part = yield* reader.read()) text += decodeUtf8(part) ?? "";
  return text;
}

function* writeText(body: OutgoingBody, text: string): Job<void> {
  using writer = new Writer(body.write());
  yield* writer.write(encodeUtf8(text));
}
