/** JavaScript on StarlingMonkey (the engine of `jco componentize`): large, but with fetch events, URL and web streams. */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ROOT } from "../tools.ts";
import { type Toolchain } from "./toolchain.ts";
import { guestWorld, wasiPackages } from "../../src/build/wit.ts";

const SOURCE = "test/guests/starling/handler.js";
/** The version that the engine is built for. */
const VERSION = "0.2.10";

/** The test guest of `test/guests/starling`. */
export const starling: Toolchain = {
  name: "starling",
  guests: ["starling_handler"],
  sources: [SOURCE, "scripts/guest_build/starling.ts", "src/build/wit.ts"],
  prepare: () => Promise.resolve(),
  async build(guestsFolder) {
    const { componentize } = await import("@bytecodealliance/componentize-js");
    // `witWorld` is the text itself; the tool's types know only the path of a folder.
    const options = { sourcePath: join(ROOT, SOURCE), witWorld: await wit(), worldName: "guest" };
    const { component } = await componentize(options);
    await writeFile(join(guestsFolder, "starling_handler.wasm"), component);
  },
};

/** All packages in one text: the engine's WIT reader is a component itself and sees no folder. */
async function wit(): Promise<string> {
  const packages = new Map(await wasiPackages(VERSION));
  // The engine's own sockets have `network-error-code`, which other texts hide, and both must say the same.
  packages.set("sockets", `${await engineSockets()}\nworld imports {\n  import tcp;\n}\n`);
  const nested = [...packages.values()].map((text) => `${text.replace(/^(package [^;]+);/m, "$1 {")}\n}\n`);
  return `${guestWorld([`include wasi:http/proxy@${VERSION}`])}\n${nested.join("\n")}`;
}

/** The text that jco has of the engine's own version. */
function engineSockets(): Promise<string> {
  const jco = dirname(createRequire(import.meta.url).resolve("@bytecodealliance/jco"));
  return readFile(join(jco, "../lib/wit/builtin", VERSION, "wasi-sockets/package.wit"), "utf8");
}
