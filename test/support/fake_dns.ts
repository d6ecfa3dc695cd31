/** Name servers without a network: a test sees each channel that is opened and answers by hand. */
import assert from "node:assert/strict";
import type { Answer } from "dns-packet";
import { ipv4Address, type SocketAddress } from "../../src/base/ip_address.ts";
import type { DnsChannel, OpenDnsChannel, OpenDnsChannelOptions } from "../../src/network/dns_channel.ts";
import { type AskedQuestion, encodeReply, readQuery, type ReplyContent } from "./dns_replies.ts";

/** One channel and the question that was sent over it. */
export class FakeChannel implements DnsChannel {
  readonly kind: OpenDnsChannelOptions["kind"];
  readonly server: SocketAddress;
  isClosed = false;
  readonly #options: OpenDnsChannelOptions;
  #query: Uint8Array | undefined;

  constructor(options: OpenDnsChannelOptions) {
    this.#options = options;
    ({ kind: this.kind, server: this.server } = options);
    options.counters.add("resolverSockets", 1);
  }

  get query(): Uint8Array {
    return this.#query ?? assert.fail("nothing was sent");
  }

  get asked(): AskedQuestion {
    return readQuery(this.query) ?? assert.fail("no query was sent");
  }

  /** For short comparisons: "udp 192.0.2.1 A a.test". */
  get text(): string {
    return `${this.kind} ${this.server.address.bytes.join(".")} ${this.asked.type} ${this.asked.name.toLowerCase()}`;
  }

  send(message: Uint8Array): void {
    assert.equal(this.#query, undefined, "one question for each channel");
    assert.ok(!this.isClosed);
    this.#query = message;
  }

  close(): void {
    assert.ok(!this.isClosed, "closed once");
    this.isClosed = true;
    this.#options.counters.add("resolverSockets", -1);
  }

  /** The server answers; whether anybody still listens is the runtime's promise, kept here. */
  reply(content: ReplyContent = {}): void {
    this.deliver(encodeReply(this.query, content));
  }

  /** Answers with addresses of the asked name. */
  addresses(addresses: readonly string[], ttl = 60): void {
    const { name, type } = this.asked;
    this.reply({ answers: addresses.map((data): Answer => ({ name, type: type === "A" ? "A" : "AAAA", ttl, data })) });
  }

  deliver(bytes: Uint8Array): void {
    if (!this.isClosed) this.#options.onMessage(bytes);
  }

  fail(reason = "ECONNREFUSED"): void {
    if (!this.isClosed) this.#options.onFailed(reason);
  }
}

/** @example const resolver = new Resolver({ openChannel: dns.open, ... }); resolver.lookup("a.test"); dns.live[0].reply(); */
export class FakeDns {
  /** Every channel that was ever opened. */
  readonly channels: FakeChannel[] = [];

  /** Those that are open, in the order of opening. */
  get live(): readonly FakeChannel[] {
    return this.channels.filter((channel) => !channel.isClosed);
  }

  readonly open: OpenDnsChannel = (options) => {
    const channel = new FakeChannel(options);
    this.channels.push(channel);
    return channel;
  };

  /** The open channel for this type (and, when given, of this kind). */
  channel(type: "A" | "AAAA", kind?: "udp" | "tcp"): FakeChannel {
    const found = this.live.find((channel) => channel.asked.type === type && (kind ?? channel.kind) === channel.kind);
    return found ?? assert.fail(`no open channel for ${type}: ${this.live.map((channel) => channel.text).join(", ")}`);
  }
}

/** 192.0.2.1, 192.0.2.2 and so on, port 53. */
export function fakeServers(count: number): readonly SocketAddress[] {
  return Array.from({ length: count }, (_, at) => ({ address: ipv4Address(192, 0, 2, at + 1), port: 53 }));
}
