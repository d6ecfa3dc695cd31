import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../test/support/fake_clock.ts";
import type { FolderEvents, FolderProbe, PathStamp } from "./folder_probe.ts";
import { FolderWatch, SHARED } from "./folder_watch.ts";

/** Files whose stamps the test sets, and events that it sends. */
class FakeProbe implements FolderProbe {
  readonly stamps = new Map<string, PathStamp>();
  readonly watched = new Set<string>();
  isClosed = false;
  send: (path: string | undefined) => void = () => assert.fail("nobody watches");

  stamp(path: string): Promise<PathStamp | undefined> {
    return Promise.resolve(this.stamps.get(path));
  }

  open(_root: string, onEvent: (path: string | undefined) => void): FolderEvents {
    this.send = onEvent;
    return {
      watch: (folder) => {
        this.watched.add(folder);
        return Promise.resolve();
      },
      unwatch: (folder) => void this.watched.delete(folder),
      close: () => void (this.isClosed = true),
    };
  }
}

class Watched {
  readonly clock = new FakeClock();
  readonly probe = new FakeProbe();
  /** Parts of each call, in order. */
  readonly changes: string[][] = [];
  readonly watch: FolderWatch;
  /** Holds the work of a call up, when it is set. */
  work: Promise<void> = Promise.resolve();

  constructor() {
    this.watch = new FolderWatch({
      folder: "w",
      probe: this.probe,
      clock: this.clock,
      onChanged: (parts) => {
        this.changes.push([...parts].toSorted());
        return this.work;
      },
    });
  }

  static async open(): Promise<Watched> {
    const watched = new Watched();
    for (const path of ["w", "w/one", "w/one/a.route.jsonc", "w/one/dist/a.wasm"]) watched.touch(path, -10_000);
    await watched.watch.follow(SHARED, { folder: "w", files: ["w/gateway.jsonc"] });
    await watched.watch.follow("one", { folder: "w/one", files: ["w/one/a.route.jsonc", "w/one/dist/a.wasm"] });
    return watched;
  }

  touch(path: string, agoMs = 0, text = String(this.clock.wallMs())): void {
    this.probe.stamps.set(path, { text, changedMs: this.clock.wallMs() + agoMs });
  }

  async close(): Promise<void> {
    await this.watch.close();
    assert.equal(this.clock.timersArmed, 0);
    assert.ok(this.probe.isClosed);
  }
}

const EVENTS: readonly (readonly [name: string, path: string | undefined, parts: readonly string[]])[] = [
  ["of a file of a part", "one/a.route.jsonc", ["one"]],
  ["of a component", "one/dist/a.wasm", ["one"]],
  ["of a file that nobody names: whoever reads knows", "one/notes.txt", ["one"]],
  ["of a part's own name: it may have gone", "one", [SHARED, "one"]],
  ["of a new name", "two", [SHARED]],
  ["below a name that is not known yet", "two/a.route.jsonc", [SHARED]],
  ["of the operator's file", "gateway.jsonc", [SHARED]],
  ["without a path", undefined, [SHARED, "one"]],
];

for (const [name, path, parts] of EVENTS) {
  test(`FolderWatch: an event ${name}`, async () => {
    const watched = await Watched.open();
    watched.probe.send(path);
    await watched.clock.advanceMs(50);
    assert.deepEqual(watched.changes, [parts]);
    await watched.close();
  });
}

test("FolderWatch: the steps of an editor are one change, but a file that never rests does not wait for ever", async () => {
  const watched = await Watched.open();
  for (let step = 0; step < 3; step++) {
    watched.probe.send("one/a.route.jsonc");
    await watched.clock.advanceMs(2);
  }
  assert.deepEqual(watched.changes, []);
  await watched.clock.advanceMs(10);
  assert.deepEqual(watched.changes, [["one"]]);
  for (let step = 0; step < 150; step++) {
    watched.probe.send("one/a.route.jsonc");
    await watched.clock.advanceMs(2);
  }
  assert.ok(watched.changes.length >= 2, "told while it went on");
  await watched.close();
});

test("FolderWatch: what changes while a change is worked on comes after it, once", async () => {
  const watched = await Watched.open();
  const { promise, resolve } = Promise.withResolvers<void>();
  watched.work = promise;
  watched.probe.send("one/a.route.jsonc");
  await watched.clock.advanceMs(10);
  for (const path of ["one/a.route.jsonc", "gateway.jsonc", "one/a.route.jsonc"]) watched.probe.send(path);
  await watched.clock.advanceMs(500);
  assert.deepEqual(watched.changes, [["one"]]);
  watched.work = Promise.resolve();
  resolve();
  await settle();
  await watched.clock.advanceMs(50);
  assert.deepEqual(watched.changes, [["one"], [SHARED, "one"]]);
  await watched.close();
});

test("FolderWatch: without events, a look finds what was written, replaced, made and removed", async () => {
  const watched = await Watched.open();
  const find = async (change: () => void): Promise<readonly string[]> => {
    change();
    const before = watched.changes.length;
    await watched.clock.advanceMs(1_100);
    return watched.changes.slice(before).flat();
  };
  assert.deepEqual(await find(() => {}), []);
  assert.deepEqual(await find(() => watched.touch("w/one/dist/a.wasm", -5_000, "written")), ["one"]);
  assert.deepEqual(await find(() => watched.touch("w/gateway.jsonc", -5_000, "made")), [SHARED]);
  assert.deepEqual(await find(() => watched.touch("w", -5_000, "a name came")), [SHARED]);
  assert.deepEqual(await find(() => watched.probe.stamps.delete("w/one/a.route.jsonc")), ["one"]);
  assert.deepEqual(await find(() => {}), []);
  await watched.close();
});

test("FolderWatch: a stamp that is too young to be trusted is looked at once more, and only once", async () => {
  const watched = await Watched.open();
  watched.touch("w/one/a.route.jsonc", 0, "young");
  await watched.clock.advanceMs(1_100);
  assert.deepEqual(watched.changes, [["one"]]);
  await watched.clock.advanceMs(10_000);
  assert.deepEqual(watched.changes, [["one"], ["one"]]);
  await watched.close();
});

test("FolderWatch.follow: folders are watched as long as a part needs them", async () => {
  const watched = await Watched.open();
  assert.deepEqual([...watched.probe.watched].toSorted(), ["w", "w/one", "w/one/dist"]);
  await watched.watch.follow("two", { folder: "w/two", files: ["w/two/b.route.jsonc", "/etc/elsewhere.pem"] });
  await watched.watch.follow("one", { folder: "w/one", files: ["w/one/a.route.jsonc"] });
  assert.deepEqual([...watched.probe.watched].toSorted(), ["w", "w/one", "w/two"]);
  await watched.watch.follow("two", undefined);
  assert.deepEqual([...watched.probe.watched].toSorted(), ["w", "w/one"]);
  // A part that was given up is told of no more.
  watched.probe.send("two/b.route.jsonc");
  watched.touch("/etc/elsewhere.pem", -5_000, "changed");
  await watched.clock.advanceMs(1_200);
  assert.deepEqual(watched.changes, [[SHARED]]);
  await watched.close();
});

test("FolderWatch.close: nothing is told afterwards, and it waits for what runs", async () => {
  const watched = await Watched.open();
  const { promise, resolve } = Promise.withResolvers<void>();
  watched.work = promise;
  watched.probe.send("one/a.route.jsonc");
  await watched.clock.advanceMs(10);
  watched.probe.send("gateway.jsonc");
  const state = { isClosed: false };
  const closing = watched.close().then(() => void (state.isClosed = true));
  watched.probe.send("one/a.route.jsonc");
  await watched.clock.advanceMs(5_000);
  assert.equal(state.isClosed, false);
  resolve();
  await closing;
  assert.deepEqual(watched.changes, [["one"]]);
});
