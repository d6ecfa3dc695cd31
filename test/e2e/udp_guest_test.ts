/** A real guest that speaks UDP: on its private loopback, and with a server on the machine that its policy lets it reach. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildWorkloads } from "../../scripts/build_workloads.ts";
import { formatSocketAddress, LOOPBACK_V4 } from "../../src/base/ip_address.ts";
import { runCommand, type RunCommandOptions } from "../../src/gateway/run_command.ts";
import { openEgressUdp } from "../../src/network/egress_udp.ts";
import { memoryFiles } from "../support/gateway_harness.ts";
import { policyOf } from "../support/policy_of.ts";

const GUESTS = fileURLToPath(new URL("../guests/quickjs", import.meta.url));
const OUTSIDE = "192.0.2.1:53";

/** What the guest wrote to stderr; denials are among it. */
async function runDatagrams(options: Pick<RunCommandOptions, "egress" | "policy"> = {}): Promise<string[]> {
  await buildWorkloads(GUESTS);
  let printed = "";
  const exitCode = await runCommand({
    component: "w/datagrams.wasm",
    files: memoryFiles({ "datagrams.wasm": await readFile(`${GUESTS}/datagrams/dist/datagrams.wasm`) }),
    env: [["OUTSIDE", OUTSIDE]],
    args: [],
    stdout: () => assert.fail("nothing is expected"),
    stderr: (bytes) => printed += new TextDecoder().decode(bytes),
    ...options,
  });
  assert.equal(exitCode, 0, printed);
  return printed.trimEnd().split("\n");
}

const ON_LOOPBACK = [
  "server got question from 127.0.0.1, as the client's own address: true",
  "client got answer from 127.0.0.1",
  "nobody: connection-refused",
];

test("a guest speaks UDP on its private loopback and to an allowed peer outside, and to no other", async () => {
  const server = createSocket("udp4");
  server.on("message", (data, from) => server.send(`${data.toString()} yourself`, from.port, from.address));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  const lines = await runDatagrams({
    policy: policyOf({ net: [`udp://${OUTSIDE}`] }),
    egress: {
      dial: () => assert.fail("no TCP is expected"),
      // The guest says 192.0.2.1 and is let through to the test's server.
      openUdp: (options) => {
        assert.equal(formatSocketAddress(options.remote), OUTSIDE);
        return openEgressUdp({ ...options, remote: { address: LOOPBACK_V4, port } });
      },
    },
  });
  server.close();
  assert.deepEqual(lines, [
    ...ON_LOOPBACK,
    'loopgate: denied udp-send 192.0.2.99:53: nothing in "net" of workload.jsonc allows 192.0.2.99:53 ' +
    '(public: in no special range); to allow: add "udp://192.0.2.99:53" to "net" in workload.jsonc',
    "denied: access-denied",
    "outside: ok",
    "outside answered: hello yourself",
  ]);
});

test("a guest's UDP stays on its private loopback by default", async () => {
  const lines = await runDatagrams();
  assert.deepEqual(lines.filter((line) => !line.startsWith("loopgate: ")), [
    ...ON_LOOPBACK,
    "denied: access-denied",
    "outside: access-denied",
  ]);
  const denials = lines.flatMap((line) => /^loopgate: denied (.*?): /.exec(line)?.[1] ?? []);
  assert.deepEqual(denials, ["udp-send 192.0.2.99:53", `udp-send ${OUTSIDE}`]);
});
