/**
 * Builds the test guests of `test/guests` with every toolchain that can be made from package registries, into
 * `.cache/guests/<name>.wasm`. Only what has changed is built again. A toolchain that cannot be made here is
 * skipped with its reason; `test/skips.json` lists the skips that CI accepts.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { c } from "./guest_build/c.ts";
import { cHandler } from "./guest_build/c_handler.ts";
import { go } from "./guest_build/go.ts";
import { python } from "./guest_build/python.ts";
import { rust } from "./guest_build/rust.ts";
import { rustStdNet } from "./guest_build/rust_std_net.ts";
import { starling } from "./guest_build/starling.ts";
import { exists, GUESTS, hashOf, type Toolchain, ToolchainMissing } from "./guest_build/toolchain.ts";

const TOOLCHAINS: readonly Toolchain[] = [rust, rustStdNet, c, cHandler, go, python, starling];

export interface Skip {
  readonly name: string;
  readonly reason: string;
}

export interface Guests {
  /** Paths of the components by name. */
  readonly built: Readonly<Record<string, string>>;
  readonly skipped: readonly Skip[];
}

/** Where the guest `name` is, or would be had it been built. */
export function guestPath(name: string): string {
  return join(GUESTS, `${name}.wasm`);
}

/** Builds what is missing or stale; throws when a guest's source does not compile. */
export async function buildGuests(): Promise<Guests> {
  await mkdir(GUESTS, { recursive: true });
  const built: Record<string, string> = {};
  const skipped: Skip[] = [];
  for (const toolchain of TOOLCHAINS) {
    const reason = await buildWith(toolchain);
    for (const name of toolchain.guests) {
      if (reason === undefined) built[name] = guestPath(name);
      else skipped.push({ name, reason });
    }
  }
  return { built, skipped };
}

/** Why the toolchain cannot be made; undefined when its guests are there. */
async function buildWith(toolchain: Toolchain): Promise<string | undefined> {
  const stampFile = join(GUESTS, `.${toolchain.name}.stamp`);
  const stamp = await hashOf([], [...toolchain.sources, "scripts/guest_build/toolchain.ts"]);
  if (await isFresh(toolchain, stampFile, stamp)) return undefined;
  // What an older source made must not be taken for what this one would have made.
  await rm(stampFile, { force: true });
  for (const name of toolchain.guests) await rm(guestPath(name), { force: true });
  console.log(`building the test guests of ${toolchain.name} (minutes the first time, with their toolchain)`);
  const startedMs = performance.now();
  try {
    await toolchain.prepare();
  } catch (error) {
    if (error instanceof ToolchainMissing) return error.message;
    throw error;
  }
  const readyMs = performance.now();
  await toolchain.build(GUESTS);
  await writeFile(stampFile, stamp);
  const [toolSeconds, guestSeconds] = [readyMs - startedMs, performance.now() - readyMs].map((ms) =>
    (ms / 1000).toFixed(1)
  );
  console.log(`built test guests: ${toolchain.guests.join(", ")} in ${guestSeconds} s (toolchain ${toolSeconds} s)`);
  return undefined;
}

async function isFresh(toolchain: Toolchain, stampFile: string, stamp: string): Promise<boolean> {
  if (!(await exists(stampFile)) || (await readFile(stampFile, "utf8")) !== stamp) return false;
  for (const name of toolchain.guests) if (!(await exists(guestPath(name)))) return false;
  return true;
}

if (import.meta.main) {
  const { skipped } = await buildGuests();
  for (const { name, reason } of skipped) console.log(`skipped: ${name} (${reason})`);
}
