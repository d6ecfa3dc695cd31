/** A handler in C, which names the functions of WASI itself; the clang of `c.ts` compiles it. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../tools.ts";
import { clangFolder } from "./c.ts";
import { llvmLibraries, rustFolder } from "./rust_toolchain.ts";
import { CACHE, compile, exists, type Toolchain, ToolchainMissing } from "./toolchain.ts";

const SOURCE = "test/guests/c/handler.c";

/** The test guest of `test/guests/c` that speaks wasi:http. */
export const cHandler: Toolchain = {
  name: "c_handler",
  guests: ["c_handler"],
  sources: [
    SOURCE,
    "scripts/guest_build/c_handler.ts",
    "src/build/adapt.ts",
    "src/build/embed_world.ts",
    "src/build/wit",
  ],
  async prepare() {
    await clangDriver();
  },
  async build(guestsFolder) {
    const { file, flags, env } = await clangDriver();
    const module = join(CACHE, "c_handler.core.wasm");
    const words = ["-Os", "-Wall", "-Werror", "-mexec-model=reactor", join(ROOT, SOURCE), "-o", module];
    await compile(file, [...flags, ...words], { env });
    // Loaded here, for what it needs may not be installed when this file is read.
    const { adaptModule } = await import("../../src/build/adapt.ts");
    await writeFile(join(guestsFolder, "c_handler.wasm"), (await adaptModule(module)).component);
  },
};

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
