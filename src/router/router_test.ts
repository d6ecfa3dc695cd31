import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { requestHost } from "./host_pattern.ts";
import { createRouter, type RouterEntry, type RouterResult } from "./router.ts";
import { findTies } from "./specificity.ts";

/** `host path METHOD,METHOD`; no methods is every one. The target is the line itself. */
function routes(...lines: string[]): RouterEntry<string>[] {
  return lines.map((line) => {
    const [host = "", path = "", methods] = line.split(" ");
    return { match: { host, path, methods: methods?.split(",") }, target: line };
  });
}

function text(result: RouterResult<string>): string {
  if (result.kind === "found") return result.target;
  return result.kind === "method-not-allowed" ? `405 ${result.allow.join(", ")}` : "404";
}

const HOSTS = ["* /x", "*.example.com /x", "*.b.example.com /x", "a.b.example.com /x", "[::1] /x", "127.0.0.1 /x"];
const PATHS = ["* /", "* /task", "* /users/:id", "* /users/me", "* /files/*", "* /a/b/", "* /a/:x/c", "* /:y/b/c"];
const METHODS = ["* /m GET", "* /m POST,PUT", "* /head GET", "* /head HEAD", "* /fall POST", "* /fall/* GET"];
const FALL = ["a.com /x POST", "*.com /:y PUT", "* /* GET"];

const TABLE: readonly (readonly [name: string, routes: readonly string[], request: string, expected: string])[] = [
  ["an exact host before every wildcard", HOSTS, "a.b.example.com /x GET", "a.b.example.com /x"],
  ["the longest suffix first", HOSTS, "c.b.example.com /x GET", "*.b.example.com /x"],
  ["a suffix of any depth", HOSTS, "d.c.example.com /x GET", "*.example.com /x"],
  ["a suffix is not its own subdomain", HOSTS, "example.com /x GET", "* /x"],
  ["a suffix needs the dot", HOSTS, "notexample.com /x GET", "* /x"],
  ["a host in upper case", HOSTS, "A.B.EXAMPLE.com /x GET", "a.b.example.com /x"],
  ["a host with a port", HOSTS, "a.b.example.com:8080 /x GET", "a.b.example.com /x"],
  ["a host with the root's dot", HOSTS, "a.b.example.com. /x GET", "a.b.example.com /x"],
  ["a host with dot and port", HOSTS, "a.b.example.com.:80 /x GET", "a.b.example.com /x"],
  ["an IPv6 host with port", HOSTS, "[::1]:8080 /x GET", "[::1] /x"],
  ["an IPv6 host in a longer form", HOSTS, "[0:0::0001] /x GET", "[::1] /x"],
  ["an IPv4 host", HOSTS, "127.0.0.1:8080 /x GET", "127.0.0.1 /x"],
  ["a user name in the host: any host only", HOSTS, "u@a.b.example.com /x GET", "* /x"],
  ["an empty label in the host: any host only", HOSTS, ".example.com /x GET", "* /x"],
  ["a port that is none: any host only", HOSTS, "a.b.example.com:x /x GET", "* /x"],
  ["no host: any host only", HOSTS, " /x GET", "* /x"],
  ["the root", PATHS, "h / GET", "* /"],
  ["a query is not part of the path", PATHS, "h /task?a=/users/me GET", "* /task"],
  ["static before parameter", PATHS, "h /users/me GET", "* /users/me"],
  ["a parameter", PATHS, "h /users/7 GET", "* /users/:id"],
  ["a parameter is never empty", PATHS, "h /users/ GET", "404"],
  ["a parameter is one segment", PATHS, "h /users/7/8 GET", "404"],
  ["a trailing slash is another path", PATHS, "h /task/ GET", "404"],
  ["a trailing slash that the pattern has", PATHS, "h /a/b/ GET", "* /a/b/"],
  ["and the same without it", PATHS, "h /a/b GET", "404"],
  ["the first segment that differs decides", PATHS, "h /a/b/c GET", "* /a/:x/c"],
  ["a wildcard's own start", PATHS, "h /files GET", "* /files/*"],
  ["a wildcard and nothing", PATHS, "h /files/ GET", "* /files/*"],
  ["a wildcard of many segments", PATHS, "h /files/a//b/c GET", "* /files/*"],
  ["a wildcard needs its slash", PATHS, "h /filesystem GET", "404"],
  ["two slashes are not one", PATHS, "h //task GET", "404"],
  ["upper case is another path", PATHS, "h /TASK GET", "404"],
  ["an encoded letter is another path", PATHS, "h /%74ask GET", "404"],
  ["an encoded slash is no slash", PATHS, "h /users/a%2Fb GET", "* /users/:id"],
  ["a dot segment names nothing", PATHS, "h /files/../task GET", "404"],
  ["nor does one in disguise", PATHS, "h /files/%2e%2E/task GET", "404"],
  ["nor one at the end", PATHS, "h /files/. GET", "404"],
  ["three dots are a name", PATHS, "h /files/... GET", "* /files/*"],
  ["half an encoding", PATHS, "h /files/%2 GET", "404"],
  ["a backslash", PATHS, "h /files\\a GET", "404"],
  ["a fragment", PATHS, "h /task#x GET", "404"],
  ["asterisk-form", PATHS, "h * OPTIONS", "404"],
  ["absolute form is the listener's to take apart", PATHS, "h http://h/task GET", "404"],
  ["an empty path", PATHS, "h  GET", "404"],
  ["the pattern's own words are no way in", PATHS, "h /files2/* GET", "404"],
  ["a parameter's word as a value", PATHS, "h /users/:id GET", "* /users/:id"],
  ["a name of Object.prototype", PATHS, "h /__proto__ GET", "404"],
  ["a method of the route", METHODS, "h /m PUT", "* /m POST,PUT"],
  ["no route has the method", METHODS, "h /m DELETE", "405 GET, HEAD, POST, PUT"],
  ["methods are case-sensitive", METHODS, "h /m get", "405 GET, HEAD, POST, PUT"],
  ["GET answers HEAD", METHODS, "h /m HEAD", "* /m GET"],
  ["unless HEAD has a route", METHODS, "h /head HEAD", "* /head HEAD"],
  ["OPTIONS is a method like others", METHODS, "h /head OPTIONS", "405 GET, HEAD"],
  ["a less specific path that has the method", METHODS, "h /fall GET", "* /fall/* GET"],
  ["a less specific path, none has the method", METHODS, "h /fall PUT", "405 GET, HEAD, POST"],
  ["a less specific host that has the method", FALL, "a.com /x GET", "* /* GET"],
  ["a suffix host that has the method", FALL, "a.com /x PUT", "*.com /:y PUT"],
  ["405 over all hosts that match", FALL, "a.com /x DELETE", "405 GET, HEAD, POST, PUT"],
];

for (const [name, lines, request, expected] of TABLE) {
  test(`router: ${name}`, () => {
    const [host, path = "", method = ""] = request.split(" ");
    const forwards = createRouter(routes(...lines)).match(host, path, method);
    const backwards = createRouter(routes(...lines).toReversed()).match(host, path, method);
    assert.equal(text(forwards), expected);
    assert.deepEqual(backwards, forwards, "the order of the files must not matter");
  });
}

test("router: parameters by the names of the route that was found", () => {
  const router = createRouter(routes("* /:a/x/:b GET", "* /:c/x/:d POST", "* /:constructor/y/*"));
  const params = (path: string, method: string) => {
    const result = router.match("h", path, method);
    return result.kind === "found" ? { ...result.params } : result.kind;
  };
  assert.deepEqual(params("/1/x/2%20", "GET"), { a: "1", b: "2%20" });
  assert.deepEqual(params("/1/x/2", "POST"), { c: "1", d: "2" });
  assert.deepEqual(params("/7/y/1/2", "PUT"), { ["constructor"]: "7" });
});

test("router: a pattern that config would refuse throws", () => {
  assert.throws(() => createRouter(routes("* task")), TypeError);
  assert.throws(() => createRouter(routes("EXAMPLE.com /")), TypeError);
});

test("router: no host at all", () => {
  assert.equal(text(createRouter(routes("* /")).match(undefined, "/", "GET")), "* /");
  assert.equal(text(createRouter(routes("a.com /")).match(undefined, "/", "GET")), "404");
});

/** The naive reference: every route is judged by itself, then the best of those that answer is searched. */
function reference(
  entries: readonly RouterEntry<string>[],
  authority: string,
  path: string,
  method: string,
): RouterResult<string> {
  const host = requestHost(authority);
  const segments = path.slice(1).split("/");
  if (segments.some((segment) => segment === "." || segment === "..")) return { kind: "not-found" };
  const key = (entry: RouterEntry<string>): string | undefined => {
    const { match } = entry;
    let hostKey: string;
    if (match.host === "*") hostKey = "z";
    else if (match.host.startsWith("*.")) {
      if (!host.endsWith(match.host.slice(1)) || host.length === match.host.length - 1) return undefined;
      hostKey = `y${String(999 - match.host.length)}`;
    } else {
      if (match.host !== host) return undefined;
      hostKey = "a";
    }
    let pathKey = "";
    const wanted = match.path.slice(1).split("/");
    for (const [index, part] of wanted.entries()) {
      if (part === "*") return `${hostKey} ${pathKey}3`;
      const segment = segments[index];
      if (segment === undefined) return undefined;
      if (part.startsWith(":")) {
        if (segment === "") return undefined;
        pathKey += "2";
      } else {
        if (segment !== part) return undefined;
        pathKey += "1";
      }
    }
    return wanted.length === segments.length ? `${hostKey} ${pathKey}0` : undefined;
  };
  const matching = entries.flatMap((entry) => {
    const sortKey = key(entry);
    return sortKey === undefined ? [] : [{ entry, sortKey }];
  });
  const best = (wanted: string) =>
    matching.filter(({ entry }) => entry.match.methods === undefined || entry.match.methods.includes(wanted))
      .sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1))[0];
  let chosen = best(method);
  if (method === "HEAD") {
    const implied = best("GET");
    if (chosen === undefined || (implied !== undefined && implied.sortKey < chosen.sortKey)) chosen = implied;
  }
  if (chosen !== undefined) return { kind: "found", target: chosen.entry.target, params: {} };
  if (matching.length === 0) return { kind: "not-found" };
  const order = ["GET", "HEAD", "POST", "DELETE"];
  const allow = new Set(matching.flatMap(({ entry }) => entry.match.methods ?? []));
  if (allow.has("GET")) allow.add("HEAD");
  return { kind: "method-not-allowed", allow: order.filter((name) => allow.has(name)) };
}

const WORDS = ["a", "b", "@0", "x:y", "__proto__", "toString", "1", "."];
const hostPattern = fc.constantFrom("*", "*.com", "*.a.com", "a.com", "b.a.com");
const pathPattern = fc.tuple(
  fc.array(fc.constantFrom(...WORDS.filter((word) => word !== "."), ":"), { maxLength: 4 }),
  fc.constantFrom("", "/*", "/"),
).map(([parts, end]) => {
  const path = parts.map((part, index) => (part === ":" ? `/:n${index}` : `/${part}`)).join("") + end;
  return path === "" || path === "//" ? "/" : path;
});
const someMethods = fc.option(fc.uniqueArray(fc.constantFrom("GET", "HEAD", "POST"), { minLength: 1 }), {
  nil: undefined,
});
const match = fc.record({ host: hostPattern, path: pathPattern, methods: someMethods });
const requestPath = fc.array(fc.constantFrom(...WORDS, "", "*", ":n0", ":", "{a}", "c"), { minLength: 1, maxLength: 6 })
  .map((parts) => `/${parts.join("/")}`);

test("router: answers as the naive reference does", () => {
  fc.assert(
    fc.property(
      fc.array(match, { maxLength: 12 }),
      fc.array(
        fc.tuple(
          fc.constantFrom("", "com", "a.com", "b.a.com:80", "c.b.a.com", "B.COM", "d"),
          requestPath,
          fc.constantFrom("GET", "HEAD", "POST", "DELETE"),
        ),
        { minLength: 1, maxLength: 20 },
      ),
      (matches, requests) => {
        const all = matches.map((each, index) => ({ match: each, target: `${index}` }));
        const tied = new Set(findTies(all).map((tie) => tie.second));
        const entries = all.filter((entry) => !tied.has(entry));
        const router = createRouter(entries);
        for (const [host, path, method] of requests) {
          assert.equal(text(router.match(host, path, method)), text(reference(entries, host, path, method)));
        }
      },
    ),
    { numRuns: 400 },
  );
});

test("createRouter: what it remembers of one request is never another one's answer", () => {
  const router = createRouter([
    { match: { host: "a.example", path: "/x/:id", methods: ["GET"] }, target: "one" },
    { match: { host: "*", path: "/x/:id", methods: undefined }, target: "any" },
  ]);
  const rows = [
    ["a.example", "/x/1", "GET", "one", "1"],
    ["a.example", "/x/2", "GET", "one", "2"],
    ["a.example", "/x/1", "PUT", "any", "1"],
    ["b.example", "/x/1", "GET", "any", "1"],
    ["undefined", "/x/1", "GET", "any", "1"],
    [undefined, "/x/1", "GET", "any", "1"],
    ["a.exampleGET", "/x/1", "", "any", "1"],
  ] as const;
  for (let round = 0; round < 2; round++) {
    for (const [host, path, method, target, id] of rows) {
      const found = router.match(host, path, method);
      assert.deepEqual(found.kind === "found" && { target: found.target, id: found.params["id"] }, { target, id });
    }
    // More than it remembers.
    for (let other = 0; other < 3_000; other++) router.match("a.example", `/y/${other}`, "GET");
  }
});
