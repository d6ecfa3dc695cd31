import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fake_clock.ts";
import { FakeLookup } from "../../../test/support/fake_lookup.ts";
import { ip, type LayerValues, OWN, policyOf } from "../../../test/support/policy_of.ts";
import type { SocketAddress } from "../../base/ip_address.ts";
import { TlsTrust } from "../../network/tls_trust.ts";
import { WorkloadNetwork } from "../../network/workload_network.ts";
import type { OwnAddresses } from "../../policy/address_class.ts";
import type { GatewayEvent } from "../../telemetry/events.ts";
import { LiveCounters } from "../../telemetry/live_counters.ts";
import { GuestEgress } from "./guest_egress.ts";
import { HttpDialler } from "./http_dialler.ts";
import { LOOKUPS_MAX, LookupSlots } from "./lookup_slots.ts";
import { NameLookup } from "./name_lookup.ts";

function open(values: LayerValues, own: OwnAddresses = OWN) {
  const clock = new FakeClock();
  const counters = new LiveCounters();
  const events: GatewayEvent[] = [];
  const network = new WorkloadNetwork({ workload: "demo", clock, counters, emit: (event) => events.push(event) });
  const asked: FakeLookup[] = [];
  const resolver = {
    lookup(name: string) {
      const lookup = new FakeLookup(name);
      asked.push(lookup);
      return lookup;
    },
  };
  const lookups = new LookupSlots();
  const shared = { network, lookups, egress: undefined, clock, counters };
  const tools = { own: () => own, resolver, trust: new TlsTrust(), cdnId: "test" };
  const label = { workload: "demo", role: "component", route: "main" } as const;
  const egress = new GuestEgress({ ...shared, tools, policy: policyOf(values), role: "component", label });
  return { egress, clock, events, asked, lookups, network, tools };
}

function at(address: string, port: number): SocketAddress {
  return { address: ip(address), port };
}

function isAllowed({ egress }: ReturnType<typeof open>, address: string, port = 80): boolean {
  return egress.access.decide(at(address, port), "tcp").isAllowed;
}

function requestTo(authority: string) {
  return { scheme: "http", method: "GET", path: "/", headers: [], body: undefined, authority } as const;
}

for (const net of [["*"], ["203.0.113.5", "192.168.1.5", "[2001:db8::5]"], ["public", "private"], true]) {
  test(`the gateway's own listeners are never reached, on any surface: net ${JSON.stringify(net)}`, () => {
    const bench = open({ net });
    // A wildcard listener answers on every address of the machine.
    for (const address of ["203.0.113.5", "192.168.1.5", "2001:db8::5"]) {
      assert.equal(isAllowed(bench, address, 8080), false, address);
      const text = address.includes(":") ? `[${address}]` : address;
      assert.equal(bench.egress.send(requestTo(`${text}:8080`)), "denied", address);
      assert.equal(isAllowed(bench, address, 8081), true, address);
    }
    assert.equal(isAllowed(bench, "203.0.113.5", 9090), false);
    assert.equal(bench.events.length, 3);
  });
}

test("an address of the machine is private, whatever range it is from", () => {
  assert.equal(isAllowed(open({ net: ["public"] }), "203.0.113.5"), false);
  assert.equal(isAllowed(open({ net: ["private"] }), "203.0.113.5"), true);
  assert.equal(isAllowed(open({ net: ["public"] }), "203.0.113.6"), true);
});

test("a grant opens the ports of the rules for its name, until its time is over", async () => {
  const bench = open({ net: ["db.test:5432"], dns: ["db.test"] });
  assert.equal(isAllowed(bench, "203.0.113.9", 5432), false);
  const lookup = bench.egress.resolve("DB.test.");
  assert.ok(lookup instanceof NameLookup);
  bench.asked[0]?.answer("203.0.113.9", "10.0.0.1", "203.0.113.5", "127.0.0.1", "169.254.1.1");
  await settle();
  assert.deepEqual(lookup.outcome(), [ip("203.0.113.9"), ip("10.0.0.1"), ip("203.0.113.5")]);
  assert.equal(isAllowed(bench, "203.0.113.9", 5432), true);
  for (const [address, port] of [["203.0.113.9", 80], ["10.0.0.1", 5432], ["203.0.113.5", 5432]] as const) {
    assert.equal(isAllowed(bench, address, port), false, `${address}:${port}`);
  }
  assert.equal(bench.egress.access.decide(at("203.0.113.9", 5432), "udp").isAllowed, false);
  await bench.clock.advanceMs(59_999);
  assert.equal(isAllowed(bench, "203.0.113.9", 5432), true);
  await bench.clock.advanceMs(2);
  assert.equal(isAllowed(bench, "203.0.113.9", 5432), false);
});

test("resolve: 64 at once for a workload; an end, a drop and a failure give the place back", async () => {
  const bench = open({ dns: true });
  const running = Array.from({ length: LOOKUPS_MAX }, (_, index) => bench.egress.resolve(`n${index}.test`));
  assert.equal(bench.egress.resolve("more.test"), "busy");
  assert.equal(bench.asked.length, LOOKUPS_MAX);
  assert.ok(bench.egress.resolve("localhost") instanceof NameLookup, "no lookup, no place");
  const [first, second, third] = running;
  assert.ok(first instanceof NameLookup && second instanceof NameLookup && third instanceof NameLookup);
  first.cancel();
  first.cancel();
  assert.equal(bench.asked[0]?.isCancelled, true);
  bench.asked[1]?.answer("203.0.113.9");
  bench.asked[2]?.end({ kind: "timeout" });
  await settle();
  assert.equal(bench.lookups.taken, LOOKUPS_MAX - 3);
  assert.equal(third.outcome(), "temporary-resolver-failure");
  assert.equal(isAllowed(bench, "203.0.113.9"), true);
});

test("resolve: a cancelled lookup grants nothing, whatever comes of it", async () => {
  const bench = open({ net: ["db.test"], dns: true });
  const lookup = bench.egress.resolve("db.test");
  assert.ok(lookup instanceof NameLookup);
  lookup.cancel();
  bench.asked[0]?.answer("203.0.113.9");
  await settle();
  assert.equal(isAllowed(bench, "203.0.113.9"), false);
});

for (const name of ["db.test", "localhost", "127.0.0.1", "[::1]"]) {
  test(`resolve: without dns nothing is asked, and the denial is told: ${name}`, () => {
    for (const values of [{}, { dns: false }, { dns: [] }, { net: false, dns: true }]) {
      const bench = open(values);
      assert.equal(bench.egress.resolve(name), "denied");
      assert.equal(bench.asked.length, 0);
      assert.equal(bench.events.length, 1);
    }
  });
}

test("HttpDialler.judgeConnection: an idle connection is judged by what is true now", () => {
  const { network } = open({});
  const own = { listeners: [], interfaces: [] as SocketAddress["address"][] };
  const dialler = new HttpDialler({
    policy: () => policyOf({ net: ["http://api.test", "public"] }),
    own: () => own,
    resolver: { lookup: () => assert.fail("nothing is asked") },
    workload: "demo",
    loopback: network.openGuest("component", { workload: "demo", role: "component" }),
    deny: () => assert.fail("nothing is told"),
  });
  const address = at("203.0.113.9", 80);
  for (const host of ["api.test", "203.0.113.9"]) {
    const target = { scheme: "http", host, port: 80 } as const;
    own.interfaces = [];
    assert.equal(dialler.judgeConnection(target, address)?.isAllowed, true);
    assert.equal(dialler.judgeConnection(target, at("10.0.0.1", 80))?.isAllowed, false);
    own.interfaces = [address.address];
    assert.equal(dialler.judgeConnection(target, address)?.isAllowed, false, "it is the machine's own now");
  }
});
