/**
 * Rust for wasm32-wasip1 from Debian's packages. The compiler that Debian keeps for its browsers knows the target but brings
 * no std for it, so std is built once from its source (`-Zbuild-std`, which a stable compiler takes with
 * RUSTC_BOOTSTRAP) as the dependency of an empty crate, and its libraries become the target's own.
 */
import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { debianDepends, hashOf, need, once, ToolchainMissing, unpackDebian } from "./toolchain.ts";

/** What the guests are compiled for. */
export const RUST_TARGET = "wasm32-wasip1";

let toolchain: Promise<string> | undefined;

/** The toolchain's folder, made on first use. Other toolchains take LLVM and wasi-libc from it. */
export function rustFolder(): Promise<string> {
  toolchain ??= hashOf([], ["scripts/guest_build/rust_toolchain.ts"]).then((key) => once("rust", key, fill));
  return toolchain;
}

/** Libraries that its programs load. */
export function llvmLibraries(folder: string): string {
  return ["usr/lib/x86_64-linux-gnu", "usr/lib/llvm/lib"].map((path) => join(folder, path)).join(":");
}

/** What cargo needs to find it. */
export function rustEnvironment(folder: string): Readonly<Record<string, string>> {
  return {
    LD_LIBRARY_PATH: llvmLibraries(folder),
    RUSTC: join(folder, "usr/bin/rustc"),
    CARGO_TARGET_WASM32_WASIP1_LINKER: join(folder, "usr/lib/llvm/bin/wasm-ld"),
  };
}

async function fill(folder: string): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new ToolchainMissing("made of packages for Linux on x64 only");
  }
  await need("cargo", ["--version"]);
  // The compiler's library and LLVM carry their versions in their names.
  const library = (await debianDepends("libstd-rust-web-dev")).find((name) => name.startsWith("libstd-rust-web-"));
  const llvm = library === undefined
    ? undefined
    : (await debianDepends(library)).find((name) => name.startsWith("libllvm"));
  if (library === undefined || llvm === undefined) throw new ToolchainMissing("Debian has no rustc-web here");
  const version = llvm.slice("libllvm".length);
  await unpackDebian(folder, [
    "rustc-web",
    "rust-web-src",
    library,
    "libstd-rust-web-dev",
    llvm,
    `lld-${version}`,
    `liblld-${version}`,
    "wasi-libc",
  ]);
  await need("ln", ["-s", `llvm-${version}`, join(folder, "usr/lib/llvm")]);
  await buildStd(folder);
  // 400 MB that nothing reads any more.
  await rm(join(folder, "usr/src"), { recursive: true });
}

async function buildStd(folder: string): Promise<void> {
  const libraries = join(folder, "usr/lib/rustlib", RUST_TARGET, "lib");
  const selfContained = join(libraries, "self-contained");
  await mkdir(selfContained, { recursive: true });
  for (const name of ["libc.a", "crt1-command.o", "crt1-reactor.o"]) {
    await copyFile(join(folder, "usr/lib/wasm32-wasi", name), join(selfContained, name));
  }
  const seed = join(folder, "seed");
  await mkdir(join(seed, "src"), { recursive: true });
  await writeFile(join(seed, "src/lib.rs"), "#![no_std]\n");
  await writeFile(
    join(seed, "Cargo.toml"),
    '[package]\nname = "seed"\nedition = "2021"\n[profile.release]\nopt-level = "s"\n',
  );
  const target = join(seed, "target");
  const env = {
    ...rustEnvironment(folder),
    RUSTC_BOOTSTRAP: "1",
    CARGO_TARGET_DIR: target,
    // Guests may be built with link-time optimisation, which needs the bitcode of std too.
    CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS: "-Cembed-bitcode=yes",
  };
  const build = ["build", "--quiet", "--release", "--target", RUST_TARGET, "-Zbuild-std=std,panic_abort,proc_macro"];
  await need("cargo", [...build, "--manifest-path", join(seed, "Cargo.toml")], { env });
  const made = join(target, RUST_TARGET, "release/deps");
  for (const name of await readdir(made)) {
    if (name.endsWith(".rlib") && !name.startsWith("libseed")) await copyFile(join(made, name), join(libraries, name));
  }
  await rm(seed, { recursive: true });
}
