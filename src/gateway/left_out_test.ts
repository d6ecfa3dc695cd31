import assert from "node:assert/strict";
import { test } from "node:test";
import type { RouteClaims } from "../config/route_claims.ts";
import { createRouter } from "../router/router.ts";
import type { RouteMatch } from "../router/route_match.ts";
import { HeldRoute } from "../workload/held_route.ts";
import { claimsAfter, withHeld } from "./left_out.ts";

function matchOf(text: string): RouteMatch {
  const [host = "", path = "", methods] = text.split(" ");
  return { host, path, methods: methods?.split(",") };
}

function claims(routes: readonly string[], isPartial = false): RouteClaims {
  return {
    isPartial,
    routes: routes.map((text, at) => ({ name: `r${at}`, file: `w/shop/r${at}.route.jsonc`, match: matchOf(text) })),
  };
}

/** What a request comes to beside the routes of "site": its name, "held", or what the router says. */
function answerOf(
  request: string,
  { served, leftOut }: { readonly served: readonly string[]; readonly leftOut: RouteClaims },
): string {
  const entries = served.map((text, at) => {
    const match = matchOf(text);
    return {
      match,
      target: new HeldRoute({ workload: "site", route: `s${at}`, match, detail: "it stands for a route" }),
    };
  });
  const router = createRouter(withHeld(entries, new Map([["shop", leftOut]])));
  const [host = "", path = "", method = "GET"] = request.split(" ");
  const found = router.match(host, path, method);
  if (found.kind !== "found") return found.kind;
  return entries.some(({ target }) => target === found.target) ? found.target.route : "held";
}

const ROWS: readonly (readonly [
  name: string,
  served: readonly string[],
  leftOut: RouteClaims,
  answers: Readonly<Record<string, string>>,
])[] = [
  ["a readable route is held from a wider one", ["* /*"], claims(["* /shop/*"]), {
    "a.test /shop/pay": "held",
    "a.test /shop": "held",
    "a.test /other": "s0",
  }],
  ["by its host too", ["* /*", "*.test /x"], claims(["shop.test /*"]), {
    "shop.test /x": "held",
    "a.test /x": "s1",
    "a.test /y": "s0",
  }],
  ["and by its methods, no further", ["* /*"], claims(["* /shop POST"]), {
    "a.test /shop POST": "held",
    "a.test /shop GET": "s0",
  }],
  ["what is as it is stays with who is served", ["* /shop"], claims(["* /shop"]), { "a.test /shop": "s0" }],
  ["what a neighbour says more exactly is its own", ["* /shop/help"], claims(["* /shop/*"]), {
    "a.test /shop/help": "s0",
    "a.test /shop/pay": "held",
  }],
  ["unread: what takes whatever comes is closed", ["* /*", "*.test /:all", "* /"], claims([], true), {
    "a.other /shop/pay": "held",
    "a.test /shop": "held",
    "a.other /": "s2",
  }],
  ["unread: what has a start of its own is served", ["* /site/*", "* /about"], claims([], true), {
    "a.test /site/x": "s0",
    "a.test /about": "s1",
    "a.test /shop": "not-found",
  }],
  ["unread: what has a host of its own is served", ["site.test /*"], claims([], true), { "site.test /shop": "s0" }],
  ["unread: a host that is named elsewhere is held", ["* /api/*"], claims(["shop.test /pay", "* /x"], true), {
    "shop.test /api/orders": "held",
    "a.test /api/orders": "s0",
    "a.test /x": "held",
  }],
];

for (const [name, served, leftOut, answers] of ROWS) {
  test(`withHeld: ${name}`, () => {
    for (const [request, expected] of Object.entries(answers)) {
      assert.equal(answerOf(request, { served, leftOut }), expected, request);
    }
  });
}

test("withHeld: without a workload that is left out the table is the same one", () => {
  const served = [{ match: matchOf("* /*"), target: new HeldRoute({ ...ROUTE, detail: "" }) }];
  assert.equal(withHeld(served, new Map()), served);
});

const ROUTE = { workload: "site", route: "all", match: matchOf("* /*") };

test("HeldRoute: every request fails, and its line says why", async () => {
  const [, held] = withHeld(
    [{ match: ROUTE.match, target: new HeldRoute({ ...ROUTE, detail: "" }) }],
    new Map([["shop", claims(["* /shop"])]]),
  );
  assert.deepEqual([held?.target.workload, held?.target.route], ["shop", "r0"]);
  assert.ok(held?.target instanceof HeldRoute);
  assert.deepEqual(await held.target.serve(), {
    kind: "left-out",
    detail: "the start left the workload out, since its files have faults",
  });
});

const READINGS: readonly (readonly [name: string, before: RouteClaims, next: RouteClaims, after: RouteClaims])[] = [
  ["all can be read", claims(["* /a"], true), claims(["* /b"]), claims(["* /b"])],
  ["half a file opens nothing", claims(["* /a", "* /b"]), claims(["* /c"], true), claims(["* /c", "* /b"])],
  ["what was closed stays closed", claims(["* /a"], true), claims([], true), claims(["* /a"], true)],
];

for (const [name, before, next, after] of READINGS) {
  test(`claimsAfter: ${name}`, () => assert.deepEqual(claimsAfter(before, next), after));
}
