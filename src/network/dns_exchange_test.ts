import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake_clock.ts";
import { FLAG_RECURSION_AVAILABLE, FLAG_TRUNCATED } from "../../test/support/dns_replies.ts";
import { type FakeChannel, FakeDns, fakeServers } from "../../test/support/fake_dns.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { type ExchangeOutcome, startExchange } from "./dns_exchange.ts";

const [SERVER] = fakeServers(1);
const TRUNCATED = { flags: FLAG_RECURSION_AVAILABLE | FLAG_TRUNCATED };

interface Bench {
  readonly dns: FakeDns;
  readonly clock: FakeClock;
  readonly outcomes: ExchangeOutcome[];
  readonly cancel: () => void;
  /** The one open channel. */
  readonly channel: () => FakeChannel;
}

/** Starts an exchange; afterwards nothing may be left of it. */
async function withExchange(run: (bench: Bench) => void | Promise<void>): Promise<void> {
  const [dns, clock, counters] = [new FakeDns(), new FakeClock(), new LiveCounters()];
  const outcomes: ExchangeOutcome[] = [];
  const cancel = startExchange({
    server: SERVER ?? assert.fail(),
    question: { name: "letters-in-a-name.test", type: "A" },
    openChannel: dns.open,
    clock,
    counters,
    timeoutMs: 100,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const channel = (): FakeChannel => {
    assert.equal(dns.live.length, 1);
    return dns.live[0] ?? assert.fail();
  };
  await run({ dns, clock, outcomes, cancel, channel });
  assert.deepEqual([dns.live.length, clock.timersArmed, counters.get("resolverSockets")], [0, 0, 0]);
}

function kinds(outcomes: readonly ExchangeOutcome[]): string[] {
  return outcomes.map((outcome) => (outcome.kind === "failed" ? `failed: ${outcome.reason}` : outcome.kind));
}

/** What the first channel hears, which channel is asked next if any, and the outcome of what that hears. */
const ROWS: readonly {
  readonly what: string;
  readonly udp: (channel: FakeChannel) => void;
  readonly tcp?: (channel: FakeChannel) => void;
  readonly expected: string;
}[] = [
  { what: "an answer", udp: (udp) => udp.reply(), expected: "reply" },
  { what: "a failure of the socket", udp: (udp) => udp.fail("ECONNREFUSED"), expected: "failed: ECONNREFUSED" },
  {
    what: "a malformed answer",
    udp: (udp) => udp.deliver(malformed(udp)),
    expected: "failed: its answer is malformed",
  },
  { what: "forged ones, then an answer", udp: (udp) => (forge(udp, 3), udp.reply()), expected: "reply" },
  { what: "too many forged ones", udp: (udp) => forge(udp, 4), tcp: (tcp) => tcp.reply(), expected: "reply" },
  { what: "a cut answer", udp: (udp) => udp.reply(TRUNCATED), tcp: (tcp) => tcp.reply(), expected: "reply" },
  {
    what: "a cut answer, refused over TCP",
    udp: (udp) => udp.reply(TRUNCATED),
    tcp: (tcp) => tcp.fail("ECONNREFUSED"),
    expected: "failed: ECONNREFUSED",
  },
  {
    what: "an answer cut over TCP too",
    udp: (udp) => udp.reply(TRUNCATED),
    tcp: (tcp) => tcp.reply(TRUNCATED),
    expected: "failed: its answer over TCP is truncated",
  },
  {
    what: "an answer over TCP to something else",
    udp: (udp) => udp.reply(TRUNCATED),
    tcp: (tcp) => forge(tcp, 1),
    expected: "failed: its answer over TCP is foreign",
  },
  {
    what: "a malformed answer over TCP",
    udp: (udp) => udp.reply(TRUNCATED),
    tcp: (tcp) => tcp.deliver(malformed(tcp)),
    expected: "failed: its answer is malformed",
  },
  {
    what: "a name in another case, and again over TCP",
    udp: (udp) => fold(udp),
    tcp: (tcp) => fold(tcp),
    expected: "reply",
  },
];

function forge(channel: FakeChannel, times: number): void {
  for (let time = 0; time < times; time++) channel.reply({ id: channel.asked.id ^ 1 });
}

function fold(channel: FakeChannel): void {
  // The random case of 16 letters is lower everywhere once in 2^16: then this one is upper.
  const { name } = channel.asked;
  channel.reply({ name: name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase() });
}

function malformed({ query }: FakeChannel): Uint8Array {
  const bytes = new Uint8Array(query);
  bytes[2] = 0x81;
  return bytes.subarray(0, -1);
}

for (const { what, udp, tcp, expected } of ROWS) {
  test(`startExchange: ${what}`, () =>
    withExchange(({ dns, outcomes, channel }) => {
      udp(channel());
      if (tcp !== undefined) {
        assert.deepEqual(kinds(outcomes), []);
        assert.equal(channel().kind, "tcp");
        tcp(channel());
      }
      assert.deepEqual(kinds(outcomes), [expected]);
      assert.deepEqual(dns.channels.map((channel) => channel.kind), tcp === undefined ? ["udp"] : ["udp", "tcp"]);
    }));
}

test("startExchange: silence ends at the timeout, over TCP at another one", async () => {
  await withExchange(async ({ clock, outcomes }) => {
    await clock.advanceMs(99);
    assert.deepEqual(outcomes, []);
    await clock.advanceMs(1);
    assert.deepEqual(kinds(outcomes), ["timeout"]);
  });
  await withExchange(async ({ clock, outcomes, channel }) => {
    await clock.advanceMs(90);
    channel().reply(TRUNCATED);
    await clock.advanceMs(99);
    assert.deepEqual(outcomes, []);
    await clock.advanceMs(1);
    assert.deepEqual(kinds(outcomes), ["timeout"]);
  });
});

test("startExchange: foreign answers do not prolong it", () =>
  withExchange(async ({ clock, outcomes, channel }) => {
    for (let time = 0; time < 3; time++) {
      await clock.advanceMs(30);
      forge(channel(), 1);
    }
    await clock.advanceMs(10);
    assert.deepEqual(kinds(outcomes), ["timeout"]);
  }));

test("startExchange asks over TCP with another id and another case", () =>
  withExchange(({ dns, channel }) => {
    channel().reply(TRUNCATED);
    const [udp, tcp] = dns.channels.map((channel) => `${channel.asked.id} ${channel.asked.name}`);
    assert.notEqual(udp, tcp);
    channel().reply();
  }));

for (const kind of ["udp", "tcp"] as const) {
  test(`startExchange: a cancelled one (${kind}) has no outcome`, () =>
    withExchange(async ({ clock, outcomes, cancel, channel }) => {
      if (kind === "tcp") channel().reply(TRUNCATED);
      const last = channel();
      cancel();
      cancel();
      last.reply();
      await clock.advanceMs(1000);
      assert.deepEqual(outcomes, []);
    }));
}
