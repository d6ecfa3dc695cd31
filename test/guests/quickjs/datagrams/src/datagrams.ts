/** Sends and receives datagrams, on its own loopback and to the address in OUTSIDE, and says what came of it. */
import { getEnvironment } from "wasi:cli/environment@0.2.10";
import { instanceNetwork } from "wasi:sockets/instance-network@0.2.10";
import type { IpSocketAddress, Ipv4Address } from "wasi:sockets/network@0.2.10";
import { createUdpSocket } from "wasi:sockets/udp-create-socket@0.2.10";
import type { IncomingDatagramStream, OutgoingDatagramStream, UdpSocket } from "wasi:sockets/udp@0.2.10";
import { log } from "../../lib/log.ts";
import { decodeUtf8, encodeUtf8 } from "../../lib/utf8.ts";
import { witError } from "../../lib/wit_error.ts";

export const run = {
  run(): void {
    loopback();
    refused();
    outside(new Map(getEnvironment()).get("OUTSIDE") ?? "");
  },
};

/** A server and a client that is connected to it. */
function loopback(): void {
  using server = bind(ipv4([127, 0, 0, 1], 5353));
  using client = bind(ipv4([0, 0, 0, 0], 0));
  const [serverIn, serverOut] = server.stream(null);
  const [clientIn, clientOut] = client.stream(ipv4([127, 0, 0, 1], 5353));
  send(clientOut, "question", null);
  const { text, from } = receive(serverIn);
  log(`server got ${text} from ${host(from)}, as the client's own address: ${same(from, client.localAddress())}`);
  send(serverOut, "answer", from);
  const answer = receive(clientIn);
  log(`client got ${answer.text} from ${host(answer.from)}`);
  for (const stream of [serverIn, serverOut, clientIn, clientOut]) stream[Symbol.dispose]();
}

function refused(): void {
  using socket = bind(ipv4([0, 0, 0, 0], 0));
  const [incoming, outgoing] = socket.stream(ipv4([127, 0, 0, 1], 9));
  send(outgoing, "anybody?", null);
  log(`nobody: ${codeOf(() => receive(incoming))}`);
  for (const stream of [incoming, outgoing]) stream[Symbol.dispose]();
}

/** `target` is "a.b.c.d:port". */
function outside(target: string): void {
  const [address = "", port = ""] = target.split(":");
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  using socket = bind(ipv4([0, 0, 0, 0], 0));
  const [incoming, outgoing] = socket.stream(null);
  log(`denied: ${codeOf(() => send(outgoing, "hello?", ipv4([192, 0, 2, 99], 53)))}`);
  const sent = codeOf(() => send(outgoing, "hello", ipv4([a, b, c, d], Number(port))));
  log(`outside: ${sent}`);
  if (sent === "ok") log(`outside answered: ${receive(incoming).text}`);
  for (const stream of [incoming, outgoing]) stream[Symbol.dispose]();
}

function bind(address: IpSocketAddress): UdpSocket {
  using network = instanceNetwork();
  const socket = createUdpSocket("ipv4");
  socket.startBind(network, address);
  using bound = socket.subscribe();
  bound.block();
  socket.finishBind();
  return socket;
}

function send(outgoing: OutgoingDatagramStream, text: string, remoteAddress: IpSocketAddress | null): void {
  using writable = outgoing.subscribe();
  writable.block();
  outgoing.checkSend();
  outgoing.send([{ data: encodeUtf8(text), remoteAddress }]);
}

/** Waits for a datagram. */
function receive(incoming: IncomingDatagramStream): { readonly text: string; readonly from: IpSocketAddress } {
  using readable = incoming.subscribe();
  readable.block();
  const [datagram] = incoming.receive(1);
  if (datagram === undefined) throw new Error("the stream was ready and had nothing");
  return { text: decodeUtf8(datagram.data) ?? "", from: datagram.remoteAddress };
}

function codeOf(call: () => unknown): string {
  try {
    call();
    return "ok";
  } catch (error) {
    return String(witError(error));
  }
}

function ipv4(address: Ipv4Address, port: number): IpSocketAddress {
  return { tag: "ipv4", val: { port, address } };
}

function host({ val }: IpSocketAddress): string {
  return val.address.join(".");
}

function same(one: IpSocketAddress, other: IpSocketAddress): boolean {
  return host(one) === host(other) && one.val.port === other.val.port;
}
