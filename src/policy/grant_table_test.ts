import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Clock } from "../base/clock.ts";
import { ipv4Address } from "../base/ip_address.ts";
import { ip } from "../../test/support/policy_of.ts";
import { GrantTable } from "./grant_table.ts";

/** A table and the way to let time pass. */
function makeTable(): { readonly table: GrantTable; readonly pass: (seconds: number) => void } {
  let nowNs = 5n;
  const clock: Clock = { monotonicNs: () => nowNs, monotonicMs: () => 0, wallMs: () => 0, startTimer: () => () => {} };
  return { table: new GrantTable({ clock }), pass: (seconds) => void (nowNs += BigInt(seconds * 1e9)) };
}

const A = ip("93.184.216.34");
const B = ip("93.184.216.35");

for (
  const [ttlS, liveS] of [
    [undefined, 30],
    [0, 30],
    [-5, 30],
    [Number.NaN, 30],
    [30, 30],
    [31, 31],
    [60, 60],
    [3600, 3600],
    [3601, 3600],
    [1e300, 3600],
    [Number.POSITIVE_INFINITY, 3600],
  ] as const
) {
  test(`GrantTable: a TTL of ${ttlS} s counts as ${liveS} s`, () => {
    const { table, pass } = makeTable();
    table.add("db.example.com", [A], { ttlS });
    pass(liveS - 0.001);
    assert.deepEqual(table.namesOf(A), ["db.example.com"]);
    pass(0.001);
    assert.deepEqual(table.namesOf(A), []);
    assert.equal(table.size, 0);
  });
}

test("GrantTable: an address has the names it was given for, and no other address has them", () => {
  const { table } = makeTable();
  table.add("a.example.com", [A, B]);
  table.add("b.example.com", [A]);
  assert.deepEqual(table.namesOf(A), ["a.example.com", "b.example.com"]);
  assert.deepEqual(table.namesOf(B), ["a.example.com"]);
  assert.deepEqual(table.namesOf(ip("93.184.216.36")), []);
  assert.deepEqual(table.namesOf(ip("::ffff:93.184.216.34")), []);
  table.clear();
  assert.deepEqual(table.namesOf(A), []);
  assert.equal(table.size, 0);
});

test("GrantTable: the later answer counts, a shorter TTL too", () => {
  const { table, pass } = makeTable();
  table.add("a.example.com", [A], { ttlS: 3600 });
  table.add("a.example.com", [A], { ttlS: 30 });
  assert.equal(table.size, 1);
  pass(30);
  assert.deepEqual(table.namesOf(A), []);
});

test("GrantTable: holds 1,024, the oldest out first, a renewed one is not old", () => {
  const { table } = makeTable();
  const addresses = Array.from({ length: 1024 }, (_, at) => ipv4Address(93, 0, at >> 8, at & 255));
  table.add("a.example.com", addresses);
  const [first = A, second = A, third = A] = addresses;
  table.add("a.example.com", [first]);
  table.add("b.example.com", [A]);
  assert.equal(table.size, 1024);
  assert.deepEqual(table.namesOf(first), ["a.example.com"]);
  assert.deepEqual(table.namesOf(second), []);
  assert.deepEqual(table.namesOf(third), ["a.example.com"]);
  assert.deepEqual(table.namesOf(A), ["b.example.com"]);
  table.add("flood.example.com", Array.from({ length: 5000 }, (_, at) => ipv4Address(94, 0, at >> 8, at & 255)));
  assert.equal(table.size, 1024);
  assert.deepEqual(table.namesOf(A), []);
});

test("GrantTable: agrees with a list of what was added", () => {
  const step = fc.record({
    name: fc.integer({ min: 0, max: 3 }),
    host: fc.integer({ min: 0, max: 3 }),
    ttlS: fc.integer({ min: 0, max: 90 }),
    wait: fc.integer({ min: 0, max: 40 }),
  });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const { table, pass } = makeTable();
    const model = new Map<string, number>();
    let now = 0;
    for (const { name, host, ttlS, wait } of steps) {
      table.add(`n${name}`, [ipv4Address(93, 0, 0, host)], { ttlS });
      model.set(`n${name} ${host}`, now + Math.max(30, ttlS));
      pass(wait);
      now += wait;
      for (let at = 0; at < 4; at++) {
        const live = [...model].filter(([key, until]) => key.endsWith(` ${at}`) && until > now);
        const names = live.map(([key]) => key.split(" ")[0]);
        assert.deepEqual(new Set(table.namesOf(ipv4Address(93, 0, 0, at))), new Set(names));
      }
    }
  }));
});
