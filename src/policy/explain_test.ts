import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeText, type LayerValues, NOTHING_OWN, policyOf, targetOf } from "../../test/support/policy_of.ts";
import { denialLine, explainVerdict, judgeTarget, parseExplainTarget, targetWords } from "./explain.ts";

for (
  const [text, words] of [
    ["https://api.example.com", "https://api.example.com:443"],
    ["HTTP://API.example.com.:8080/v1?x#y", "http://api.example.com:8080"],
    ["api.example.com", "https://api.example.com:443"],
    ["db:5432", "tcp://db:5432"],
    ["0x7f.1:80", "tcp://127.0.0.1:80"],
    ["udp://1.1.1.1:53", "udp://1.1.1.1:53"],
    ["[FD00::1]:80", "tcp://[fd00::1]:80"],
    ["[fd00::1]", "https://[fd00::1]:443"],
    ["tcp://db:80", "tcp://db:80"],
    ["http://db:443", "http://db:443"],
    ["", undefined],
    ["tcp://db", undefined],
    ["udp://[fd00::1]", undefined],
    ["ftp://db:21", undefined],
    ["https://u@db", undefined],
    ["https://good.com\\@evil.com", undefined],
    ["fd00::1", undefined],
    ["db:0", undefined],
    ["10.0.0.0/8:80", undefined],
    ["example.com/x", undefined],
    ["[fe80::1%eth0]:80", undefined],
  ] as const
) {
  test(`parseExplainTarget: ${JSON.stringify(text)} is ${words ?? "no target"}`, () => {
    const target = parseExplainTarget(text);
    assert.equal(target && targetWords(target), words);
    if (target !== undefined) assert.deepEqual(parseExplainTarget(targetWords(target)), target);
  });
}

const FULL: LayerValues = { net: { allow: ["https://api.example.com"], deny: ["10.0.0.0/8"] } };
for (
  const [workload, ceiling, text, rule, ...edits] of [
    [
      { net: ["https://api.example.com"] },
      undefined,
      "https://api.example.com",
      '"https://api.example.com" (net[0] of workload.jsonc)',
    ],
    [
      { net: [] },
      undefined,
      "https://x.example.com",
      'nothing in "net" of workload.jsonc admits the name',
      'add "https://x.example.com" to "net" in workload.jsonc',
    ],
    [
      { net: [] },
      undefined,
      "http://x.example.com:81",
      'nothing in "net" of workload.jsonc admits the name',
      'add "http://x.example.com:81" to "net" in workload.jsonc',
    ],
    [
      FULL,
      undefined,
      "tcp://8.8.8.8:53",
      'nothing in "net" of workload.jsonc allows 8.8.8.8:53 (public: in no special range)',
      'add "tcp://8.8.8.8:53" to "net.allow" in workload.jsonc',
    ],
    [
      FULL,
      undefined,
      "tcp://10.0.0.1:53",
      '"10.0.0.0/8" (net.deny[0] of workload.jsonc)',
      'remove "10.0.0.0/8" from "net.deny" in workload.jsonc',
    ],
    [
      {},
      undefined,
      "http://169.254.169.254",
      'nothing in the default "net" (workload.jsonc has none) allows 169.254.169.254:80 (link-local: 169.254.0.0/16, link-local)',
      'write "net": ["public", "private", "http://169.254.169.254"] in workload.jsonc',
    ],
    [
      { net: true },
      undefined,
      "udp://8.8.8.8:53",
      'nothing in "net": true of workload.jsonc allows 8.8.8.8:53 (public: in no special range)',
      'write "net": ["public", "private", "udp://8.8.8.8:53"] in workload.jsonc',
    ],
    [
      { net: { deny: ["db"] } },
      undefined,
      "udp://8.8.8.8:53",
      'nothing in "net" of workload.jsonc allows 8.8.8.8:53 (public: in no special range)',
      'write "net.allow": ["public", "private", "udp://8.8.8.8:53"] in workload.jsonc',
    ],
    [
      { net: false },
      undefined,
      "https://db",
      '"net": false of workload.jsonc',
      'write "net": ["https://db"] in workload.jsonc',
    ],
    [
      { net: [] },
      { net: ["public"] },
      "tcp://10.0.0.1:80",
      'nothing in "net" of workload.jsonc allows 10.0.0.1:80 (private: 10.0.0.0/8, private use)',
      'add "tcp://10.0.0.1:80" to "net" in workload.jsonc',
      'add "tcp://10.0.0.1:80" to "net" in gateway.jsonc',
    ],
    [
      { net: ["*"] },
      { net: ["public"] },
      "http://[64:ff9b::a00:1]",
      'nothing in "net" of gateway.jsonc allows [64:ff9b::a00:1]:80 (private: it carries 10.0.0.1: 10.0.0.0/8, private use)',
      'add "http://10.0.0.1" to "net" in gateway.jsonc',
    ],
    [{}, undefined, "tcp://8.8.8.8:53", '"public" of the default "net"'],
  ] as const
) {
  test(`explainVerdict: ${text} with ${JSON.stringify(workload)}${ceiling ? ` below ${JSON.stringify(ceiling)}` : ""}`, () => {
    const verdict = judgeText(policyOf(workload, { ceiling }), text);
    const lines = explainVerdict({ workload: "shop" }, { target: targetWords(targetOf(text)), verdict });
    assert.match(
      lines[0] ?? "",
      verdict.isAllowed ? /^allowed: .+ for the service of shop$/ : /^denied: .+ for the service of shop$/,
    );
    assert.deepEqual(lines.slice(1), [`by: ${rule}`, ...edits.map((edit) => `to allow: ${edit}`)]);
    assert.equal(denialLine(verdict), edits.length === 0 ? rule : `${rule}; to allow: ${edits.join(", and ")}`);
  });
}

test("explainVerdict: a target that nothing opens says so", () => {
  const verdict = judgeText(policyOf({ net: ["*"] }), "tcp://224.0.0.1:80");
  const lines = explainVerdict({ workload: "shop", route: "task" }, { target: "tcp://224.0.0.1:80", verdict });
  assert.deepEqual(lines, [
    "denied: tcp://224.0.0.1:80 for the component of route task of shop",
    "by: never reachable (224.0.0.0/4, multicast)",
    "to allow: nothing does",
  ]);
});

test("explainVerdict: guest text is escaped", () => {
  const verdict = judgeText(policyOf({}), "tcp://224.0.0.1:80");
  const [line] = explainVerdict({ workload: "shop" }, { target: "a\u001b[2J\nallowed: b", verdict });
  assert.equal(line, "denied: a\\u{1b}[2J\\nallowed: b for the service of shop");
});

test("judgeTarget: the private loopback is there unless there is no network", () => {
  for (const [net, isAllowed] of [[[], true], [{ deny: ["*"] }, true], [false, false]] as const) {
    for (const text of ["http://localhost:8080", "tcp://127.0.0.1:80", "tcp://[::1]:80", "http://a.localhost"]) {
      assert.equal(
        judgeTarget(targetOf(text), { policy: policyOf({ net }), own: NOTHING_OWN }).isAllowed,
        isAllowed,
        text,
      );
    }
  }
  const context = { policy: policyOf({ net: ["*"] }), own: NOTHING_OWN };
  assert.equal(judgeTarget(targetOf("http://[::ffff:127.0.0.1]"), context).isAllowed, false);
  assert.equal(judgeTarget(targetOf("https://example.com"), context).isAllowed, true);
  assert.equal(judgeTarget(targetOf("https://8.8.8.8"), context).isAllowed, true);
});
