/**
 * The gateway's resolver over real sockets, against a scripted name server on the machine's loopback. Nothing outside
 * the machine is asked. Everything runs one after the other, on Node and on Deno.
 */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { formatIpAddress, LOOPBACK_V4, type SocketAddress } from "../../src/base/ip_address.ts";
import { untilReady } from "../../src/base/waitable.ts";
import { openDnsChannel } from "../../src/network/dns_sockets.ts";
import { type LookupOutcome, Resolver, type ResolverOptions } from "../../src/network/resolver.ts";
import { LiveCounters } from "../../src/telemetry/live_counters.ts";
import { DnsServer, type DnsStep, FORGED_ADDRESS } from "../support/dns_server.ts";

interface Bench {
  readonly dns: DnsServer;
  readonly resolver: Resolver;
  readonly counters: LiveCounters;
  /** Looks a name up and gives the outcome as text. */
  readonly ask: (name?: string) => Promise<string>;
}

/** Runs with a name server and a resolver; afterwards both are closed and every socket is. */
async function withDns(
  run: (bench: Bench) => Promise<void>,
  { before = [], ...change }: Partial<ResolverOptions> & { readonly before?: readonly SocketAddress[] } = {},
): Promise<void> {
  const dns = await DnsServer.start();
  const counters = new LiveCounters();
  const resolver = new Resolver({
    servers: [...before, dns.address],
    openChannel: openDnsChannel,
    clock: systemClock,
    counters,
    timeoutMs: 5_000,
    ...change,
  });
  const ask = async (name = "a.test"): Promise<string> => {
    const lookup = resolver.lookup(name);
    await untilReady(lookup);
    return text(lookup.outcome() ?? assert.fail("no outcome"));
  };
  try {
    await run({ dns, resolver, counters, ask });
  } finally {
    resolver.close();
    await dns.close();
  }
  // The runtimes close sockets in their own time.
  while (counters.get("resolverSockets") > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(counters.get("lookups"), 0);
}

function text(outcome: LookupOutcome): string {
  if (outcome.kind === "answers") return `${outcome.addresses.map(formatIpAddress).join(" ")} ttl ${outcome.ttlS}`;
  return outcome.kind === "failed" ? `failed: ${outcome.reason.replace(/^127\.0\.0\.1:\d+: /, "")}` : outcome.kind;
}

function seen(dns: DnsServer, type: "A" | "AAAA" = "A"): string[] {
  return dns.questions.filter((question) => question.type === type).map(({ name, transport }) =>
    `${transport} ${name}`
  );
}

const MANY = Array.from({ length: 60 }, (_, at) => `198.51.100.${at}`);

/** One script for a.test, what a lookup of it gives, and the A questions that the server saw. */
const ROWS: readonly {
  readonly what: string;
  readonly steps: readonly DnsStep[];
  readonly expected: string;
  readonly asked?: readonly string[];
}[] = [
  {
    what: "both families",
    steps: [{ addresses: ["192.0.2.1", "2001:db8::1"], ttlS: 9 }],
    expected: "192.0.2.1 2001:db8::1 ttl 9",
    asked: ["udp a.test"],
  },
  {
    what: "a chain of aliases",
    steps: [{ aliases: ["b.test", "c.test"], addresses: ["192.0.2.1"] }],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp a.test"],
  },
  {
    what: "a chain that another question ends",
    steps: [{ aliases: ["other.test"], ttlS: 5 }],
    expected: "192.0.2.99 ttl 5",
    asked: ["udp a.test", "udp other.test"],
  },
  { what: "no such name", steps: [{ rcode: "NXDOMAIN" }], expected: "not-found" },
  { what: "no data", steps: [{}], expected: "not-found" },
  {
    what: 'server failure, which is not "not found"',
    steps: [{ rcode: "SERVFAIL" }],
    expected: "failed: SERVFAIL",
    asked: ["udp a.test", "udp a.test"],
  },
  { what: "refusal", steps: [{ rcode: "REFUSED" }], expected: "failed: REFUSED" },
  {
    what: "a failure that passes",
    steps: [{ rcode: "SERVFAIL" }, { addresses: ["192.0.2.1"] }],
    expected: "192.0.2.1 ttl 60",
  },
  {
    what: "a cut answer",
    steps: [{ truncate: true, addresses: MANY }],
    expected: `${MANY.join(" ")} ttl 60`,
    asked: ["udp a.test", "tcp a.test"],
  },
  { what: "a slow answer", steps: [{ delayMs: 50, addresses: ["192.0.2.1"] }], expected: "192.0.2.1 ttl 60" },
  {
    what: "a slow answer over TCP",
    steps: [{ truncate: true, delayMs: 20, addresses: ["192.0.2.1"] }],
    expected: "192.0.2.1 ttl 60",
  },
  {
    what: "forged answers before the true one",
    steps: [{ forgeries: ["wrong-id", "wrong-question", "garbage"], addresses: ["192.0.2.1"] }],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp a.test"],
  },
  {
    what: "an answer from another port",
    steps: [{ forgeries: ["wrong-port"], delayMs: 20, addresses: ["192.0.2.1"] }],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp a.test"],
  },
  {
    what: "a flood of forged answers",
    steps: [{ forgeries: ["wrong-id", "wrong-id", "wrong-id", "wrong-id", "wrong-id"], addresses: ["192.0.2.1"] }],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp a.test", "tcp a.test"],
  },
  {
    what: "a forged answer that has guessed all but the case",
    steps: [{ forgeries: ["wrong-case"], addresses: ["192.0.2.1"] }],
    expected: "192.0.2.1 ttl 60",
    asked: ["udp a.test", "tcp a.test"],
  },
  {
    what: "unrelated records",
    steps: [{ extraAnswers: [{ name: "x.test", type: "A", ttl: 1, data: FORGED_ADDRESS }], addresses: ["192.0.2.1"] }],
    expected: "192.0.2.1 ttl 60",
  },
  {
    what: "bytes that are no message",
    steps: [{ raw: (query) => query.map((byte, at) => (at === 2 ? 0x81 : at === 7 ? 9 : byte)) }],
    expected: "failed: its answer is malformed",
  },
];

for (const { what, steps, expected, asked } of ROWS) {
  test(`Resolver over sockets: ${what}`, () =>
    withDns(async ({ dns, ask }) => {
      dns.script("a.test", ...steps);
      dns.script("other.test", { addresses: ["192.0.2.99"] });
      assert.equal(await ask(), expected);
      if (asked !== undefined) assert.deepEqual(seen(dns), asked);
    }));
}

test("Resolver over sockets: a server that folds case is asked over TCP and believed there", () =>
  withDns(async ({ dns, ask }) => {
    const name = "a-name-with-enough-letters-that-some-are-upper.test";
    dns.script(name, { foldsCase: true, addresses: ["192.0.2.1"] });
    assert.equal(await ask(name), "192.0.2.1 ttl 60");
    assert.deepEqual(seen(dns), [`udp ${name}`, `tcp ${name}`]);
  }));

test("Resolver over sockets: each lookup is asked anew, so a rebinding name shows each of its faces once", () =>
  withDns(async ({ dns, ask }) => {
    dns.script("a.test", { addresses: ["93.184.216.34"] }, { addresses: ["10.0.0.1"] });
    assert.equal(await ask(), "93.184.216.34 ttl 60");
    assert.equal(await ask(), "10.0.0.1 ttl 60");
    assert.equal(dns.questions.length, 4);
  }));

test("Resolver over sockets: every question has a port and a spelling of its own", () =>
  withDns(async ({ dns, resolver }) => {
    const name = "a-name-with-enough-letters.test";
    dns.script(name, { addresses: ["192.0.2.1"], delayMs: 50 });
    const lookups = Array.from({ length: 20 }, () => resolver.lookup(name));
    for (const lookup of lookups) await untilReady(lookup);
    assert.equal(dns.questions.length, 40);
    // All are open at once, so no two can have one port; spellings are one of 2^24.
    assert.equal(new Set(dns.sourcePorts).size, 40);
    assert.ok(new Set(dns.namesAsAsked).size > 38, dns.namesAsAsked.join());
  }));

test("Resolver over sockets: a silent server, then one that answers; two silent rounds are a timeout", async () => {
  const silent = await DnsServer.start();
  silent.script("a.test", { drop: true });
  try {
    await withDns(async ({ dns, ask }) => {
      dns.script("a.test", { addresses: ["192.0.2.1"] });
      assert.equal(await ask(), "192.0.2.1 ttl 60");
      dns.script("a.test", { drop: true });
      assert.equal(await ask(), "timeout");
      assert.ok(silent.questions.length >= 2 + 4, `${silent.questions.length} questions`);
    }, { before: [silent.address], timeoutMs: 250 });
  } finally {
    await silent.close();
  }
});

test("Resolver over sockets: a port where nobody listens", async () => {
  const gone = await DnsServer.start();
  await gone.close();
  await withDns(async ({ dns, ask }) => {
    dns.script("a.test", { addresses: ["192.0.2.1"] });
    assert.equal(await ask(), "192.0.2.1 ttl 60");
  }, { before: [gone.address], timeoutMs: 200 });
});

test("Resolver over sockets: a server whose TCP refuses, closes early, lies about the length, or says half", async () => {
  const behaviours: Readonly<Record<string, string>> = {
    close: "failed: it closed the connection",
    long: "failed: its answer is too long",
    half: "timeout",
    nonsense: "failed: its answer over TCP is foreign",
  };
  for (const [behaviour, expected] of Object.entries(behaviours)) {
    const server: Server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => {
        if (behaviour === "close") socket.end();
        else if (behaviour === "long") socket.write(Uint8Array.of(0xff, 0xff));
        else if (behaviour === "half") socket.write(Uint8Array.of(0, 20, 1));
        else socket.end(Uint8Array.from({ length: 22 }, (_, at) => (at === 1 ? 20 : at)));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const local = server.address();
    assert.ok(typeof local === "object" && local !== null);
    const { port } = local;
    await withDns(async ({ dns, ask }) => {
      dns.script("a.test", { truncate: true });
      assert.equal(await ask(), expected, behaviour);
    }, {
      // UDP goes to the scripted server, TCP to the one that misbehaves.
      openChannel: (options) =>
        openDnsChannel(options.kind === "udp" ? options : { ...options, server: { address: LOOPBACK_V4, port } }),
      timeoutMs: behaviour === "half" ? 250 : 5_000,
      attempts: 1,
    });
    server.close();
    await once(server, "close");
  }
});

test("Resolver over sockets: cancelling and closing release everything, at whatever moment", () =>
  withDns(async ({ dns, resolver, counters }) => {
    dns.script("udp.test", { drop: true });
    dns.script("tcp.test", { truncate: true, drop: true });
    for (const name of ["udp.test", "tcp.test", "gone.test"]) {
      resolver.lookup(name).cancel();
      const lookups = Array.from({ length: 5 }, () => resolver.lookup(name));
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (const lookup of lookups) lookup.cancel();
    }
    const last = resolver.lookup("udp.test");
    resolver.close();
    await untilReady(last);
    assert.deepEqual(last.outcome(), { kind: "failed", reason: "the resolver is closed" });
    assert.equal(counters.get("lookups"), 0);
  }));

test("Resolver over sockets: a server that cannot be reached at all", async () => {
  const broadcast = { address: { family: "ipv4", bytes: [255, 255, 255, 255] }, port: 53 } as const;
  await withDns(async ({ dns, ask }) => {
    dns.script("a.test", { addresses: ["192.0.2.1"] });
    assert.equal(await ask(), "192.0.2.1 ttl 60");
  }, { before: [broadcast], timeoutMs: 200 });
});

test("DnsServer: who asks nothing is not seen", () =>
  withDns(async ({ dns }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual([dns.contacts, dns.questions], [0, []]);
  }));
