import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeContext } from "../../test/support/host_context.ts";
import { fieldBudgetOf } from "../host/http/field_budget.ts";
import { heldBudgetOf } from "../host/http/held_budget.ts";
import { createHostImports } from "../host/imports.ts";
import { GuestContext, type RequestSide } from "./guest_context.ts";

const LOOP: readonly Uint8Array[] = [new Uint8Array([1])];

function open(): { readonly context: GuestContext; readonly request: () => RequestSide } {
  return {
    context: new GuestContext(fakeContext()),
    request: () => {
      const { network, output } = fakeContext();
      return { network, output, incomingCdnLoop: () => LOOP };
    },
  };
}

test("GuestContext: host functions are bound while there is no request, and read it when they are called", () => {
  const { context, request } = open();
  const imports = createHostImports(context);
  const { createTcpSocket } = imports["wasi:sockets/tcp-create-socket"] as {
    readonly createTcpSocket: (family: string) => Disposable;
  };
  assert.throws(() => createTcpSocket("ipv4"), /it has no request/);
  for (let round = 0; round < 2; round++) {
    const side = request();
    context.begin(side);
    createTcpSocket("ipv4")[Symbol.dispose]();
    assert.equal(context.network, side.network);
    assert.equal(context.incomingCdnLoop, LOOP);
    context.end(true);
  }
  assert.throws(() => createTcpSocket("ipv4"), /it has no request/);
});

test("GuestContext: between requests nothing of the last one can be had", () => {
  const { context, request } = open();
  context.begin(request());
  context.end(true);
  for (const part of ["network", "egress", "incomingCdnLoop", "output"] as const) {
    assert.throws(() => context[part], /it has no request/, part);
  }
});

test("GuestContext: two requests at once are a fault", () => {
  const { context, request } = open();
  context.begin(request());
  assert.throws(() => context.begin(request()), /has not ended/);
});

test("GuestContext: a recycled guest has budgets of its own, one that goes on keeps its", () => {
  const { context, request } = open();
  const budgets = () => [fieldBudgetOf(context), heldBudgetOf(context)];
  context.begin(request());
  const first = budgets();
  context.end(false);
  context.begin(request());
  assert.ok(budgets().every((budget, index) => budget === first[index]));
  context.end(true);
  context.begin(request());
  assert.ok(budgets().every((budget, index) => budget !== first[index]));
});
