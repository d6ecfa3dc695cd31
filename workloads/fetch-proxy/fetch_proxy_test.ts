/** Run with `node --test` or `deno test`, after a build: nothing is opened on the machine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { http, type HttpScript, testWorkload } from "loopgate/testing";

const FOLDER = new URL("./", import.meta.url);

test("fetch-proxy: an answer comes back as it is, and cookies do not go there", async () => {
  const upstream: HttpScript = ({ method, url, headers }) =>
    new Response(`${method} ${url} ${headers.get("cookie")}`, { status: 203, headers: { "x-mark": "here" } });
  await using workload = await testWorkload(FOLDER, { http: { "https://example.com/*": upstream } });
  const response = await workload.fetch("/proxy/a/b?c", { headers: { cookie: "secret" } });
  assert.deepEqual(
    [response.status, response.headers.get("x-mark"), await response.text()],
    [203, "here", "GET https://example.com/a/b?c null"],
  );
});

const OUTAGES: readonly { readonly name: string; readonly upstream: HttpScript; readonly told: string }[] = [
  { name: "a name that is not there", upstream: http.fails("DNS-error"), told: "DNS-error" },
  { name: "a refusal", upstream: http.fails("connection-refused"), told: "connection-refused" },
  {
    name: "a certificate of somebody else",
    upstream: http.fails("TLS-certificate-error"),
    told: "TLS-certificate-error",
  },
  { name: "an alert", upstream: http.fails("TLS-alert-received"), told: "TLS-alert-received" },
];

for (const { name, upstream, told } of OUTAGES) {
  test(`fetch-proxy: ${name} is a 502, and the log says why`, async () => {
    await using workload = await testWorkload(FOLDER, { http: { "https://example.com/*": upstream } });
    assert.equal((await workload.fetch("/proxy/")).status, 502);
    assert.ok(workload.lines().some(({ line }) => line.includes(told)), JSON.stringify(workload.lines()));
  });
}
