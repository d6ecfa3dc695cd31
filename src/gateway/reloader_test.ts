import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../test/support/fake_clock.ts";
import { componentBytes, memoryFiles } from "../../test/support/gateway_harness.ts";
import { ComponentCache } from "../component/cache.ts";
import type { FileReader } from "../config/file_reader.ts";
import { SUSPENDING } from "../host/suspending.ts";
import { openGuestTools } from "../instance/guest_tools.ts";
import { TlsTrust } from "../network/tls_trust.ts";
import { RouterTable } from "../router/router_table.ts";
import { DenialCounts } from "../telemetry/denial_counts.ts";
import type { GatewayEvent } from "../telemetry/events.ts";
import { LimitCounts } from "../telemetry/limit_counts.ts";
import { StandingFaults } from "../telemetry/standing_faults.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import type { RouteTarget } from "../workload/held_route.ts";
import { SHARED } from "./folder_watch.ts";
import { readFolder } from "./read_folder.ts";
import { Reloader } from "./reloader.ts";
import { WorkloadSet } from "./workload_set.ts";

const probe = await componentBytes("probe");
const cache = new ComponentCache({ suspending: SUSPENDING });

function routeOf(path: string): unknown {
  return { match: { path }, component: "probe.wasm" };
}

/** Files that a test changes, and a reloader of them without a watch. */
class Bench {
  readonly clock = new FakeClock();
  readonly content: Record<string, unknown>;
  readonly told: string[] = [];
  readonly router = new RouterTable<RouteTarget>();
  readonly workloads: WorkloadSet;
  readonly reloader: Reloader;
  readonly counters: LiveCounters;

  private constructor(
    parts: Pick<Bench, "content" | "counters"> & {
      readonly files: FileReader;
      readonly first: Awaited<ReturnType<typeof readFolder>>;
    },
  ) {
    const { content, counters, files, first } = parts;
    this.content = content;
    this.counters = counters;
    const emit = (event: GatewayEvent): void => {
      if (event.kind === "reload") this.told.push(`${event.outcome} ${event.workload ?? "all"}`);
      if (event.kind === "fault") throw event.error;
    };
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length);
    const { clock, router } = this;
    this.workloads = new WorkloadSet({
      router,
      tools: openGuestTools({ clock, counters, emit, randomBytes, onLimit: () => {} }),
      counts: { denials: new DenialCounts(), limits: new LimitCounts() },
      egress: { dial: () => assert.fail("nobody dials") },
      limits: undefined,
      drainMs: 1_000,
      openEgressTools: () => ({
        tools: {
          own: () => ({ listeners: [], interfaces: [], nat64: [] }),
          resolver: { lookup: () => assert.fail("nobody looks up") },
          trust: new TlsTrust(undefined),
          cdnId: "test",
        },
        close: () => {},
      }),
      operator: first.operator.gateway,
    });
    this.workloads.open(first);
    this.workloads.start();
    this.reloader = new Reloader({
      onOperator: () => {},
      faults: new StandingFaults(() => 0),
      reading: { folder: "w", files, cache },
      first,
      workloads: this.workloads,
      clock,
      emit,
    });
  }

  static async open(): Promise<Bench> {
    const content: Record<string, unknown> = {
      "one/a.route.jsonc": routeOf("/one"),
      "one/probe.wasm": probe,
      "two/a.route.jsonc": routeOf("/two"),
      "two/probe.wasm": probe,
    };
    const now = (): FileReader => memoryFiles(content);
    const files: FileReader = {
      list: (folder) => {
        if (content[folder] === "gone") return Promise.reject(Object.assign(new Error("no"), { code: "EIO" }));
        return now().list(folder);
      },
      read: (file, bytesMax) => now().read(file, bytesMax),
      inspect: (path) => now().inspect(path),
      variable: (name) => now().variable(name),
    };
    const first = await readFolder({ folder: "w", files, cache });
    return new Bench({ content, counters: new LiveCounters(), files, first });
  }

  /** What answers a path. */
  answers(path: string): string {
    const found = this.router.match("example.com", path, "GET");
    return found.kind === "found" ? found.target.workload : found.kind;
  }

  /** Marks parts as the watch does, and moves time on until they are read. */
  async changed(...parts: readonly string[]): Promise<void> {
    const state = { isRead: false };
    const reading = this.reloader.changed(new Set(parts)).then(() => void (state.isRead = true));
    while (!state.isRead) {
      await settle();
      if (!state.isRead && this.clock.timersArmed > 0) await this.clock.advanceMs(100);
    }
    await reading;
    await settle();
  }

  async close(): Promise<void> {
    await Promise.all([this.reloader.close(), this.workloads.close()]);
    assert.equal(this.counters.get("workloads"), 0);
    assert.equal(this.clock.timersArmed, 0);
  }
}

test("Reloader: what the watch finds broken is read again, and told when it stays so", async () => {
  const bench = await Bench.open();
  bench.content["one/a.route.jsonc"] = "{";
  const changing = bench.reloader.changed(new Set(["one"]));
  await untilArmed(bench.clock);
  assert.deepEqual(bench.told, []);
  await bench.clock.advanceMs(100);
  await changing;
  assert.deepEqual(bench.told, ["kept one"]);
  assert.equal(bench.answers("/one"), "one");
  await bench.changed("one");
  assert.deepEqual(bench.told, ["kept one"], "and not again");
  await bench.close();
});

test("Reloader: what is whole a moment later was never broken", async () => {
  const bench = await Bench.open();
  bench.content["one/a.route.jsonc"] = "{";
  const changing = bench.reloader.changed(new Set(["one"]));
  await untilArmed(bench.clock);
  bench.content["one/a.route.jsonc"] = routeOf("/other");
  await bench.clock.advanceMs(100);
  await changing;
  await settle();
  assert.deepEqual(bench.told, ["replaced one"]);
  assert.deepEqual([bench.answers("/one"), bench.answers("/other")], ["not-found", "one"]);
  await bench.close();
});

test("Reloader: a workload that is gone for a moment is not removed", async () => {
  const bench = await Bench.open();
  const file = bench.content["one/a.route.jsonc"];
  delete bench.content["one/a.route.jsonc"];
  const changing = bench.reloader.changed(new Set([SHARED, "one"]));
  await untilArmed(bench.clock);
  bench.content["one/a.route.jsonc"] = file;
  await bench.clock.advanceMs(100);
  await changing;
  assert.deepEqual([bench.told, bench.answers("/one")], [[], "one"]);
  await bench.close();
});

test("Reloader: a folder that cannot be read removes nothing", async () => {
  const bench = await Bench.open();
  bench.content["w"] = "gone";
  await bench.changed(SHARED);
  assert.deepEqual(bench.told, ["kept all"]);
  assert.deepEqual([bench.answers("/one"), bench.answers("/two")], ["one", "two"]);
  delete bench.content["w"];
  await bench.changed(SHARED, "one", "two");
  assert.deepEqual(bench.told, ["kept all", "unchanged all"], "and it comes back as it was");
  await bench.close();
});

test("Reloader: a route may move from one workload to another in one change", async () => {
  for (const [from, to] of [["one", "two"], ["two", "one"]] as const) {
    const bench = await Bench.open();
    bench.content[`${to}/b.route.jsonc`] = routeOf(`/${from}`);
    bench.content[`${from}/a.route.jsonc`] = routeOf("/elsewhere");
    await bench.changed("one", "two");
    assert.deepEqual(bench.told.toSorted(), ["replaced one", "replaced two"]);
    assert.deepEqual([bench.answers(`/${from}`), bench.answers("/elsewhere")], [to, from]);
    await bench.close();
  }
});

test("Reloader: of two workloads that want a route, the one that has it keeps it until it lets go", async () => {
  const bench = await Bench.open();
  bench.content["one/b.route.jsonc"] = routeOf("/two");
  await bench.changed("one");
  assert.deepEqual([bench.told, bench.answers("/two")], [["kept one"], "two"]);
  bench.content["two/a.route.jsonc"] = routeOf("/free");
  await bench.changed("two");
  assert.deepEqual(bench.told.toSorted(), ["kept one", "replaced one", "replaced two"]);
  assert.equal(bench.answers("/two"), "one");
  await bench.close();
});

test("Reloader: changes that come while others are read are read after them", async () => {
  const bench = await Bench.open();
  bench.content["one/a.route.jsonc"] = routeOf("/first");
  const first = bench.reloader.changed(new Set(["one"]));
  bench.content["one/a.route.jsonc"] = routeOf("/second");
  const second = bench.reloader.reload();
  await first;
  await second;
  assert.equal(bench.answers("/second"), "one");
  assert.equal(bench.answers("/first"), "not-found");
  await bench.close();
});

test("Reloader: a change of the operator's file replaces more workloads than are replaced at a time", async () => {
  const bench = await Bench.open();
  const names = Array.from({ length: 40 }, (_, index) => `more${index}`);
  for (const name of names) {
    bench.content[`${name}/a.route.jsonc`] = routeOf(`/${name}`);
    bench.content[`${name}/probe.wasm`] = probe;
  }
  await bench.reloader.reload();
  assert.equal(bench.told.filter((line) => line.startsWith("added")).length, names.length);
  bench.content["gateway.jsonc"] = { net: ["192.0.2.1:80"] };
  const outcomes = await bench.reloader.reload();
  assert.equal(bench.told.filter((line) => line === "replaced all").length, 1);
  assert.deepEqual(outcomes.map(({ outcome }) => outcome), Array.from({ length: 43 }, () => "replaced"));
  assert.deepEqual(names.map((name) => bench.answers(`/${name}`)), names);
  await settle();
  assert.equal(bench.counters.get("workloads"), 42);
  await bench.close();
});

test("Reloader.close: in the middle of a wait, at once", async () => {
  const bench = await Bench.open();
  bench.content["one/a.route.jsonc"] = "{";
  const changing = bench.reloader.changed(new Set(["one"]));
  await untilArmed(bench.clock);
  await bench.close();
  await changing;
  assert.deepEqual(bench.told, []);
});

async function untilArmed(clock: FakeClock): Promise<void> {
  while (clock.timersArmed === 0) await settle();
}
