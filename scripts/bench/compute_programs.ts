/** Builds the programs of `compute/`, with the toolchains of the test guests. Plain core modules: what is measured is code. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clangFolder } from "../guest_build/c.ts";
import { llvmLibraries, RUST_TARGET, rustFolder } from "../guest_build/rust_toolchain.ts";
import { CACHE, compile, exists, hashOf } from "../guest_build/toolchain.ts";

const FOLDER = "scripts/bench/compute";

/** What each export is called with, so that it takes some milliseconds. */
export const COMPUTE_SIZES: Readonly<Record<string, number>> = {
  sha256: 2_000_000,
  nbody: 60_000,
  spectral_norm: 300,
  quicksort_indirect: 150_000,
  mandelbrot: 160,
  base64: 3_000_000,
  lz: 1_500_000,
  json: 1_500_000,
  interpreter: 300_000,
  matrix: 200,
  sort_unstable: 400_000,
  sort_strings: 20_000,
  hash_map: 400_000,
  btree_map: 200_000,
  format_numbers: 20_000,
  text_words: 600_000,
};

/** The same, of programs that are nothing but what instrumentation is bad at, or does nothing to. */
export const EXTREME_SIZES: Readonly<Record<string, number>> = {
  fib: 29,
  sieve: 1_000_000,
  insertion_sort: 5_000,
  xorshift: 8_000_000,
};

/** Gives the paths of the built modules; they are kept until a source changes. */
export async function buildComputePrograms(): Promise<readonly string[]> {
  const folder = join(CACHE, "bench/compute");
  await mkdir(folder, { recursive: true });
  const modules = [join(folder, "c.wasm"), join(folder, "rust.wasm")];
  const key = await hashOf([], [FOLDER, "scripts/bench/compute_programs.ts"]);
  const stamp = join(folder, "stamp");
  if (await exists(stamp) && (await readFile(stamp, "utf8")) === key) return modules;
  const [llvm, clang] = [await rustFolder(), await clangFolder()];
  const env = { LD_LIBRARY_PATH: `${llvmLibraries(llvm)}:${join(clang, "usr/lib/x86_64-linux-gnu")}` };
  const linker = join(llvm, "usr/lib/llvm/bin/wasm-ld");
  const object = join(folder, "c.o");
  const flags = ["--target=wasm32", "-O2", "-nostdlib", "-Wall", "-Werror"];
  await compile(join(clang, "usr/lib/llvm/bin/clang"), [...flags, "-c", `${FOLDER}/programs.c`, "-o", object], { env });
  await compile(linker, ["--no-entry", "--strip-all", object, "-o", join(folder, "c.wasm")], { env });
  const rustFlags = ["--edition", "2024", "--crate-type", "cdylib", "-C", "opt-level=3", "-C", "panic=abort"];
  await compile(join(llvm, "usr/bin/rustc"), [
    ...rustFlags,
    "-C",
    "strip=symbols",
    "--target",
    RUST_TARGET,
    "-C",
    `linker=${linker}`,
    `${FOLDER}/programs.rs`,
    "-o",
    join(folder, "rust.wasm"),
  ], { env });
  await writeFile(stamp, key);
  return modules;
}
