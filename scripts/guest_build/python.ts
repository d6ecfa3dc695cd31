/** Python: componentize-py from PyPI. Its CPython has sockets, through wasi-libc for WASI 0.2. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../tools.ts";
import { compile, need, once, type Toolchain } from "./toolchain.ts";
import { guestWorld, WASI_VERSION, writeWit } from "../../src/build/wit.ts";

const FOLDER = "test/guests/python";
const VERSION = "0.25.1";
const MODULES = [
  { module: "command", include: "wasi:cli/command" },
  { module: "handler", include: "wasi:http/proxy" },
];

/** The test guests of `test/guests/python`. */
export const python: Toolchain = {
  name: "python",
  guests: MODULES.map(({ module }) => `python_${module}`),
  sources: [FOLDER, "scripts/guest_build/python.ts", "src/build/wit.ts"],
  async prepare() {
    await installed();
  },
  async build(guestsFolder) {
    const tools = await installed();
    const scratch = await mkdtemp(join(tmpdir(), "loopgate-guest-"));
    try {
      // A copy, because Python leaves compiled files beside the sources.
      await cp(join(ROOT, FOLDER), join(scratch, "app"), { recursive: true });
      for (const { module, include } of MODULES) {
        await writeWit(join(scratch, "wit"), guestWorld([`include ${include}@${WASI_VERSION}`]));
        const args = [
          "-q",
          "-d",
          join(scratch, "wit"),
          "-w",
          "guest",
          "componentize",
          module,
          "-p",
          join(scratch, "app"),
        ];
        const output = join(guestsFolder, `python_${module}.wasm`);
        const env = { PYTHONPATH: tools };
        await compile("python3", [join(tools, "bin/componentize-py"), ...args, "-o", output], { env });
      }
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

/** The installed package; it is not tied to where it stands. */
function installed(): Promise<string> {
  return once("python", VERSION, async (folder) => {
    await need("python3", [
      "-m",
      "pip",
      "install",
      "-q",
      "--no-deps",
      "--no-input",
      "--target",
      folder,
      `componentize-py==${VERSION}`,
    ]);
  });
}
