/** Go for wasip1: a command, which every Go since 1.21 can build, and a handler, for 1.24 and later. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, compile, need, type Toolchain } from "./toolchain.ts";

const FOLDER = "test/guests/go";
const GUESTS = [
  { name: "go_cli", place: ".", flags: [] },
  { name: "go_handler", place: "./handler", flags: ["-buildmode=c-shared"] },
] as const;

/** The test guests of `test/guests/go`. */
export const go: Toolchain = {
  name: "go",
  guests: GUESTS.map(({ name }) => name),
  sources: [FOLDER, "scripts/guest_build/go.ts", "src/build/adapt.ts", "src/build/embed_world.ts", "src/build/wit"],
  async prepare() {
    await need("go", ["version"]);
  },
  async build(guestsFolder) {
    // Loaded here, for what it needs may not be installed when this file is read.
    const { adaptModule } = await import("../../src/build/adapt.ts");
    const env = { GOOS: "wasip1", GOARCH: "wasm", GOTOOLCHAIN: "local", GOCACHE: join(CACHE, "go-build") };
    const overlay = await memoryOverlay();
    for (const { name, place, flags } of GUESTS) {
      const module = join(CACHE, `${name}.core.wasm`);
      const words = ["-C", FOLDER, "-trimpath", "-ldflags=-s -w", ...flags, "-overlay", overlay, "-o", module, place];
      await compile("go", ["build", ...words], { env });
      await writeFile(join(guestsFolder, `${name}.wasm`), (await adaptModule(module)).component);
    }
  },
};

/**
 * Go takes all memory behind the first for its own, and the adapter of WASI 0.1 has a part of it: past 14 MB one writes over
 * the other. With this Go asks the adapter for something first, which then takes its memory, and begins behind that.
 */
async function memoryOverlay(): Promise<string> {
  const original = join((await need("go", ["env", "GOROOT"])).trim(), "src/runtime/os_wasm.go");
  const changed = (await readFile(original, "utf8")).replace(
    /^\tblocMax = .*$/m,
    "\tnanotime1()\n\tbloc = uintptr(currentMemory()) * physPageSize\n\tblocMax = bloc",
  );
  const [file, overlay] = [join(CACHE, "go_os_wasm.txt"), join(CACHE, "go_overlay.json")];
  await writeFile(file, changed);
  await writeFile(overlay, JSON.stringify({ Replace: { [original]: file } }));
  return overlay;
}
