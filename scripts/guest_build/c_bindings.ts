/** A handler in C: wit-bindgen from crates.io writes the bindings, and the clang of `c.ts` compiles both. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { guestWorld, WASI_VERSION, writeWit } from "../../src/build/wit.ts";
import { ROOT } from "../tools.ts";
import { clangFolder } from "./c.ts";
import { llvmLibraries, rustFolder } from "./rust_toolchain.ts";
import { adapt, CACHE, compile, exists, need, once, type Toolchain, ToolchainMissing } from "./toolchain.ts";

const SOURCE = "test/guests/c/handler.c";
/** As docs/languages.md has it. */
const VERSION = "0.63.0";

/** The test guest of `test/guests/c` that speaks wasi:http. */
export const cBindings: Toolchain = {
  name: "c_bindings",
  guests: ["c_handler"],
  sources: [SOURCE, "scripts/guest_build/c_bindings.ts", "scripts/guest_build/c.ts", "src/build/wit"],
  async prepare() {
    await clangDriver();
    await installed();
  },
  async build(guestsFolder) {
    const { file, flags, env } = await clangDriver();
    const scratch = await mkdtemp(join(tmpdir(), "loopgate-guest-"));
    try {
      const wit = await writeWit(join(scratch, "wit"), guestWorld([`include wasi:http/proxy@${WASI_VERSION}`]));
      await compile(await installed(), ["c", "--world", "guest", "--out-dir", scratch, wit]);
      const module = join(scratch, "handler.core.wasm");
      await compile(file, [
        ...flags,
        "-Os",
        "-Wall",
        "-Werror",
        "-mexec-model=reactor",
        `-I${scratch}`,
        join(ROOT, SOURCE),
        ...["guest.c", "guest_component_type.o"].map((name) => join(scratch, name)),
        "-o",
        module,
      ], { env });
      await writeFile(join(guestsFolder, "c_handler.wasm"), await adapt(await readFile(module), "reactor"));
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

/** The program, built once. That takes minutes, more than all other toolchains together, so it has to be asked for. */
async function installed(): Promise<string> {
  const folder = join(CACHE, "toolchains", `wit-bindgen-${VERSION}`);
  if (!await exists(folder) && process.env["LOOPGATE_WIT_BINDGEN"] !== "build") {
    throw new ToolchainMissing("LOOPGATE_WIT_BINDGEN=build makes its wit-bindgen, in minutes");
  }
  await once("wit-bindgen", VERSION, async (root) => {
    const features = ["--no-default-features", "--features", "c"];
    await need("cargo", ["install", "--quiet", "wit-bindgen-cli", "--version", VERSION, ...features, "--root", root]);
  });
  return join(folder, "bin/wit-bindgen");
}

/** clang with the flags by which it finds what is unpacked: it compiles and links as an installed one does. */
async function clangDriver(): Promise<{
  readonly file: string;
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}> {
  const [llvm, clang] = [await rustFolder(), await clangFolder()];
  return {
    file: join(clang, "usr/lib/llvm/bin/clang"),
    flags: [
      // Debian's wasi-libc has folders of this name of the target, which clang calls deprecated.
      "--target=wasm32-wasi",
      "-Wno-deprecated",
      `--sysroot=${join(llvm, "usr")}`,
      "-resource-dir",
      await resourceFolder(join(clang, "usr/lib/llvm/lib/clang")),
      `-fuse-ld=${join(llvm, "usr/lib/llvm/bin/wasm-ld")}`,
    ],
    env: { LD_LIBRARY_PATH: `${llvmLibraries(llvm)}:${join(clang, "usr/lib/x86_64-linux-gnu")}` },
  };
}

/** The one with builtins for wasm32. */
async function resourceFolder(versions: string): Promise<string> {
  for (const version of await readdir(versions)) {
    if (await exists(join(versions, version, "lib/wasi"))) return join(versions, version);
  }
  throw new ToolchainMissing("clang brings no builtins for wasm32");
}
