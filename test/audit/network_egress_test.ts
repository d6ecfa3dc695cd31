/** Lines of network.md that only a whole gateway proves: real guests, a wildcard listener, a ceiling, aliases, denials. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildWorkloads } from "../../scripts/build_workloads.ts";
import { parseIpAddress } from "../../src/base/ip_address.ts";
import { memoryFiles } from "../support/gateway_harness.ts";
import { startTravels, type Step, type Travels } from "../support/traveller.ts";

const GUESTS = fileURLToPath(new URL("../guests/quickjs", import.meta.url));
const DENIED = "at once: HTTP-request-denied";
const CEILING = {
  net: { allow: ["*", "169.254.169.254", "udp://192.0.2.0/24:53"], deny: ["10.9.0.0/16", "*.evil.test"] },
  dns: ["*.test"],
};

let travels: Travels;

/** Under a ceiling; the gateway listens on every interface of the machine. */
before(async () => {
  await buildWorkloads(GUESTS);
  const traveller = await readFile(`${GUESTS}/traveller/dist/traveller.wasm`);
  const workload = (name: string, values: unknown) => ({
    [`${name}/workload.jsonc`]: values,
    [`${name}/traveller.wasm`]: traveller,
    [`${name}/main.route.jsonc`]: { match: { path: `/${name}` }, component: "traveller.wasm" },
  });
  const files = memoryFiles({
    "gateway.jsonc": CEILING,
    ...workload("all", { net: ["*", "169.254.169.254:80", "udp://192.0.2.53:53"], dns: ["*.test"] }),
    ...workload("default", { dns: ["*.test"] }),
    ...workload("public", { net: ["public"] }),
    ...workload("narrow", { net: { allow: ["*"], deny: ["10.0.0.0/9", "shut.test"] }, dns: ["a.test", "*.deep.test"] }),
    "narrow/sub.route.jsonc": {
      match: { path: "/narrow-sub" },
      component: "traveller.wasm",
      net: { allow: ["http://10.200.0.1", "http://10.1.0.1"], deny: ["203.0.113.1"] },
      dns: false,
    },
    ...workload("off", { net: false, dns: ["*.test"] }),
  });
  travels = await startTravels({}, { files, listen: { host: "0.0.0.0", port: 0 } });
});

after(async () => {
  await travels.close();
});

function assertSilent(): void {
  assert.deepEqual(travels.outside.dialled.splice(0), []);
  assert.equal(travels.dns.contacts, 0);
}

/** The machine's own addresses outside the loopback, in parts for a guest. */
function ownIpv4(): { readonly text: string; readonly parts: readonly number[] }[] {
  return Object.values(networkInterfaces()).flat().flatMap((one) => {
    const address = one === undefined || one.internal ? undefined : parseIpAddress(one.address.split("%")[0] ?? "");
    return one !== undefined && address?.family === "ipv4" ? [{ text: one.address, parts: [...address.bytes] }] : [];
  });
}

test("never: the gateway's own listener on every interface; other ports of the machine are private", async () => {
  const { port } = travels.gateway.address;
  for (const { text, parts } of ownIpv4()) {
    for (const where of ["all", "default", "public"]) {
      assert.deepEqual(
        await travels.go(where, [
          { do: "http", authority: `${text}:${port}` },
          { do: "tcp", address: parts, port },
          { do: "http", authority: `[::ffff:${text}]:${port}` },
        ]),
        [DENIED, "access-denied", DENIED],
      );
    }
    assertSilent();
    const other = port === 65_535 ? 1 : port + 1;
    const steps: Step[] = [{ do: "http", authority: `${text}:${other}` }, { do: "tcp", address: parts, port: other }];
    assert.deepEqual(await travels.go("public", steps), [DENIED, "access-denied"]);
    assertSilent();
    assert.deepEqual(await travels.go("default", steps), [{ status: 200, body: "seen /" }, "connected"]);
    assert.equal(travels.outside.dialled.splice(0).length, 2);
  }
});

test("the ceiling: its deny list holds, link-local needs both, and so do udp and dns", async () => {
  travels.dns.forgetQuestions();
  assert.deepEqual(
    await travels.go("all", [
      { do: "http", authority: "10.9.0.1" },
      { do: "tcp", address: [10, 9, 0, 1], port: 80 },
      { do: "http", authority: "x.evil.test" },
      { do: "udp", address: [192, 0, 2, 54], port: 53 },
      { do: "resolve", name: "other.example" },
    ]),
    [DENIED, "access-denied", DENIED, "access-denied", "permanent-resolver-failure"],
  );
  assertSilent();
  const open: Step[] = [
    { do: "http", authority: "169.254.169.254" },
    { do: "udp", address: [192, 0, 2, 53], port: 53 },
  ];
  assert.deepEqual(await travels.go("all", open), [{ status: 200, body: "seen /" }, "sent"]);
  assert.deepEqual(travels.outside.dialled.splice(0), ["http 169.254.169.254:80", "udp 192.0.2.53:53"]);
  assert.deepEqual(await travels.go("default", open), [DENIED, "access-denied"]);
  assertSilent();
});

test("the route's allow list replaces the workload's, deny lists add up, and its dns is its own", async () => {
  assert.deepEqual(
    await travels.go("narrow-sub", [
      { do: "http", authority: "10.200.0.1" },
      { do: "http", authority: "10.1.0.1" },
      { do: "http", authority: "203.0.113.1" },
      { do: "http", authority: "203.0.113.2" },
      { do: "resolve", name: "a.test" },
    ]),
    [{ status: 200, body: "seen /" }, DENIED, DENIED, DENIED, "permanent-resolver-failure"],
  );
  assert.deepEqual(travels.outside.dialled.splice(0), ["http 10.200.0.1:80"]);
});

test("CNAMEs are followed, not judged; the question is the absolute name in ASCII, once", async () => {
  travels.dns.forgetQuestions();
  travels.dns.script("a.test", { aliases: ["shut.test", "k.evil.test"], addresses: ["203.0.113.9", "10.0.0.9"] });
  const told = await travels.go("narrow", [
    { do: "resolve", name: "A.TEST." },
    { do: "resolve", name: "\uff41.test" },
    { do: "resolve", name: "deep.test" },
    { do: "http", authority: "shut.test" },
    { do: "http", authority: "A.test.", path: "/alias" },
  ]);
  assert.deepEqual(told, [
    ["203.0.113.9"],
    ["203.0.113.9"],
    "permanent-resolver-failure",
    DENIED,
    { status: 200, body: "seen /alias" },
  ]);
  assert.deepEqual([...new Set(travels.dns.questions.map(({ name }) => name))], ["a.test"]);
  assert.equal(travels.dns.questions.length, 6);
  assert.deepEqual(travels.outside.dialled.splice(0), ["http 203.0.113.9:80"]);
  assert.equal(travels.outside.requests.at(-1)?.host, "a.test");
  travels.dns.forgetQuestions();
});

test("a scheme-less rule for an allow list is not for udp, and datagrams never go to groups", async () => {
  const groups: Step[] = [[224, 0, 0, 1], [239, 255, 255, 250], [255, 255, 255, 255], [203, 0, 113, 1]].map((
    address,
  ) => ({
    do: "udp",
    address,
    port: 53,
  }));
  assert.deepEqual(await travels.go("all", groups), groups.map(() => "access-denied"));
  assert.deepEqual(await travels.go("all", [{ do: "udp", address: [0, 0, 0, 0], port: 53 }]), ["invalid-argument"]);
  assertSilent();
});

test('a denial by "net": false has the line that ends it, on every surface', async () => {
  const since = travels.events.length;
  await travels.go("off", [
    { do: "http", authority: "localhost" },
    { do: "http", authority: "203.0.113.1" },
    { do: "tcp", address: [127, 0, 0, 1], port: 1 },
    { do: "udp", address: [127, 0, 0, 1], port: 1 },
    { do: "resolve", name: "a.test" },
    { do: "resolve", name: "localhost" },
  ]);
  const denials = travels.events.slice(since).filter((event) => event.kind === "denied");
  assert.equal(denials.length, 6);
  for (const { operation, target, rule } of denials) {
    assert.match(
      rule,
      /^"net": false of w\/off\/workload\.jsonc; to allow: write "net": \[.*\] in w\/off/,
      `${operation} ${target}: ${rule}`,
    );
  }
  assertSilent();
});

test("answers that are all removed: the denial says by what, and the line to change", async () => {
  travels.dns.script("b.deep.test", { addresses: ["10.9.0.1"] });
  travels.dns.script("c.deep.test", { addresses: ["169.254.169.254"] });
  const since = travels.events.length;
  const steps: Step[] = ["b.deep.test", "c.deep.test"].map((name) => ({ do: "resolve", name }));
  assert.deepEqual(await travels.go("narrow", steps), ["name-unresolvable", "name-unresolvable"]);
  const [denied, closed] = travels.events.slice(since).filter((event) => event.kind === "denied");
  assert.match(denied?.rule ?? "", /10\.9\.0\.1: "10\..*to allow: remove "10\./);
  assert.match(closed?.rule ?? "", /169\.254\.169\.254: .*to allow: add "169\.254\.169\.254" to "net\.allow"/);
});
