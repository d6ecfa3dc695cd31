import assert from "node:assert/strict";
import { test } from "node:test";
import { readTraceContext, traceparentOf } from "./trace_context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const PARENT = `00-${TRACE}-${SPAN}-01`;

const BAD: readonly (readonly [name: string, ...parents: string[]])[] = [
  ["nothing"],
  ["an empty one", ""],
  ["two, equal or not", PARENT, PARENT],
  ["upper case", PARENT.toUpperCase()],
  ["a trace of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
  ["a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["version ff", `ff-${TRACE}-${SPAN}-01`],
  ["a short trace", `00-${TRACE.slice(1)}-${SPAN}-01`],
  ["a long span", `00-${TRACE}-${SPAN}0-01`],
  ["a letter past f", `00-${TRACE.slice(1)}g-${SPAN}-01`],
  ["one digit of flags", `00-${TRACE}-${SPAN}-1`],
  ["no flags", `00-${TRACE}-${SPAN}`],
  ["more behind version 00", `${PARENT}-what`],
  ["a dash behind version 00", `${PARENT}-`],
  ["more without a dash", `cc-${TRACE}-${SPAN}-01what`],
  ["a blank before it", ` ${PARENT}`],
  ["a line break behind it", `${PARENT}\n`],
  ["two in one field", `${PARENT},${PARENT}`],
];

for (const [name, ...parents] of BAD) {
  test(`readTraceContext: ${name} is no parent`, () => {
    assert.equal(readTraceContext({ parents, states: ["a=1"] }), undefined);
  });
}

const GOOD: readonly (readonly [name: string, parent: string, isSampled: boolean])[] = [
  ["sampled", PARENT, true],
  ["not sampled", `00-${TRACE}-${SPAN}-00`, false],
  ["flags of a later level", `00-${TRACE}-${SPAN}-03`, true],
  ["only flags of a later level", `00-${TRACE}-${SPAN}-fe`, false],
  ["a later version", `cc-${TRACE}-${SPAN}-01`, true],
  ["a later version with more", `cc-${TRACE}-${SPAN}-01-what-ever`, true],
];

for (const [name, parent, isSampled] of GOOD) {
  test(`readTraceContext: ${name}`, () => {
    const read = readTraceContext({ parents: [parent], states: [] });
    assert.deepEqual(read, { traceId: TRACE, spanId: SPAN, isSampled, state: undefined });
    assert.equal(read && traceparentOf(read), `00-${TRACE}-${SPAN}-${isSampled ? "01" : "00"}`);
  });
}

const STATES: readonly (readonly [name: string, states: readonly string[], state: string | undefined])[] = [
  ["one", ["rojo=00f067aa0ba902b7"], "rojo=00f067aa0ba902b7"],
  ["several, of several fields, with blanks and empty ones", ["a=1 ,\tb=2", "", " ,c=x y"], "a=1,b=2,c=x y"],
  ["a tenant's", ["fw529a3039@dt=FfAAAAJ"], "fw529a3039@dt=FfAAAAJ"],
  ["nothing", [], undefined],
  ["a key in upper case", ["A=1"], undefined],
  ["no value", ["a="], undefined],
  ["an equals sign in the value", ["a=b=c"], undefined],
  ["no equals sign", ["a"], undefined],
  ["one bad among good ones", ["a=1,b"], undefined],
  ["the same key twice", ["a=1", "a=2"], undefined],
  ["bytes above ASCII", ["a=\xe9"], undefined],
  ["a control character", ["a=\x01b"], undefined],
  ["too many", [Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(",")], undefined],
  ["too long", [`a=${"x".repeat(255)},b=${"x".repeat(255)}`], undefined],
];

for (const [name, states, state] of STATES) {
  test(`readTraceContext: a tracestate with ${name}`, () => {
    assert.equal(readTraceContext({ parents: [PARENT], states })?.state, state);
  });
}
