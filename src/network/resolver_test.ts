// tidy: long because one bench and one set of answers serve the table, the bounds and the model
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FLAG_RECURSION_AVAILABLE, FLAG_TRUNCATED, RCODES, startOfAuthority } from "../../test/support/dns_replies.ts";
import { type FakeChannel, FakeDns, fakeServers } from "../../test/support/fake_dns.ts";
import { FakeClock, settle } from "../../test/support/fake_clock.ts";
import { formatIpAddress } from "../base/ip_address.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { type LookupOutcome, type PendingLookup, Resolver, type ResolverOptions } from "./resolver.ts";

const LIMITS = { timeoutMs: 100, attempts: 2, deadlineMs: 1000, lookupsMax: 4, queueMax: 3 };

interface Bench {
  readonly dns: FakeDns;
  readonly clock: FakeClock;
  readonly counters: LiveCounters;
  readonly resolver: Resolver;
}

/** Runs with a resolver; afterwards nothing may be left of its lookups. */
async function withResolver(
  run: (bench: Bench) => void | Promise<void>,
  { servers = 1, ...change }: Partial<Omit<ResolverOptions, "servers">> & { readonly servers?: number } = {},
): Promise<void> {
  const [dns, clock, counters] = [new FakeDns(), new FakeClock(), new LiveCounters()];
  const options = { ...LIMITS, servers: fakeServers(servers), openChannel: dns.open, clock, counters, ...change };
  const resolver = new Resolver(options);
  await run({ dns, clock, counters, resolver });
  resolver.close();
  assert.deepEqual([dns.live.length, clock.timersArmed, resolver.running, resolver.queued], [0, 0, 0, 0]);
  assert.deepEqual([counters.get("resolverSockets"), counters.get("lookups")], [0, 0]);
}

function text(outcome: LookupOutcome | undefined): string {
  if (outcome === undefined) return "pending";
  if (outcome.kind === "answers") return `${outcome.addresses.map(formatIpAddress).join(" ")} ttl ${outcome.ttlS}`;
  return outcome.kind === "failed" ? `failed: ${outcome.reason}` : outcome.kind;
}

/** How one question is answered; a step is taken by each channel that is opened for its type. */
type Step = (channel: FakeChannel) => void;

const [v4, v6]: readonly [Step, Step] = [
  (c) => c.addresses(["192.0.2.1"], 60),
  (c) => c.addresses(["2001:db8::1"], 30),
];
const noData: Step = (c) => c.reply({ authorities: [startOfAuthority()] });
const noName: Step = (c) => c.reply({ rcode: RCODES.NXDOMAIN });
const servfail: Step = (c) => c.reply({ rcode: RCODES.SERVFAIL });
const refused: Step = (c) => c.reply({ rcode: RCODES.REFUSED });
const unreachable: Step = (c) => c.fail("ECONNREFUSED");
const cut: Step = (c) => c.reply({ flags: FLAG_RECURSION_AVAILABLE | FLAG_TRUNCATED });
const silence: Step = () => {};
const alias = (data: string, ttl = 60): Step => (c) =>
  c.reply({ answers: [{ name: c.asked.name, type: "CNAME", ttl, data }] });

interface Row {
  readonly what: string;
  readonly servers?: number;
  readonly a: readonly Step[];
  readonly aaaa: readonly Step[];
  readonly expected: string;
  /** The questions in their order, when that is the point; "A" ones only. */
  readonly asked?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    what: "both families, IPv4 first, the smaller time",
    a: [v4],
    aaaa: [v6],
    expected: "192.0.2.1 2001:db8::1 ttl 30",
  },
  { what: "one family", a: [v4], aaaa: [noData], expected: "192.0.2.1 ttl 60" },
  { what: "the other family", a: [noData], aaaa: [v6], expected: "2001:db8::1 ttl 30" },
  { what: "no data", a: [noData], aaaa: [noData], expected: "not-found" },
  { what: "no such name", a: [noName], aaaa: [noName], expected: "not-found" },
  { what: "an answer and a failure", a: [v4], aaaa: [servfail, servfail], expected: "192.0.2.1 ttl 60" },
  {
    what: "a failure is tried again",
    a: [servfail, v4],
    aaaa: [noData],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp 192.0.2.1 A a.test", "udp 192.0.2.1 A a.test"],
  },
  {
    what: "no data and a failure is no lasting no",
    a: [noData],
    aaaa: [servfail, servfail],
    expected: "failed: 192.0.2.1:53: SERVFAIL",
  },
  {
    what: "no such name and a failure",
    a: [servfail, servfail],
    aaaa: [noName],
    expected: "failed: 192.0.2.1:53: SERVFAIL",
  },
  { what: "no data and silence", a: [noData], aaaa: [silence, silence], expected: "timeout" },
  { what: "silence", a: [silence, silence], aaaa: [silence, silence], expected: "timeout" },
  {
    what: "silence and a failure",
    a: [silence, refused],
    aaaa: [silence, silence],
    expected: "failed: 192.0.2.1:53: REFUSED",
  },
  { what: "a lost datagram", a: [silence, v4], aaaa: [noData], expected: "192.0.2.1 ttl 60" },
  {
    what: "the next server after silence, a failure, a dead port",
    servers: 3,
    a: [silence, servfail, unreachable, v4],
    aaaa: [noData],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp 192.0.2.1 A a.test", "udp 192.0.2.2 A a.test", "udp 192.0.2.3 A a.test", "udp 192.0.2.1 A a.test"],
  },
  {
    what: "every server in every round, then no more",
    servers: 2,
    a: [servfail, refused, servfail, refused, v4],
    aaaa: [noData],
    expected: "failed: 192.0.2.2:53: REFUSED",
  },
  { what: "a lasting no ends the rounds", servers: 2, a: [noName, v4], aaaa: [noName, v6], expected: "not-found" },
  {
    what: "a cut answer goes to the same server over TCP",
    servers: 2,
    a: [cut, v4],
    aaaa: [noData],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp 192.0.2.1 A a.test", "tcp 192.0.2.1 A a.test"],
  },
  {
    what: "after TCP fails, the next server",
    servers: 2,
    a: [cut, unreachable, v4],
    aaaa: [noData],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp 192.0.2.1 A a.test", "tcp 192.0.2.1 A a.test", "udp 192.0.2.2 A a.test"],
  },
  {
    what: "an alias is asked where it was learnt, with rounds of its own",
    servers: 2,
    a: [servfail, alias("b.test", 7), silence, servfail, servfail, v4],
    aaaa: [noData],
    expected: "192.0.2.1 ttl 7",
    asked: [
      "udp 192.0.2.1 A a.test",
      "udp 192.0.2.2 A a.test",
      "udp 192.0.2.2 A b.test",
      "udp 192.0.2.1 A b.test",
      "udp 192.0.2.2 A b.test",
      "udp 192.0.2.1 A b.test",
    ],
  },
  {
    what: "an alias for nothing",
    a: [alias("b.test"), noName],
    aaaa: [alias("b.test"), noName],
    expected: "not-found",
  },
  {
    what: "aliases in a circle",
    a: Array.from({ length: 17 }, (_, at) => alias(`n${at % 2}.test`)),
    aaaa: [noData],
    expected: "failed: more than 16 aliases",
  },
];

for (const { what, servers = 1, a, aaaa, expected, asked } of ROWS) {
  test(`Resolver: ${what}`, () =>
    withResolver(async ({ dns, clock, resolver }) => {
      const lookup = resolver.lookup("a.test");
      const steps = { A: [...a], AAAA: [...aaaa] };
      let answered = 0;
      // Each channel takes the next step of its type; when all wait in silence, time goes on.
      for (let rounds = 0; rounds < 100 && lookup.outcome() === undefined; rounds++) {
        for (; answered < dns.channels.length; answered++) {
          const channel = dns.channels[answered] ?? assert.fail();
          const step = steps[channel.asked.type === "A" ? "A" : "AAAA"].shift();
          (step ?? assert.fail(`not expected: ${channel.text}`))(channel);
        }
        if (lookup.outcome() === undefined) await clock.advanceMs(LIMITS.timeoutMs / 2);
      }
      assert.equal(text(lookup.outcome()), expected);
      if (asked !== undefined) {
        const questions = dns.channels.filter((channel) => channel.asked.type === "A").map((channel) => channel.text);
        assert.deepEqual(questions, asked);
      }
    }, { servers, deadlineMs: 100_000 }));
}

test("Resolver asks both questions at once, each over a channel of its own", () =>
  withResolver(({ dns, resolver }) => {
    resolver.lookup("A.Test");
    assert.deepEqual(dns.channels.map((channel) => channel.text), [
      "udp 192.0.2.1 A a.test",
      "udp 192.0.2.1 AAAA a.test",
    ]);
  }));

test("Resolver shares nothing: the same name twice is asked twice, and again after an answer", () =>
  withResolver(({ dns, resolver }) => {
    const [one, other] = [resolver.lookup("a.test"), resolver.lookup("a.test")];
    assert.equal(dns.live.length, 4);
    for (const [at, channel] of dns.live.entries()) {
      if (channel.asked.type === "A") channel.addresses([at < 2 ? "192.0.2.1" : "192.0.2.2"]);
      else noData(channel);
    }
    assert.deepEqual([one, other].map((lookup) => text(lookup.outcome())), ["192.0.2.1 ttl 60", "192.0.2.2 ttl 60"]);
    assert.equal(text(resolver.lookup("a.test").outcome()), "pending");
    assert.equal(dns.live.length, 2);
  }));

test("Resolver: whoever has addresses waits for one more answer only", () =>
  withResolver(async ({ dns, clock, resolver }) => {
    const lookup = resolver.lookup("a.test");
    v4(dns.channel("A"));
    await clock.advanceMs(99);
    assert.equal(text(lookup.outcome()), "pending");
    await clock.advanceMs(1);
    assert.equal(text(lookup.outcome()), "192.0.2.1 ttl 60");
    assert.equal(dns.channels.length, 2);
  }));

test("Resolver: at the deadline there is what there is", async () => {
  const limits = { timeoutMs: 400, attempts: 10 };
  await withResolver(async ({ clock, resolver }) => {
    const lookup = resolver.lookup("a.test");
    await clock.advanceMs(999);
    assert.equal(text(lookup.outcome()), "pending");
    await clock.advanceMs(1);
    assert.equal(text(lookup.outcome()), "timeout");
  }, limits);
  await withResolver(async ({ dns, clock, resolver }) => {
    const lookup = resolver.lookup("a.test");
    await clock.advanceMs(900);
    v6(dns.channel("AAAA"));
    assert.equal(text(lookup.outcome()), "pending");
    await clock.advanceMs(100);
    assert.equal(text(lookup.outcome()), "2001:db8::1 ttl 30");
  }, limits);
});

test("Resolver: a cancelled lookup closes its sockets now, has an outcome, and wakes who waits", () =>
  withResolver(async ({ dns, resolver }) => {
    const lookup = resolver.lookup("a.test");
    let wakeUps = 0;
    lookup.onReady(() => wakeUps++);
    lookup.onReady(() => wakeUps++)();
    assert.equal(lookup.isReady(), false);
    const channel = dns.channel("A");
    lookup.cancel();
    assert.equal(dns.live.length, 0);
    assert.equal(wakeUps, 0, "never synchronously");
    await settle();
    assert.equal(wakeUps, 1);
    channel.addresses(["192.0.2.1"]);
    lookup.cancel();
    assert.equal(text(lookup.outcome()), "failed: the lookup was cancelled");
    assert.equal(lookup.isReady(), true);
    lookup.onReady(() => wakeUps++);
    await settle();
    assert.equal(wakeUps, 2);
  }));

test("Resolver: past its places lookups wait in order, past its queue they fail at once", () =>
  withResolver(({ dns, resolver }) => {
    const lookups = Array.from({ length: 8 }, (_, at) => resolver.lookup(`n${at}.test`));
    assert.deepEqual([resolver.running, resolver.queued], [4, 3]);
    assert.equal(text(lookups[7]?.outcome()), "failed: 3 lookups wait already");
    const asked = (): string[] => [...new Set(dns.live.map((channel) => channel.asked.name.toLowerCase()))];
    assert.deepEqual(asked(), ["n0.test", "n1.test", "n2.test", "n3.test"]);
    lookups[5]?.cancel();
    lookups[2]?.cancel();
    assert.deepEqual(asked(), ["n0.test", "n1.test", "n3.test", "n4.test"]);
    lookups[0]?.cancel();
    assert.deepEqual(asked(), ["n1.test", "n3.test", "n4.test", "n6.test"]);
    assert.deepEqual([resolver.running, resolver.queued], [4, 0]);
  }));

test("Resolver: places go to the workloads by turns, and none has more than its share", () =>
  withResolver(({ dns, resolver }) => {
    const ask = (workload: string, count: number) =>
      Array.from({ length: count }, (_, at) => resolver.lookup(`${workload}${at}.test`, workload));
    const [busy, calm, late] = [ask("busy", 6), ask("calm", 1), ask("late", 2)];
    const asked = (): string[] => [...new Set(dns.live.map((channel) => channel.asked.name.toLowerCase()))];
    assert.deepEqual(asked(), ["busy0.test", "busy1.test", "calm0.test", "late0.test"]);
    assert.equal(text(busy[5]?.outcome()), "failed: 3 lookups wait already", "who has most in the queue gives way");
    assert.deepEqual([resolver.running, resolver.queued], [4, 3]);
    calm[0]?.cancel();
    assert.deepEqual(asked().slice(2), ["late0.test", "late1.test"], "busy has its share already");
    late[0]?.cancel();
    assert.deepEqual([resolver.running, resolver.queued], [3, 2], "a place that nobody may have stays free");
    busy[0]?.cancel();
    assert.deepEqual(asked(), ["busy1.test", "late1.test", "busy2.test"]);
  }, { workloadLookupsMax: 2 }));

test("Resolver: time in the queue counts", () =>
  withResolver(async ({ dns, clock, resolver }) => {
    const lookups = Array.from({ length: 2 }, () => resolver.lookup("a.test"));
    await clock.advanceMs(1000);
    assert.deepEqual(lookups.map((lookup) => text(lookup.outcome())), ["timeout", "timeout"]);
    assert.equal(resolver.running, 0);
    assert.ok(dns.channels.every((channel) => channel.isClosed));
  }, { lookupsMax: 1, timeoutMs: 10_000 }));

test("Resolver: closing fails what runs, what waits, and what comes later, without a packet", () =>
  withResolver(({ dns, resolver }) => {
    const lookups = Array.from({ length: 6 }, () => resolver.lookup("a.test"));
    resolver.close();
    lookups.push(resolver.lookup("a.test"));
    for (const lookup of lookups) assert.equal(text(lookup.outcome()), "failed: the resolver is closed");
    assert.equal(dns.channels.length, 8);
    resolver.close();
  }));

test("Resolver refuses what is no name, and no servers", async () => {
  await withResolver(({ dns, resolver }) => {
    for (const name of ["", ".", "a.test.", "a..test", "a b.test", "b\u00fccher.test", `${"a".repeat(64)}.test`]) {
      assert.throws(() => resolver.lookup(name), RangeError);
    }
    assert.equal(dns.channels.length, 0);
  });
  await assert.rejects(withResolver(() => {}, { servers: 0 }), RangeError);
});

/** What may happen to a resolver with two servers, in any order. */
type Happening =
  | { readonly do: "lookup" }
  | { readonly do: "cancel"; readonly at: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "answer"; readonly at: number; readonly with: number };

const ANSWERS: readonly Step[] = [
  v4,
  v6,
  noData,
  noName,
  servfail,
  unreachable,
  cut,
  alias("b.test"),
  (c) => c.reply({ id: c.asked.id ^ 1 }),
  (c) => c.deliver(c.query.subarray(0, 20)),
];
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ do: "lookup" } as const) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), at: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 300 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("answer" as const), at: fc.nat(8), with: fc.nat(ANSWERS.length - 1) }),
  },
);

test("Resolver: whatever happens, bounds hold, each lookup ends once and in time, and nothing is left", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { maxLength: 60 }),
      (happenings) =>
        withResolver(async ({ dns, clock, counters, resolver }) => {
          const lookups: { readonly lookup: PendingLookup; readonly dueNs: bigint; outcome?: LookupOutcome }[] = [];
          for (const each of happenings) {
            if (each.do === "lookup") {
              const dueNs = clock.monotonicNs() + BigInt(LIMITS.deadlineMs) * 1_000_000n;
              lookups.push({ lookup: resolver.lookup("a.test"), dueNs });
            } else if (each.do === "cancel") lookups[each.at]?.lookup.cancel();
            else if (each.do === "wait") await clock.advanceMs(each.ms);
            else {
              const channel = dns.live[each.at];
              if (channel !== undefined) ANSWERS[each.with]?.(channel);
            }
            let pending = 0;
            for (const entry of lookups) {
              const outcome = entry.lookup.outcome();
              if (entry.outcome !== undefined) assert.equal(outcome, entry.outcome, "an outcome stays");
              if (outcome !== undefined) entry.outcome = outcome;
              else {
                pending++;
                assert.ok(clock.monotonicNs() < entry.dueNs, "later than its deadline");
              }
              if (outcome?.kind === "answers") assert.ok(outcome.addresses.length > 0 && outcome.ttlS <= 60);
            }
            assert.equal(resolver.running + resolver.queued, pending);
            assert.equal(counters.get("lookups"), pending);
            assert.equal(counters.get("resolverSockets"), dns.live.length);
            assert.ok(resolver.running === Math.min(pending, LIMITS.lookupsMax), "no place stays empty");
            assert.ok(dns.live.length <= 2 * resolver.running);
            assert.equal(clock.timersArmed, pending + dns.live.length);
          }
        }, { servers: 2 }),
    ),
    { numRuns: 150 },
  );
});
