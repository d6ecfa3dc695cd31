/** The Rust test guests: a crate of its own in test/guests, one binary for each guest. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RUST_TARGET, rustEnvironment, rustFolder } from "./rust_toolchain.ts";
import { adapt, CACHE, compile, need, type Toolchain } from "./toolchain.ts";
import { guestWorld, WASI_VERSION, writeWit } from "../../src/build/wit.ts";

const CRATE = "test/guests/rust";
/** Two of its binaries are made of the template's sources. */
const TEMPLATE = "templates/service-tcp-rust/src";
/** Binaries of the crate; a guest's name has `rust_` before it. */
const BINARIES = ["service_leet", "http_api", "http_probe", "std_cli", "bindgen_handler", "busy_handler"];

/** The test guests of `test/guests/rust`. */
export const rust: Toolchain = {
  name: "rust",
  guests: BINARIES.map((name) => `rust_${name}`),
  sources: [CRATE, TEMPLATE, "scripts/guest_build/rust.ts", "scripts/guest_build/rust_toolchain.ts"],
  async prepare() {
    await rustFolder();
    await need("cargo", ["fetch", "--locked", "--manifest-path", join(CRATE, "Cargo.toml")]);
  },
  async build(guestsFolder) {
    // Where test/guests/rust/src/bin/bindgen_handler.rs looks for it.
    await writeWit(join(CACHE, "guest_wit"), guestWorld([`include wasi:http/proxy@${WASI_VERSION}`]));
    const targetFolder = join(CACHE, "rust-target");
    const env = { ...rustEnvironment(await rustFolder()), CARGO_TARGET_DIR: targetFolder };
    await compile("cargo", [
      "build",
      "--quiet",
      "--locked",
      "--release",
      "--target",
      RUST_TARGET,
      "--manifest-path",
      join(CRATE, "Cargo.toml"),
    ], { env });
    for (const name of BINARIES) {
      const module = await readFile(join(targetFolder, RUST_TARGET, "release", `${name}.wasm`));
      await writeFile(join(guestsFolder, `rust_${name}.wasm`), await adapt(module, "command"));
    }
  },
};
