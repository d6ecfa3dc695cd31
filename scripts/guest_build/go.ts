/** Go for wasip1, which every Go since 1.21 can build. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { adapt, CACHE, compile, need, type Toolchain } from "./toolchain.ts";

const FOLDER = "test/guests/go";

/** The test guest of `test/guests/go`. */
export const go: Toolchain = {
  name: "go",
  guests: ["go_cli"],
  sources: [FOLDER, "scripts/guest_build/go.ts"],
  async prepare() {
    await need("go", ["version"]);
  },
  async build(guestsFolder) {
    const module = join(CACHE, "go_cli.core.wasm");
    const env = { GOOS: "wasip1", GOARCH: "wasm", GOTOOLCHAIN: "local", GOCACHE: join(CACHE, "go-build") };
    await compile("go", ["build", "-C", FOLDER, "-trimpath", "-ldflags=-s -w", "-o", module, "."], { env });
    await writeFile(join(guestsFolder, "go_cli.wasm"), await adapt(await readFile(module), "command"));
  },
};
