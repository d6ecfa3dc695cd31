/** C for wasm32-wasip1: Debian's clang of the same LLVM that the Rust toolchain unpacks, with its wasi-libc. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { llvmLibraries, rustFolder } from "./rust_toolchain.ts";
import {
  adapt,
  CACHE,
  compile,
  exists,
  hashOf,
  once,
  type Toolchain,
  ToolchainMissing,
  unpackDebian,
} from "./toolchain.ts";

const SOURCE = "test/guests/c/main.c";

/** The test guest of `test/guests/c`. */
export const c: Toolchain = {
  name: "c",
  guests: ["c_cli"],
  sources: [SOURCE, "scripts/guest_build/c.ts"],
  async prepare() {
    await clangFolder();
  },
  async build(guestsFolder) {
    const [llvm, clang] = [await rustFolder(), await clangFolder()];
    const env = { LD_LIBRARY_PATH: `${llvmLibraries(llvm)}:${join(clang, "usr/lib/x86_64-linux-gnu")}` };
    const resources = await resourceFolder(clang);
    const object = join(CACHE, "c_cli.o");
    const flags = ["--target=wasm32-wasip1", "-Os", "-Wall", "-Werror", "-resource-dir", resources];
    await compile(join(clang, "usr/lib/llvm/bin/clang"), [
      ...flags,
      "-isystem",
      join(llvm, "usr/include/wasm32-wasi"),
      "-c",
      SOURCE,
      "-o",
      object,
    ], { env });
    const libc = join(llvm, "usr/lib/wasm32-wasi");
    const module = join(CACHE, "c_cli.core.wasm");
    const builtins = join(resources, "lib/wasi/libclang_rt.builtins-wasm32.a");
    await compile(join(llvm, "usr/lib/llvm/bin/wasm-ld"), [
      "--strip-all",
      join(libc, "crt1-command.o"),
      object,
      `-L${libc}`,
      "-lc",
      builtins,
      "-o",
      module,
    ], { env });
    await writeFile(join(guestsFolder, "c_cli.wasm"), await adapt(await readFile(module), "command"));
  },
};

/** The folder of clang, unpacked on first use. */
export async function clangFolder(): Promise<string> {
  const llvm = await rustFolder();
  const version = (await readdir(join(llvm, "usr/lib"))).find((name) => /^llvm-\d+$/.test(name))?.slice("llvm-".length);
  if (version === undefined) throw new ToolchainMissing("the Rust toolchain has no LLVM");
  const key = await hashOf([version], ["scripts/guest_build/c.ts"]);
  return once("clang", key, async (folder) => {
    await unpackDebian(folder, [
      `clang-${version}`,
      `libclang-cpp${version}`,
      `libclang-common-${version}-dev`,
      `libclang-rt-${version}-dev-wasm32`,
    ]);
    await compile("ln", ["-s", `llvm-${version}`, join(folder, "usr/lib/llvm")]);
  });
}

async function resourceFolder(clang: string): Promise<string> {
  const clangs = join(clang, "usr/lib/llvm/lib/clang");
  for (const version of await readdir(clangs)) {
    if (await exists(join(clangs, version, "lib/wasi"))) return join(clangs, version);
  }
  throw new ToolchainMissing("clang brings no builtins for wasm32");
}
