/** Files of real components by name: the samples, the QuickJS test guests, and what other toolchains made. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { guestPath } from "../../scripts/build_guests.ts";
import { componentBytes, type ComponentName } from "../support/gateway_harness.ts";

/** Where `componentBytes` leaves what it builds. */
const BUILT: Readonly<Record<ComponentName, string>> = {
  probe: "test/guests/quickjs/probe/dist/probe.wasm",
  datagrams: "test/guests/quickjs/datagrams/dist/datagrams.wasm",
  greeter: "test/guests/quickjs/greeter/dist/greeter.wasm",
  traveller: "test/guests/quickjs/traveller/dist/traveller.wasm",
  web_app: "test/guests/quickjs/web/dist/web_app.wasm",
  web_checks: "test/guests/quickjs/web/dist/checks.wasm",
  echo_service: "test/guests/quickjs/web/dist/echo_service.wasm",
  starling_web_app: "test/guests/starlingmonkey/web/dist/web_app.wasm",
  starling_web_checks: "test/guests/starlingmonkey/web/dist/checks.wasm",
  starling_echo_service: "test/guests/starlingmonkey/web/dist/echo_service.wasm",
  starling_http_api: "test/guests/starlingmonkey/leet/dist/http_api.wasm",
  starling_service_leet: "test/guests/starlingmonkey/leet/dist/service_leet.wasm",
  hello: "workloads/hello/dist/hello.wasm",
  fetch_proxy: "workloads/fetch-proxy/dist/fetch_proxy.wasm",
  http_api: "workloads/service-tcp/dist/http_api.wasm",
  service_leet: "workloads/service-tcp/dist/service_leet.wasm",
};

/** False only for guests whose toolchain could not be made here; `npm test` prints those. */
export function hasComponent(name: string): boolean {
  return isBuilt(name) || existsSync(guestPath(name));
}

/** The path of a component, built first where it is missing or stale. */
export async function componentPath(name: string): Promise<string> {
  if (!isBuilt(name)) return guestPath(name);
  await componentBytes(name);
  return fileURLToPath(new URL(`../../${BUILT[name]}`, import.meta.url));
}

function isBuilt(name: string): name is ComponentName {
  return Object.hasOwn(BUILT, name);
}

/** The path of a guest of `test/guests/quickjs`; the harness builds all of them at once. */
export async function quickJsGuestPath(name: string): Promise<string> {
  await componentBytes("probe");
  return fileURLToPath(new URL(`../guests/quickjs/${name}/dist/${name}.wasm`, import.meta.url));
}
