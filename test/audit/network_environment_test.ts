/** network.md, "Egress policy": proxy variables are ignored; and no variable turns certificate checks off. */
import assert from "node:assert/strict";
import * as http from "node:http";
import { after, before, test } from "node:test";
import { startTravels, type Step, type Travels } from "../support/traveller.ts";

/** Nobody listens on port 9: who went to the proxy would fail. */
const PROXY = "http://127.0.0.1:9";
const VARIABLES: Readonly<Record<string, string>> = {
  HTTP_PROXY: PROXY,
  http_proxy: PROXY,
  HTTPS_PROXY: PROXY,
  https_proxy: PROXY,
  ALL_PROXY: PROXY,
  NO_PROXY: "127.0.0.1",
  no_proxy: "127.0.0.1",
  NODE_USE_ENV_PROXY: "1",
  NODE_TLS_REJECT_UNAUTHORIZED: "0",
};

let travels: Travels;

before(async () => {
  for (const [name, value] of Object.entries(VARIABLES)) process.env[name] = value;
  // What Node does at its start with NODE_USE_ENV_PROXY; Deno has no such function.
  if ("setGlobalProxyFromEnv" in http) http.setGlobalProxyFromEnv();
  travels = await startTravels({ all: { net: ["*"] } });
});

after(async () => {
  for (const name of Object.keys(VARIABLES)) delete process.env[name];
  await travels.close();
});

test("proxy variables are ignored, by both wires", async () => {
  travels.dns.script("good.test", { addresses: ["203.0.113.1"] });
  const plain: Step = { do: "http", authority: "good.test" };
  const told = await travels.go("all", [plain, { ...plain, method: "post", body: "x", trailers: [["x-a", "b"]] }]);
  assert.deepEqual(told, [{ status: 200, body: "seen /" }, { status: 200, body: "seen / with x" }]);
  assert.deepEqual(travels.outside.dialled.splice(0), ["http 203.0.113.1:80", "http 203.0.113.1:80"]);
});

test("a certificate of nobody's root is refused, whatever the environment says", async () => {
  travels.dns.script("good.test", { addresses: ["203.0.113.1"] });
  const told = await travels.go("all", [{ do: "http", scheme: "https", authority: "good.test" }]);
  assert.deepEqual(told, ["later: TLS-certificate-error"]);
});
