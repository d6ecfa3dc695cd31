/**
 * The measuring half of the table "instrument", for one runtime: each program as it is, with fuel, and with fuel and
 * tracked writes. Prints JSON.
 *
 *     node scripts/bench/instrument.ts <core modules>
 *
 * V8 runs code in its quick compiler's version until that has used up a budget, so there are rounds to warm up. The three
 * variants alternate, time is the processor's, and the best round of each counts: on a machine that others use too the rest
 * is theirs.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { instrumentModule } from "../../src/component/instrument/instrument.ts";
import { FUEL_PER_TICK, IMPORT_NAMES } from "../../src/component/instrument/instrumented_module.ts";
import { COMPUTE_SIZES, EXTREME_SIZES } from "./compute_programs.ts";

const WARM_UP_ROUNDS = 6;
const ROUNDS = 40;

/** Best times in ms, and how often the fuel ran out in a run. */
export interface InstrumentTimes {
  readonly plain: number;
  readonly fuel: number;
  readonly writes: number;
  readonly ticks: number;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Variant {
  readonly exports: WebAssembly.Exports;
  ticks: number;
}

/** Instantiates with imports that do nothing, but for those that instrumentation adds. */
function instantiate(bytes: Uint8Array<ArrayBuffer>, importModule: string | null): Variant {
  const module = new WebAssembly.Module(bytes);
  const memory = (): WebAssembly.Memory => variant.exports["memory"] as WebAssembly.Memory;
  const added: Readonly<Record<string, (delta: number) => number>> = {
    [IMPORT_NAMES.tick]: () => {
      variant.ticks += 1;
      return performance.now() > 0 ? FUEL_PER_TICK : -1;
    },
    [IMPORT_NAMES.size(0)]: () => memory().buffer.byteLength / 65_536,
    [IMPORT_NAMES.grow(0)]: (delta) => memory().grow(delta),
  };
  const imports: Record<string, WebAssembly.ModuleImports> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = (from === importModule ? added[name] : undefined) ?? ((): number => 0);
  }
  const variant: Variant = { exports: new WebAssembly.Instance(module, imports).exports, ticks: 0 };
  return variant;
}

function measure(variants: readonly Variant[], name: string, size: number): InstrumentTimes {
  const best = variants.map(() => Infinity);
  const ticksBefore = variants[1]?.ticks ?? 0;
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const sums = variants.map(({ exports }, index) => {
      const run = exports[name] as (size: number) => number;
      const start = cpuMs();
      const sum = run(size);
      const time = cpuMs() - start;
      if (round >= WARM_UP_ROUNDS) best[index] = Math.min(best[index] ?? Infinity, time);
      return sum;
    });
    if (new Set(sums).size > 1) throw new Error(`${name} computes something else when it is rewritten: ${sums.join()}`);
  }
  const [plain = 0, fuel = 0, writes = 0] = best;
  const ticks = ((variants[1]?.ticks ?? 0) - ticksBefore) / (WARM_UP_ROUNDS + ROUNDS);
  return { plain, fuel, writes, ticks };
}

const times: Record<string, InstrumentTimes> = {};
for (const path of process.argv.slice(2)) {
  const bytes = await readFile(path);
  const rewritten = [false, true].map((tracksWrites) => instrumentModule(bytes, { tracksWrites }));
  const variants = [
    instantiate(bytes, null),
    ...rewritten.map((module) => instantiate(module.bytes, module.importModule)),
  ];
  for (const [name, size] of Object.entries({ ...COMPUTE_SIZES, ...EXTREME_SIZES })) {
    if (name in (variants[0]?.exports ?? {})) times[name] = measure(variants, name, size);
  }
}
console.log(JSON.stringify(times));
// Deno waits for what a module without a use may still do.
process.exit(0);
