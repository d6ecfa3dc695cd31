import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ipv4Address, type SocketAddress } from "../base/ip_address.ts";
import { EPHEMERAL_PORT_MAX, EPHEMERAL_PORT_MIN, type PortHold, PortTable } from "./port_table.ts";

/** `last` 0 is the wildcard, others are 127.0.0.x. */
function at(last: number, port: number): SocketAddress {
  return { address: last === 0 ? ipv4Address(0, 0, 0, 0) : ipv4Address(127, 0, 0, last), port };
}

function hold(table: PortTable<string>, address: SocketAddress): PortHold<string> {
  return table.hold(address) ?? assert.fail("the port is taken");
}

test("PortTable: port 0 passes over taken ports and starts again at the first", () => {
  const table = new PortTable<string>(() => EPHEMERAL_PORT_MAX);
  assert.equal(hold(table, at(1, 0)).address.port, EPHEMERAL_PORT_MAX);
  assert.equal(hold(table, at(1, 0)).address.port, EPHEMERAL_PORT_MIN);
  assert.equal(hold(table, at(2, 0)).address.port, EPHEMERAL_PORT_MAX, "another address");
  assert.equal(hold(table, at(0, 0)).address.port, EPHEMERAL_PORT_MIN + 1, "the wildcard needs both");
});

test("PortTable: when every port is taken there is none", () => {
  const table = new PortTable<string>(() => EPHEMERAL_PORT_MIN);
  for (let port = EPHEMERAL_PORT_MIN; port <= EPHEMERAL_PORT_MAX; port++) hold(table, at(1, port));
  assert.equal(table.hold(at(1, 0)), undefined);
  assert.equal(table.hold(at(0, 0)), undefined);
  assert.equal(hold(table, at(2, 0)).address.port, EPHEMERAL_PORT_MIN);
});

test("PortTable: what listens answers for its address, or for all when it is the wildcard", () => {
  const table = new PortTable<string>(() => EPHEMERAL_PORT_MIN);
  const [one, all] = [hold(table, at(1, 80)), hold(table, at(0, 81))];
  assert.equal(table.listenerAt(at(1, 80)), undefined);
  assert.equal(table.isListening(80), false);
  one.listener = "one";
  all.listener = "all";
  assert.equal(table.listenerAt(at(1, 80)), "one");
  assert.equal(table.listenerAt(at(2, 80)), undefined);
  assert.equal(table.listenerAt(at(2, 81)), "all");
  assert.equal(table.isListening(80), true);
  one.release();
  assert.equal(table.isListening(80), false);
  assert.deepEqual(table.list(), ["0.0.0.0:81"]);
});

test("PortTable: a release is done once and never frees another's port", () => {
  const table = new PortTable<string>(() => EPHEMERAL_PORT_MIN);
  const first = hold(table, at(1, 80));
  first.release();
  hold(table, at(1, 80));
  first.release();
  assert.equal(table.hold(at(1, 80)), undefined);
});

test("PortTable agrees with a list of what is held", () => {
  const step = fc.record({
    last: fc.integer({ min: 0, max: 2 }),
    port: fc.integer({ min: 1, max: 3 }),
    release: fc.option(fc.nat(5), { nil: undefined }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const table = new PortTable<string>(() => EPHEMERAL_PORT_MIN);
    const held: { last: number; port: number; hold: PortHold<string> }[] = [];
    for (const { last, port, release } of steps) {
      if (release !== undefined) {
        held.splice(release, 1)[0]?.hold.release();
        continue;
      }
      const isTaken = held.some((other) =>
        other.port === port && (last === 0 || other.last === 0 || other.last === last)
      );
      const answer = table.hold(at(last, port));
      assert.equal(answer === undefined, isTaken);
      if (answer !== undefined) held.push({ last, port, hold: answer });
    }
    assert.equal(table.list().length, held.length);
    for (const { hold } of held) hold.release();
    assert.equal(table.size, 0);
  }));
});
