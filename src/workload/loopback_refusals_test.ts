import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4Address } from "../base/ip_address.ts";
import type { Reach } from "../network/guest_network.ts";
import type { GatewayEvent } from "../telemetry/events.ts";
import { LoopbackRefusals, portsText } from "./loopback_refusals.ts";

const GUEST = { workload: "shop", route: "task", role: "component" } as const;
const reach = (more: Partial<Reach> = {}): Reach => ({
  protocol: "tcp",
  remote: { address: ipv4Address(127, 0, 0, 1), port: 7778 },
  where: "refused",
  ...more,
});

function open(ports: readonly number[], hasService = true) {
  const events: GatewayEvent[] = [];
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const emit = (event: GatewayEvent): void => void events.push(event);
  return { clock, events, refusals: new LoopbackRefusals({ clock, emit, hasService, listening: () => ports }) };
}

test("LoopbackRefusals: says where the service listens, for each guest once in ten seconds", () => {
  const { clock, events, refusals } = open([7777]);
  for (let times = 0; times < 1000; times++) refusals.tell(GUEST, reach());
  const detail =
    "nothing listens there on the workload's own loopback: its service listens on 7777; a server of this machine has another address";
  assert.deepEqual(events, [{ kind: "refused", guest: GUEST, target: "tcp://127.0.0.1:7778", detail }]);
  refusals.tell({ ...GUEST, route: "page" }, reach());
  clock.nowMs = 9_999;
  refusals.tell(GUEST, reach());
  assert.equal(events.length, 2);
  clock.nowMs = 10_000;
  refusals.tell(GUEST, reach());
  assert.equal(events.length, 3);
});

test("LoopbackRefusals: each port is told, up to four of a guest in ten seconds", () => {
  const { clock, events, refusals } = open([7777]);
  const told = (): readonly string[] => events.map((event) => event.kind === "refused" ? event.target.slice(-4) : "");
  for (let port = 1000; port < 2000; port++) {
    refusals.tell(GUEST, reach({ remote: { address: ipv4Address(127, 0, 0, 1), port } }));
  }
  assert.deepEqual(told(), ["1000", "1001", "1002", "1003"]);
  clock.nowMs = 10_000;
  refusals.tell(GUEST, reach());
  assert.deepEqual(told().slice(4), ["7778"]);
});

test("LoopbackRefusals: a connection, a datagram and what is outside are nothing to tell", () => {
  const { events, refusals } = open([]);
  for (const more of [{ where: "loopback" }, { where: "outside" }, { protocol: "udp" }] as const) {
    refusals.tell(GUEST, reach(more));
  }
  assert.deepEqual(events, []);
});

const WHY = [
  ["without a service", [], false, /: it has no service; a server/],
  ["with one that does not listen", [], true, /: its service listens nowhere; a server/],
] as const;

for (const [name, ports, hasService, detail] of WHY) {
  test(`LoopbackRefusals: ${name}`, () => {
    const { events, refusals } = open(ports, hasService);
    refusals.tell(GUEST, reach());
    assert.match(events[0]?.kind === "refused" ? events[0].detail : "", detail);
  });
}

test("portsText: a few of many", () => assert.equal(portsText([1, 2, 3, 4, 5, 6]), "on 1, 2, 3, 4, 5..."));
