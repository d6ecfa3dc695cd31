/** A policy that changes while its guest lives: what is judged anew, what ends, and what goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fake_clock.ts";
import { FakeLookup } from "../../../test/support/fake_lookup.ts";
import { ip, type LayerValues, NOTHING_OWN, policyOf } from "../../../test/support/policy_of.ts";
import { UdpOutside } from "../../../test/support/udp_outside.ts";
import type { DialEgressOptions } from "../../network/egress.ts";
import { TlsTrust } from "../../network/tls_trust.ts";
import { WorkloadNetwork } from "../../network/workload_network.ts";
import type { GatewayEvent } from "../../telemetry/events.ts";
import { LiveCounters } from "../../telemetry/live_counters.ts";
import { GuestEgress } from "./guest_egress.ts";
import { LookupSlots } from "./lookup_slots.ts";
import { NameLookup } from "./name_lookup.ts";

function open(values: LayerValues, connectionsMax?: number) {
  const [clock, counters, outside] = [new FakeClock(), new LiveCounters(), new UdpOutside()];
  const events: GatewayEvent[] = [];
  /** What is connecting to the outside, by address, and whether it was revoked. */
  const dialled = new Map<string, { readonly options: DialEgressOptions; isRevoked: boolean }>();
  const egress = {
    dial(options: DialEgressOptions) {
      const entry = { options, isRevoked: false };
      dialled.set(options.remote.address.bytes.join("."), entry);
      const revoke = (): void => {
        entry.isRevoked = true;
        options.onOutcome();
      };
      return {
        outcome: () => (entry.isRevoked ? ("access-denied" as const) : undefined),
        abandon: () => options.onReleased(),
        revoke,
      };
    },
    openUdp: outside.open,
  };
  const label = { workload: "demo", role: "component", route: "main" } as const;
  const emit = (event: GatewayEvent) => void events.push(event);
  const bounds = connectionsMax === undefined ? {} : { connectionsMax };
  const network = new WorkloadNetwork({ workload: "demo", clock, counters, emit, egress, ...bounds });
  const asked: FakeLookup[] = [];
  const resolver = {
    lookup(name: string) {
      const lookup = new FakeLookup(name);
      asked.push(lookup);
      return lookup;
    },
  };
  const lookups = new LookupSlots();
  const tools = { own: () => NOTHING_OWN, resolver, trust: new TlsTrust(), cdnId: "test" };
  const shared = { tools, role: "component", label, network, lookups, egress, clock, counters } as const;
  const guestEgress = new GuestEgress({ ...shared, policy: policyOf(values) });
  const guest = network.openGuest("component", label, { access: guestEgress.access });
  const close = (): void => {
    guest.release("close");
    guestEgress.close();
    network.close();
    assert.deepEqual([network.connections, network.usage.sockets, lookups.taken, clock.timersArmed], [0, 0, 0, 0]);
  };
  const denials = () =>
    events.flatMap((event) => (event.kind === "denied" ? [`${event.operation} ${event.target}`] : []));
  return { guestEgress, guest, network, dialled, outside, asked, lookups, denials, clock, close };
}

type Bench = ReturnType<typeof open>;

function connect({ guest }: Bench, address: string, port = 443) {
  const socket = guest.createTcpSocket("ipv4");
  assert.ok(typeof socket === "object");
  return { socket, error: socket.startConnect({ address: ip(address), port }) };
}

function udpTo({ guest }: Bench, address: string, port = 53) {
  const socket = guest.createUdpSocket("ipv4");
  assert.ok(typeof socket === "object");
  const remote = { address: ip(address), port };
  assert.equal(socket.startBind({ address: ip("0.0.0.0"), port: 0 }), undefined);
  assert.equal(socket.finishBind(), undefined);
  assert.equal(socket.stream(remote), undefined);
  assert.equal(socket.send([{ data: new Uint8Array(1), remote }]), 1);
  return { socket, remote };
}

function resolve({ guestEgress }: Bench, name: string): NameLookup {
  const lookup = guestEgress.resolve(name);
  assert.ok(lookup instanceof NameLookup, name);
  return lookup;
}

const ONE = "203.0.113.1";
const OTHER = "203.0.113.2";
const BOTH: LayerValues = { net: [ONE, OTHER, `udp://${ONE}`, `udp://${OTHER}`] };

interface Change {
  readonly name: string;
  readonly from: LayerValues;
  readonly to: LayerValues;
  /** Whether ONE and OTHER can be reached after the change. */
  readonly allowed: readonly [one: boolean, other: boolean];
}

const CHANGES: readonly Change[] = [
  { name: "the same again", from: BOTH, to: BOTH, allowed: [true, true] },
  { name: "more", from: BOTH, to: { net: ["*", "udp://*"] }, allowed: [true, true] },
  { name: "one of two", from: BOTH, to: { net: [OTHER, `udp://${OTHER}`] }, allowed: [false, true] },
  {
    name: "a deny rule",
    from: BOTH,
    to: { net: { allow: ["*", "udp://*"], deny: [ONE] } },
    allowed: [false, true],
  },
  { name: "the loopback only", from: BOTH, to: { net: [] }, allowed: [false, false] },
  { name: "no network", from: BOTH, to: { net: false }, allowed: [false, false] },
  {
    name: "other ports",
    from: BOTH,
    to: { net: [`${ONE}:80`, `udp://${ONE}:80`, `${OTHER}:443`, `udp://${OTHER}:53`] },
    allowed: [false, true],
  },
];

for (const { name, from, to, allowed } of CHANGES) {
  test(`setPolicy to ${name}: connects that are under way`, async () => {
    const bench = open(from);
    const connecting = [connect(bench, ONE), connect(bench, OTHER)];
    bench.guestEgress.setPolicy(policyOf(to));
    await settle();
    for (const [at, { socket }] of connecting.entries()) {
      const address = [ONE, OTHER][at] ?? "";
      assert.equal(bench.dialled.get(address)?.isRevoked, !allowed[at], address);
      const isOff = to.net === false;
      const expected = allowed[at] === true ? "would-block" : isOff ? "not-in-progress" : "access-denied";
      assert.equal(socket.finishConnect(), expected, address);
    }
    const denials = [ONE, OTHER].filter((_, at) => !allowed[at]).map((address) => `tcp-connect ${address}:443`);
    assert.deepEqual(bench.denials(), denials);
    bench.close();
  });

  test(`setPolicy to ${name}: UDP peers`, () => {
    const bench = open(from);
    const peers = [udpTo(bench, ONE), udpTo(bench, OTHER)];
    bench.guestEgress.setPolicy(policyOf(to));
    for (const [at, { socket, remote }] of peers.entries()) {
      const peer = bench.outside.at(`${[ONE, OTHER][at]}:53`);
      assert.equal(peer.ended, allowed[at] === true ? undefined : "reset");
      if (to.net === false) {
        assert.equal(socket.receive(1), "invalid-state", "the socket has ended");
        continue;
      }
      if (allowed[at] === false) assert.equal(socket.receive(1), "access-denied", "told once");
      assert.deepEqual(socket.receive(1), []);
      assert.equal(socket.send([{ data: new Uint8Array(1), remote }]), allowed[at] === true ? 1 : "access-denied");
    }
    bench.close();
  });

  test(`setPolicy to ${name}: what is asked afterwards`, () => {
    const bench = open(from);
    bench.guestEgress.setPolicy(policyOf(to));
    for (const [at, address] of [ONE, OTHER].entries()) {
      const isAllowed = allowed[at] === true;
      const decision = bench.guestEgress.access.decide({ address: ip(address), port: 443 }, "tcp");
      assert.equal(decision.isAllowed, isAllowed, address);
    }
    assert.equal(bench.guestEgress.access.off !== undefined, to.net === false);
    assert.equal(bench.guest.createTcpSocket("ipv4") === "access-denied", to.net === false);
    bench.close();
  });
}

test("setPolicy: the private loopback goes on unless there is no network at all", () => {
  for (const [to, isReachable] of [[{ net: [] }, true], [{ net: false }, false]] as const) {
    const bench = open(BOTH);
    const service = bench.network.openGuest("service", { workload: "demo", role: "service" });
    const listener = service.createTcpSocket("ipv4");
    assert.ok(typeof listener === "object");
    listener.startBind({ address: ip("127.0.0.1"), port: 7777 });
    listener.finishBind();
    listener.startListen();
    listener.finishListen();
    const { socket } = connect(bench, "127.0.0.1", 7777);
    const connection = socket.finishConnect();
    assert.ok(typeof connection === "object");
    bench.guestEgress.setPolicy(policyOf(to));
    assert.equal(connection.output.permit() === "closed", !isReachable);
    assert.equal(listener.isListening(), true, "the service has a policy of its own");
    service.release("close");
    bench.close();
  }
});

test("requests to the private loopback take no connection of the workload's, and it does not stop them", async () => {
  const bench = open({ net: ["http://*"] }, 1);
  const request = { scheme: "http", method: "GET", path: "/", headers: [], body: undefined } as const;
  const outside = bench.guestEgress.send({ ...request, authority: "a.test" });
  const refused = bench.guestEgress.send({ ...request, authority: "b.test" });
  assert.ok(typeof outside === "object" && typeof refused === "object");
  assert.deepEqual(refused.result(), { failed: { tag: "connection-limit-reached" } });
  const local = ["localhost:7777", "127.0.0.1:7777", "[::1]:7777"].map((authority) =>
    bench.guestEgress.send({ ...request, authority })
  );
  for (const pending of local) {
    assert.ok(typeof pending === "object");
    // The client of HTTP may take more turns than others to see that nobody listens.
    while (pending.result() === undefined) await settle();
    assert.deepEqual(pending.result(), { failed: { tag: "connection-refused" } }, "nobody listens");
  }
  assert.equal(bench.network.connections, 1);
  bench.close();
});

test("setPolicy: another guest of the workload is not concerned", () => {
  const bench = open(BOTH);
  const access = { off: undefined, decide: () => ({ isAllowed: true, rule: "the test's" }) };
  const other = bench.network.openGuest("component", { workload: "demo", role: "component", route: "b" }, { access });
  const socket = other.createTcpSocket("ipv4");
  assert.ok(typeof socket === "object");
  assert.equal(socket.startConnect({ address: ip(ONE), port: 443 }), undefined);
  bench.guestEgress.setPolicy(policyOf({ net: false }));
  assert.equal(socket.finishConnect(), "would-block");
  assert.equal(bench.dialled.get(ONE)?.isRevoked, false);
  other.release("close");
  bench.close();
});

test("setPolicy: lookups under way end with the code of a denied one, or go on and are judged anew", async () => {
  const bench = open({ net: ["*"], dns: ["a.test", "b.test"] });
  const [one, other] = [resolve(bench, "a.test"), resolve(bench, "b.test")];
  assert.equal(bench.lookups.taken, 2);
  bench.guestEgress.setPolicy(policyOf({ net: { allow: ["*"], deny: [OTHER] }, dns: ["b.test"] }));
  assert.equal(one.outcome(), "permanent-resolver-failure");
  assert.equal(other.outcome(), undefined);
  assert.equal(bench.lookups.taken, 1);
  bench.asked[0]?.answer(ONE);
  bench.asked[1]?.answer(ONE, OTHER);
  await settle();
  assert.equal(one.outcome(), "permanent-resolver-failure");
  assert.deepEqual(other.outcome(), [ip(ONE)]);
  assert.equal(bench.guestEgress.resolve("a.test"), "denied");
  assert.deepEqual(bench.denials(), ["resolve-addresses a.test"], "the same denial within 10 s is one line");
  bench.close();
});

test("setPolicy: a grant counts while its name may be looked up and a rule names it", async () => {
  const rules = { net: ["a.test:5432", "b.test:5432"], dns: ["a.test", "b.test"] };
  const changes: readonly (readonly [values: LayerValues, allowed: readonly [boolean, boolean]])[] = [
    [rules, [true, true]],
    [{ ...rules, net: ["b.test:5432"] }, [false, true]],
    [{ ...rules, dns: ["b.test"] }, [false, true]],
    [{ ...rules, dns: false }, [false, false]],
    [{ ...rules, net: { allow: rules.net, deny: [ONE] } }, [false, true]],
  ];
  for (const [values, allowed] of changes) {
    const bench = open(rules);
    resolve(bench, "a.test");
    resolve(bench, "b.test");
    bench.asked[0]?.answer(ONE);
    bench.asked[1]?.answer(OTHER);
    await settle();
    const [one, other] = [connect(bench, ONE, 5432), connect(bench, OTHER, 5432)];
    assert.deepEqual([one.error, other.error], [undefined, undefined]);
    bench.guestEgress.setPolicy(policyOf(values));
    for (const [at, address] of [ONE, OTHER].entries()) {
      assert.equal(bench.dialled.get(address)?.isRevoked, !allowed[at], JSON.stringify(values));
      const { isAllowed } = bench.guestEgress.access.decide({ address: ip(address), port: 5432 }, "tcp");
      assert.equal(isAllowed, allowed[at]);
    }
    bench.close();
  }
});

test("setPolicy: what has ended is not told again by the next change", async () => {
  const bench = open(BOTH);
  connect(bench, ONE);
  for (let round = 0; round < 3; round++) {
    bench.guestEgress.setPolicy(policyOf({ net: [] }));
    await bench.clock.advanceMs(11_000);
  }
  assert.deepEqual(bench.denials(), [`tcp-connect ${ONE}:443`]);
  bench.close();
});

test("setPolicy: a grant that was dropped does not come back with the old policy", async () => {
  const rules = { net: ["a.test:5432"], dns: ["a.test"] };
  const bench = open(rules);
  resolve(bench, "a.test");
  bench.asked[0]?.answer(ONE);
  await settle();
  bench.guestEgress.setPolicy(policyOf({ ...rules, dns: false }));
  bench.guestEgress.setPolicy(policyOf(rules));
  assert.equal(connect(bench, ONE, 5432).error, "access-denied");
  bench.close();
});

test("reset: what one life of a service was granted is not the next one's", async () => {
  const bench = open({ net: ["a.test:5432"], dns: ["a.test"] });
  resolve(bench, "a.test");
  bench.asked[0]?.answer(ONE);
  await settle();
  assert.equal(connect(bench, ONE, 5432).error, undefined);
  bench.guest.release("reset");
  bench.guestEgress.reset();
  assert.equal(connect(bench, ONE, 5432).error, "access-denied");
  bench.close();
});

test("setPolicy: a request whose name is being looked up ends when its target is denied, else its answers are judged anew", async () => {
  const bench = open({ net: ["http://*"] });
  const request = { scheme: "http", method: "GET", path: "/", headers: [], body: undefined } as const;
  const pending = ["a.test", "b.test"].map((authority) => bench.guestEgress.send({ ...request, authority }));
  await settle();
  assert.deepEqual(bench.asked.map(({ name }) => name), ["a.test", "b.test"]);
  assert.equal(bench.network.connections, 2);
  bench.guestEgress.setPolicy(policyOf({ net: { allow: ["http://b.test"], deny: [ONE] } }));
  const [one, other] = pending;
  assert.ok(typeof one === "object" && typeof other === "object");
  assert.deepEqual(one.result(), { failed: { tag: "HTTP-request-denied" } });
  assert.equal(other.result(), undefined);
  assert.equal(bench.network.connections, 1);
  bench.asked[1]?.answer(ONE);
  await settle();
  assert.deepEqual(other.result(), { failed: { tag: "HTTP-request-denied" } });
  assert.equal(bench.guestEgress.send({ ...request, authority: "a.test" }), "denied");
  bench.close();
});
