import assert from "node:assert/strict";
import { test } from "node:test";
import { Places } from "./places.ts";

test("Places: as many as there are at a time, the others in order, whatever becomes of those before them", async () => {
  const places = new Places(2);
  const log: string[] = [];
  const ends = new Map<string, { resolve(): void; reject(error: Error): void }>();
  const work = (name: string): Promise<string> =>
    places.during(() => {
      log.push(name);
      return new Promise<void>((resolve, reject) => ends.set(name, { resolve, reject }));
    }).then(() => `${name} done`, (error: Error) => error.message);
  const all = ["a", "b", "c", "d"].map(work);
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  await settle();
  assert.deepEqual(log, ["a", "b"]);
  ends.get("b")?.reject(new Error("b failed"));
  await settle();
  assert.deepEqual(log, ["a", "b", "c"]);
  ends.get("a")?.resolve();
  await settle();
  for (const name of ["c", "d"]) ends.get(name)?.resolve();
  assert.deepEqual(await Promise.all(all), ["a done", "b failed", "c done", "d done"]);
  const last = work("e");
  await settle();
  ends.get("e")?.resolve();
  assert.equal(await last, "e done", "all places are free again");
});
