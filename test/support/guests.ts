/**
 * Components by name: the sample workloads, and the test guests of other toolchains as `npm test` or
 * `scripts/build_guests.ts` left them. A toolchain that cannot be made here has no tests; `npm test` prints which, and
 * fails in CI for those that test/skips.json does not list.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { guestPath } from "../../scripts/build_guests.ts";
import { componentBytes } from "./gateway_harness.ts";

/** The samples, on both engines, are there always; `componentBytes` builds them. */
const SAMPLES = {
  sample_service_leet: "service_leet",
  sample_http_api: "http_api",
  starling_service_leet: "starling_service_leet",
  starling_http_api: "starling_http_api",
} as const;

/** Names of test guests that other toolchains made, and of the samples. */
export function hasGuests(...names: readonly string[]): boolean {
  return names.every((name) => isSample(name) || existsSync(guestPath(name)));
}

/** The component's bytes. */
export function guestBytes(name: string): Promise<Uint8Array> {
  return isSample(name) ? componentBytes(SAMPLES[name]) : readFile(guestPath(name));
}

function isSample(name: string): name is keyof typeof SAMPLES {
  return Object.hasOwn(SAMPLES, name);
}
