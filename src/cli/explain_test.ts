import assert from "node:assert/strict";
import { test } from "node:test";
import { type Content, memoryFiles } from "../../test/support/memory_files.ts";
import { ip } from "../../test/support/policy_of.ts";
import type { OwnAddresses } from "../policy/address_class.ts";
import { runCli } from "./cli.ts";

const SERVICE = '"service": { "component": "x.wasm" }';
const ROUTE = '"match": { "path": "/" }, "component": "x.wasm"';

/** What the command prints for the files of the folder `w`. */
async function explained(
  files: Readonly<Record<string, Content>>,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly out: string; readonly err: string; readonly exitCode: number }> {
  let [out, err] = ["", ""];
  const own: OwnAddresses = { listeners: [], interfaces: [ip("203.0.113.5")] };
  const exitCode = await runCli({
    terminal: {
      argv: ["explain", ...words, "--folder", "w"],
      variables,
      stdout: { isColoured: false, write: (text) => void (out += String(text)) },
      stderr: { isColoured: false, write: (text) => void (err += String(text)) },
      watchSignals: () => assert.fail("explain watches no signals"),
      takeFaults: () => assert.fail("not asked for"),
      onExit: () => assert.fail("explain holds nothing back"),
      exit: () => assert.fail("explain ends by itself"),
    },
    clock: {
      monotonicNs: () => 0n,
      monotonicMs: () => 0,
      wallMs: () => 0,
      startTimer: () => assert.fail("explain waits for nothing"),
    },
    files: memoryFiles(files),
    ownAddresses: (known) => ({ ...own, ...known }),
    startGateway: () => assert.fail("explain starts nothing"),
    runCommand: () => assert.fail("explain runs nothing"),
    builds: { runJob: () => assert.fail("not asked for"), runProgram: () => assert.fail("not asked for") },
    probe: { stamp: () => assert.fail("not asked for"), open: () => assert.fail("not asked for") },
    startReplica: () => assert.fail("not asked for"),
    writeFile: () => assert.fail("not asked for"),
    probePort: () => assert.fail("not asked for"),
  });
  return { out, err, exitCode };
}

const SHOP = {
  "w/shop/x.wasm": "",
  "w/shop/workload.jsonc":
    `{ ${SERVICE}, "net": ["https://api.example.com", "db.example.com:5432", "10.1.0.0/16:5432"], "dns": ["db.example.com"] }`,
  "w/shop/page.route.jsonc": `{ ${ROUTE} }`,
  "w/shop/task.route.jsonc":
    `{ "match": { "path": "/t" }, "component": "x.wasm", "net": { "deny": ["db.example.com"] } }`,
};

const CASES: readonly (readonly [
  name: string,
  files: Readonly<Record<string, Content>>,
  words: string,
  exitCode: number,
  lines: readonly string[],
])[] = [
  ["the service and each route, and 1 when one of them may not", SHOP, "shop tcp://db.example.com:5432", 1, [
    "allowed: tcp://db.example.com:5432 for the service of shop",
    '  by: "db.example.com:5432" (net[1] of w/shop/workload.jsonc)',
    '  answers: public ones pass; private ones pass where "10.1.0.0/16:5432" allows them; ' +
    "link-local ones are removed (only a rule for their addresses opens them)",
    "  lookup: resolve-addresses is allowed by dns[0] of w/shop/workload.jsonc",
    "",
    "allowed: tcp://db.example.com:5432 for the component of route page of shop",
    '  by: "db.example.com:5432" (net[1] of w/shop/workload.jsonc)',
    '  answers: public ones pass; private ones pass where "10.1.0.0/16:5432" allows them; ' +
    "link-local ones are removed (only a rule for their addresses opens them)",
    "  lookup: resolve-addresses is allowed by dns[0] of w/shop/workload.jsonc",
    "",
    "denied: tcp://db.example.com:5432 for the component of route task of shop",
    '  by: "db.example.com" (net.deny[0] of w/shop/task.route.jsonc)',
    '  to allow: remove "db.example.com" from "net.deny" in w/shop/task.route.jsonc',
    "  lookup: resolve-addresses is denied: " +
    '"db.example.com" (net.deny[0] of w/shop/task.route.jsonc); to allow: ' +
    'remove "db.example.com" from "net.deny" in w/shop/task.route.jsonc',
  ]],
  ["one route", SHOP, "shop https://api.example.com --route page", 0, [
    "allowed: https://api.example.com:443 for the component of route page of shop",
    '  by: "https://api.example.com" (net[0] of w/shop/workload.jsonc)',
    "  answers: public ones pass; " +
    "private and link-local ones are removed (only a rule for their addresses opens them)",
  ]],
  ["the line to add", SHOP, "shop https://other.example.com --route page", 1, [
    "denied: https://other.example.com:443 for the component of route page of shop",
    '  by: nothing in "net" of w/shop/workload.jsonc admits the name',
    '  to allow: add "https://other.example.com" to "net" in w/shop/workload.jsonc',
  ]],
  ["the default, in every class", { "w/a/x.wasm": "", "w/a/r.route.jsonc": `{ ${ROUTE} }` }, "a db:1", 0, [
    "allowed: tcp://db:1 for the component of route r of a",
    '  by: "public" of the default "net"',
    "  answers: public ones pass; private ones pass; link-local ones are removed (only a rule for their addresses opens them)",
    '  lookup: resolve-addresses is denied: the default "dns": false (w/a/workload.jsonc has none); to allow: ' +
    'write "dns": ["db"] in w/a/workload.jsonc',
  ]],
  [
    "the operator's ceiling",
    {
      "w/gateway.jsonc": `{ "net": { "allow": ["public"], "deny": ["192.0.2.0/24"] }, "nat64": ["2001:db8::/96"] }`,
      "w/a/x.wasm": "",
      "w/a/r.route.jsonc": `{ ${ROUTE} }`,
    },
    "a https://db.example.com",
    0,
    [
      "allowed: https://db.example.com:443 for the component of route r of a",
      '  by: "public" of the default "net"',
      "  answers: public ones pass; " +
      "private and link-local ones are removed (only a rule for their addresses opens them)",
      '  answers: what "192.0.2.0/24" denies is removed',
    ],
  ],
  [
    "a name whose rule opens public answers, below a ceiling of private ones: every answer is removed",
    {
      "w/gateway.jsonc": `{ "net": ["private", "db.example.com:5432"] }`,
      "w/a/x.wasm": "",
      "w/a/r.route.jsonc": `{ ${ROUTE}, "net": ["https://db.example.com"] }`,
    },
    "a https://db.example.com",
    1,
    [
      "denied: https://db.example.com:443 for the component of route r of a",
      '  by: "https://db.example.com" (net[0] of w/a/r.route.jsonc) admits the name, but every answer is removed: ' +
      'nothing in "net" of w/gateway.jsonc allows a public one',
      '  to allow: add "https://db.example.com" to "net" in w/gateway.jsonc',
    ],
  ],
  [
    "a name whose rule opens public answers, which are denied as a class",
    {
      "w/a/x.wasm": "",
      "w/a/r.route.jsonc": `{ ${ROUTE}, "net": { "allow": ["https://db.example.com"], "deny": ["public"] } }`,
    },
    "a https://db.example.com",
    1,
    [
      "denied: https://db.example.com:443 for the component of route r of a",
      '  by: "https://db.example.com" (net.allow[0] of w/a/r.route.jsonc) admits the name, but every answer is removed: ' +
      '"public" of w/a/r.route.jsonc denies them',
      '  to allow: remove "public" from "net.deny" in w/a/r.route.jsonc',
    ],
  ],
  [
    "an address under the operator's nat64 is the one it carries",
    { "w/gateway.jsonc": `{ "nat64": ["2001:db8::/96"] }`, "w/a/x.wasm": "", "w/a/r.route.jsonc": `{ ${ROUTE} }` },
    "a [2001:db8::a9fe:a9fe]:80",
    1,
    [
      "denied: tcp://[2001:db8::a9fe:a9fe]:80 for the component of route r of a",
      '  by: nothing in the default "net" (w/a/workload.jsonc has none) allows [2001:db8::a9fe:a9fe]:80 ' +
      "(link-local: it carries 169.254.169.254: 169.254.0.0/16, link-local)",
      '  to allow: write "net": ["public", "private", "tcp://169.254.169.254:80"] in w/a/workload.jsonc',
    ],
  ],
  [
    "this machine's own address is private",
    { "w/a/x.wasm": "", "w/a/workload.jsonc": `{ ${SERVICE}, "net": ["public"] }` },
    "a 203.0.113.5:22",
    1,
    [
      "denied: tcp://203.0.113.5:22 for the service of a",
      '  by: nothing in "net" of w/a/workload.jsonc allows 203.0.113.5:22 (private: an address of this machine)',
      '  to allow: add "tcp://203.0.113.5:22" to "net" in w/a/workload.jsonc',
    ],
  ],
  [
    "the gateway itself, where it is told where it listens",
    { "w/a/x.wasm": "", "w/a/workload.jsonc": `{ ${SERVICE} }` },
    "a 203.0.113.5:8080 --listen 0.0.0.0:8080",
    1,
    [
      "denied: tcp://203.0.113.5:8080 for the service of a",
      "  by: never reachable (the gateway itself)",
      "  to allow: nothing does",
    ],
  ],
  [
    "localhost is the private loopback",
    { "w/a/x.wasm": "", "w/a/workload.jsonc": `{ ${SERVICE}, "net": [], "dns": true }` },
    "a tcp://localhost:80",
    0,
    [
      "allowed: tcp://localhost:80 for the service of a",
      "  by: the private loopback of the workload, never the machine's",
      "  lookup: resolve-addresses answers without a packet",
    ],
  ],
];
for (const [name, files, words, exitCode, lines] of CASES) {
  test(`explain: ${name}`, async () => {
    const result = await explained(files, words.split(" "));
    assert.deepEqual(result, { out: `${lines.join("\n")}\n`, err: "", exitCode });
  });
}

const VOLUMES = {
  "w/a/x.wasm": "",
  "w/a/data/f": "",
  "w/a/workload.jsonc": `{ ${SERVICE}, "volumes": {
    "/data": { "folder": "data", "write": true }, "/data/tmp": { "memory": "1MiB" } } }`,
  "w/a/r.route.jsonc": `{ ${ROUTE}, "volumes": { "/data": { "folder": "data" } } }`,
  "w/a/s.route.jsonc": `{ "match": { "path": "/s" }, "component": "x.wasm", "volumes": {} }`,
};

for (
  const [path, exitCode, answers] of [
    ["/data/f", 1, [
      "allowed to read and write: /data/f for the service of a",
      "  by: /data (folder data, writable up to 64MiB)",
      "",
      "allowed to read: /data/f for the component of route r of a",
      "  by: /data (folder data, read only)",
      "",
      "denied: /data/f for the component of route s of a",
      "  by: it has no volumes",
      '  to allow: add a volume to "volumes" in s.route.jsonc, or in workload.jsonc where that has none (docs/volumes.md)',
    ]],
    ["/database", 1, [
      "denied: /database for the service of a",
      "  by: its volumes are /data, /data/tmp",
      '  to allow: add a volume to "volumes" of "service" in workload.jsonc, or of the workload where that has none (docs/volumes.md)',
      "",
      "denied: /database for the component of route r of a",
      "  by: its volumes are /data",
      '  to allow: add a volume to "volumes" in r.route.jsonc, or in workload.jsonc where that has none (docs/volumes.md)',
      "",
      "denied: /database for the component of route s of a",
      "  by: it has no volumes",
      '  to allow: add a volume to "volumes" in s.route.jsonc, or in workload.jsonc where that has none (docs/volumes.md)',
    ]],
    ["/data/tmp/x --route r", 0, [
      "allowed to read: /data/tmp/x for the component of route r of a",
      "  by: /data (folder data, read only)",
    ]],
    ["/database --route r", 1, [
      "denied: /database for the component of route r of a",
      "  by: its volumes are /data",
      '  to allow: add a volume to "volumes" in r.route.jsonc, or in workload.jsonc where that has none (docs/volumes.md)',
    ]],
  ] as const
) {
  test(`explain: the path ${path}`, async () => {
    const result = await explained(VOLUMES, ["a", ...path.split(" ")]);
    assert.deepEqual(result, { out: `${answers.join("\n")}\n`, err: "", exitCode });
  });
}

test("explain: of nested volumes the innermost is told", async () => {
  const { out } = await explained(VOLUMES, ["a", "/data/tmp/x/"]);
  assert.match(
    out,
    /^allowed to read and write: \/data\/tmp\/x for the service of a\n {2}by: \/data\/tmp \(memory of 1MiB\)\n/,
  );
});

const FAULTS: readonly (readonly [words: string, files: Readonly<Record<string, Content>>, message: RegExp])[] = [
  [
    "shpo a:1",
    SHOP,
    /^error\[LG4003\]: Cannot explain "shpo": "w" has no workload of that name, expected one of shop\nDid you mean: shop\n/,
  ],
  ["other a:1", SHOP, /expected one of shop\nSee: loopgate help explain\n$/],
  ["shop a:1 --route taks", SHOP, /"shop" has no route of that name, expected one of page, task\nDid you mean: task\n/],
  ["shop a:1", { ...SHOP, "w/b/r.route.jsonc": "{" }, /w\/b\/r\.route\.jsonc:1/],
  ["shop a:1", { ...SHOP, "w/gateway.jsonc": '{ "net": ["public"] }' }, /--> w\/shop\/workload\.jsonc:1:/],
  ["shop a:1", {}, /Cannot read the folder "w"/],
  ["shop ftp://a", SHOP, /it is no target/],
  ["shop /data/../x", SHOP, /it is no plain path, expected one such as "\/data\/file"/],
  ["shop /data//x", SHOP, /it is no plain path/],
];
for (const [words, files, message] of FAULTS) {
  test(`explain: refuses ${words} with ${Object.keys(files).length} files`, async () => {
    const { out, err, exitCode } = await explained(files, words.split(" "));
    assert.match(err, message);
    assert.equal(out, "");
    assert.equal(exitCode, 2);
  });
}
