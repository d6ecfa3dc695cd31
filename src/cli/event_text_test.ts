import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayEvent } from "../telemetry/events.ts";
import { levelOf } from "../telemetry/log_level.ts";
import { coloursFor } from "./colours.ts";
import { eventJson, eventText, millisecondsText } from "./event_text.ts";

const SERVICE = { workload: "shop", role: "service" } as const;
const COMPONENT = { workload: "shop", route: "task", role: "component" } as const;
const ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const REQUEST = {
  kind: "request",
  requestId: ID,
  method: "GET",
  path: "/",
  status: 200,
  requestBytes: 24,
  responseBytes: 1_572_864,
  durationMs: 1,
} as const;
const COMMAND = { workload: "x.wasm", role: "command" } as const;

const PRETTY: readonly (readonly [event: GatewayEvent, line: string])[] = [
  [
    { ...REQUEST, method: "POST", path: "/task", durationMs: 1.26, workload: "shop", route: "task", cpuMs: 0.31 },
    "POST /task 200 1.3 ms (guest 0.3 ms), 24 B in, 1.5 MiB out  shop/task 4bf92f35",
  ],
  [
    { ...REQUEST, path: "/?token=s3cret", status: 404, durationMs: 123.4, cause: "no route", code: "LG7002" },
    "GET /?... 404 123 ms, 24 B in, 1.5 MiB out 4bf92f35  (no route) [LG7002]",
  ],
  [
    { ...REQUEST, method: "", path: "", status: 400, durationMs: 0, responseBytes: 0, cause: "half a head" },
    "- - 400 0.0 ms, 24 B in, 0 B out 4bf92f35  (half a head)",
  ],
  [
    { ...REQUEST, path: "/\u001b[2J\n", status: 500, durationMs: 12_345, requestBytes: 2 ** 50, workload: "shop" },
    "error  GET /\\u{1b}[2J\\n 500 12.3 s, 1024 TiB in, 1.5 MiB out  shop 4bf92f35",
  ],
  [{ kind: "guest-output", guest: SERVICE, stream: "stdout", line: "listening" }, "shop service out | listening"],
  [
    { kind: "guest-output", guest: COMPONENT, requestId: ID, stream: "stderr", line: "\u001b]0;x\u0007\u202e" },
    "shop/task 4bf92f35 err | \\u{1b}]0;x\\u{7}\\u{202e}",
  ],
  [
    { kind: "guest-ended", guest: SERVICE, outcome: "trapped", detail: "unreachable\r\nfake line" },
    "error  shop service trapped: unreachable\\r\\nfake line [LG8001]",
  ],
  [{ kind: "guest-ended", guest: COMMAND, outcome: "completed", detail: "" }, "x.wasm command completed"],
  [
    {
      kind: "left-out",
      workload: "shop",
      fault: {
        code: "LG1104",
        file: "w/shop/a.route.jsonc",
        line: 3,
        column: 5,
        message: "Cannot use it\u001b[2J",
        fix: 'write "/"',
        source: "    no",
      },
    },
    [
      "error  shop left out",
      "    error[LG1104]: Cannot use it\\u{1b}[2J",
      "      --> w/shop/a.route.jsonc:3:5",
      "      |",
      "    3 |     no",
      "      |     ^",
      '      = fix: write "/"',
    ].join("\n"),
  ],
  [{ kind: "reload", outcome: "kept", file: "stray.jsonc", detail: "no" }, "error  stray.jsonc kept: no [LG8004]"],
  [{ kind: "service-state", workload: "shop", state: "ready" }, "shop service ready"],
  [
    { kind: "service-state", workload: "shop", state: "restarting", detail: "it trapped; the next start is in 100 ms" },
    "warn   shop service restarting: it trapped; the next start is in 100 ms",
  ],
  [
    {
      kind: "denied",
      guest: COMPONENT,
      operation: "tcp-connect",
      target: "10.0.0.1:80",
      rule:
        'nothing in "net" of w/shop/workload.jsonc allows it; to allow: add "tcp://10.0.0.1:80" to "net" in w/a.jsonc',
    },
    'warn   shop/task denied tcp-connect 10.0.0.1:80: nothing in "net" of w/shop/workload.jsonc allows it; to allow: add ' +
    '"tcp://10.0.0.1:80" to "net" in w/a.jsonc [LG3101]',
  ],
  [
    {
      kind: "denied",
      guest: SERVICE,
      operation: "resolve-addresses",
      target: "a\u001b",
      rule: '"dns" is off',
      count: 3,
    },
    'warn   shop service denied resolve-addresses a\\u{1b} (3 times): "dns" is off [LG3101]',
  ],
  [
    { kind: "denied", guest: SERVICE, operation: "tcp-connect", target: "[ff02::1]:1", rule: "never \n", count: 1 },
    "warn   shop service denied tcp-connect [ff02::1]:1: never \\n [LG3101]",
  ],
  [
    { kind: "denied", guest: COMMAND, operation: "tcp-connect", target: "10.0.0.1:80", rule: "r; to allow: add x" },
    "warn   x.wasm command denied tcp-connect 10.0.0.1:80: r; `loopgate run` has no setting that allows it [LG3101]",
  ],
  [
    { kind: "traces", endpoint: "http://127.0.0.1:4318/v1/traces", state: "failing", detail: "refused\n" },
    "warn   traces not exported to http://127.0.0.1:4318/v1/traces: refused\\n [LG9002]",
  ],
  [
    { kind: "traces", endpoint: "http://127.0.0.1:4318/v1/traces", state: "exported", count: 7 },
    "traces exported again; 7 spans were dropped meanwhile",
  ],
  [
    { kind: "certificate", name: "certs/chain.pem", detail: "expired at 2026-01-02T03:04:05.000Z" },
    "warn   certificate certs/chain.pem expired at 2026-01-02T03:04:05.000Z [LG1504]",
  ],
  [
    { kind: "refused", guest: SERVICE, target: "tcp://127.0.0.1:7778", detail: "nothing listens there" },
    "warn   shop service refused tcp://127.0.0.1:7778: nothing listens there",
  ],
  [{ kind: "fault", where: "listener", error: "text" }, "error  fault in listener: text\n    [LG9001]"],
  [
    { kind: "limited", limit: "connections", detail: "closed at accept, 5 are open", count: 7 },
    "warn   listener limited connections (7 times): closed at accept, 5 are open [LG7110]",
  ],
  [
    { kind: "limited", guest: SERVICE, limit: "memory", detail: "it asked for more", setBy: "service.limits.memory" },
    "warn   shop service limited memory: it asked for more; service.limits.memory [LG7101]",
  ],
];

for (const [event, line] of PRETTY) {
  test(`eventText: ${line}`, () => {
    assert.equal(eventText(event, { time: "12:00:01", colours: coloursFor(false) }), `12:00:01  ${line}`);
    const coloured = eventText(event, { time: "12:00:01", colours: coloursFor(true) });
    assert.equal(coloured.replace(/\u001b\[\d+m/g, ""), `12:00:01  ${line}`, "colours change nothing else");
  });
  test(`eventJson: ${line}`, () => {
    const json = eventJson(event, "2026-01-02T03:04:05.678Z");
    assert.ok(/^[^\0-\x1f\x7f-\x9f\u2028-\u202e]*$/.test(json));
    const read = JSON.parse(json) as Record<string, unknown>;
    assert.equal(read["time"], "2026-01-02T03:04:05.678Z");
    assert.equal(read["event"], event.kind);
    assert.equal(read["level"], levelOf(event));
    if ("requestId" in event) assert.equal(read["requestId"], event.requestId, "the id itself is whole");
    assert.equal(read["code"], /\[(LG\d{4})\](?:$|: )/.exec(line)?.[1]);
    assert.ok(!json.includes("s3cret"));
    if (event.kind === "guest-output") assert.equal(read["line"], event.line, "the text itself is whole");
  });
}

test("eventText: a fault has its stack, line by line and escaped", () => {
  const error = new Error("it broke \u001b[2J");
  const text = eventText({ kind: "fault", where: "app", error }, { time: "", colours: coloursFor(false) });
  assert.ok(text.includes("it broke \\u{1b}[2J\n    "));
  assert.ok(!text.includes("\u001b"));
  const json = JSON.parse(eventJson({ kind: "fault", where: "app", error }, "")) as { error: { message: string } };
  assert.equal(json.error.message, "Error: it broke \u001b[2J");
});

test("millisecondsText is what JSON has", () => {
  const others = [
    0,
    -0,
    1,
    0.5,
    1.05,
    1e-3,
    999.999,
    999_999.999,
    1e6,
    1e6 + 0.001,
    1e21,
    0.0005,
    0.1 + 0.2,
    -1.5,
    1 / 3,
  ];
  const whole = Array.from({ length: 20_000 }, (_, us) => us / 1_000);
  const seconds = Array.from({ length: 20_000 }, (_, at) => (at * 49_999 + at % 997) / 1_000);
  for (const ms of [...others, ...whole, ...seconds, NaN, Infinity]) {
    assert.equal(millisecondsText(ms), JSON.stringify(ms));
  }
});
