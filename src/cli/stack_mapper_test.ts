import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { mapFileOf } from "../build/guest_map.ts";
import type { GatewayEvent } from "../telemetry/events.ts";
import { isSdkFrame, stackMapper } from "./stack_mapper.ts";

/** Leads the first place of a bundle to the first of `source`. */
const mapTo = (source: string): string =>
  JSON.stringify({ version: 3, sources: [`file:///${source}`], names: [], mappings: "AAAA" });

const LINE = {
  kind: "guest-output",
  guest: { workload: "shop", role: "service" },
  stream: "stderr",
  line: "    at run (loopgate-guest.js:1:1)",
} as const;
const STARTING = { kind: "service-state", workload: "shop", state: "starting" } as const;

interface Mapped {
  /** Of the service that is served. */
  state: string;
  readonly tell: (event: GatewayEvent) => GatewayEvent;
  readonly lineOf: () => string;
}

async function withMapper(
  check: (
    at: Mapped,
    build: (source: string) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "loopgate-mapper-"));
  try {
    const component = join(folder, "service.wasm");
    const build = (source: string): Promise<void> => writeFile(mapFileOf(component), mapTo(source));
    await build("first.ts");
    const at: Mapped = {
      state: "ready",
      tell: stackMapper({
        served: () => [{ name: "shop", service: { component }, routes: [] }],
        stateOf: () => at.state,
        reads: "early",
        shown: (text) => text.replaceAll("../shop/", ""),
      }),
      lineOf: (): string => {
        const event = at.tell(LINE);
        return event.kind === "guest-output" ? event.line : "";
      },
    };
    await check(at, build);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("stackMapper: a version that does not come to serve has its own map, and the one before has its own again", () =>
  withMapper(async (at, build) => {
    assert.match(at.lineOf(), /first\.ts:1:1/);
    await build("second.ts");
    assert.match(at.lineOf(), /first\.ts:1:1/, "a build is no version yet");
    at.tell(STARTING);
    assert.match(at.lineOf(), /second\.ts:1:1/);
    at.tell({ kind: "reload", workload: "shop", outcome: "kept", detail: "it returned an error" });
    assert.match(at.lineOf(), /first\.ts:1:1/);
    at.state = "starting";
    at.tell(STARTING);
    assert.match(at.lineOf(), /first\.ts:1:1/, "the one that is served is started again");
    at.state = "ready";
    at.tell(STARTING);
    at.tell({ kind: "reload", workload: "shop", outcome: "replaced" });
    assert.match(at.lineOf(), /second\.ts:1:1/);
  }));

test("stackMapper: what a reload says has paths as they are from here", () =>
  withMapper((at) => {
    const event = {
      kind: "reload",
      workload: "shop",
      outcome: "kept",
      detail: "../shop/a.route.jsonc:1:1: no",
    } as const;
    assert.deepEqual(at.tell(event), { ...event, detail: "a.route.jsonc:1:1: no" });
    return Promise.resolve();
  }));

const FRAMES: readonly (readonly [line: string, isSdk: boolean])[] = [
  ["    at #answer (loopgate:guest/http_handler.ts:108:73)", true],
  ["    at loopgate:guest/http_handler.ts:108:73", true],
  ["    at fetch (shop/src/api.ts:8:5)", false],
  ["Uncaught Error: at loopgate:guest/x.ts:1:1", false],
  ["    at fetch (shop/loopgate:guest/api.ts:8:5)", false],
];

for (const [line, isSdk] of FRAMES) {
  test(`isSdkFrame: ${line.trim()}`, () => {
    const guest = { workload: "shop", route: "api", role: "component" } as const;
    assert.equal(isSdkFrame({ kind: "guest-output", guest, stream: "stderr", line }), isSdk);
  });
}
