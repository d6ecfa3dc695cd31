/**
 * Rust's `std::net`, which WASI has from 0.2 on. It needs the target wasm32-wasip2 with its own libc, as rustup installs it;
 * no package registry has it, so where rustup did not put it there the guest is skipped.
 */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, compile, exists, need, type Toolchain, ToolchainMissing } from "./toolchain.ts";

const FOLDER = "test/guests/rust_std_net";
const TARGET = "wasm32-wasip2";

/** The test guest of `test/guests/rust_std_net`. */
export const rustStdNet: Toolchain = {
  name: "rust_std_net",
  guests: ["rust_std_net"],
  sources: [FOLDER, "scripts/guest_build/rust_std_net.ts"],
  async prepare() {
    const libraries = await need("rustc", ["--print", "target-libdir", "--target", TARGET]);
    if (await exists(libraries.trim())) return;
    throw new ToolchainMissing(`rustc has no target ${TARGET}; with rustup: rustup target add ${TARGET}`);
  },
  async build(guestsFolder) {
    const target = join(CACHE, "rust_std_net");
    const manifest = join(FOLDER, "Cargo.toml");
    const options = ["--release", "--target", TARGET, "--manifest-path", manifest, "--target-dir", target];
    await compile("cargo", ["build", "-q", ...options]);
    await copyFile(join(target, TARGET, "release/rust_std_net.wasm"), join(guestsFolder, "rust_std_net.wasm"));
  },
};
