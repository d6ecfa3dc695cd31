/** JavaScript on StarlingMonkey (the engine of `jco componentize`): large, but with fetch events, URL and web streams. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../tools.ts";
import { type Toolchain } from "./toolchain.ts";
import { BUILD_VERSION, GUEST_VERSION } from "../../src/build/guest_engines.ts";
import { guestWorld, witText } from "../../src/build/wit.ts";

const SOURCE = "test/guests/starling/handler.js";

/** The test guest of `test/guests/starling`. */
export const starling: Toolchain = {
  name: "starling",
  guests: ["starling_handler"],
  sources: [SOURCE, "scripts/guest_build/starling.ts", "src/build/guest_engines.ts", "src/build/wit.ts"],
  prepare: () => Promise.resolve(),
  async build(guestsFolder) {
    const { componentize } = await import("@bytecodealliance/componentize-js");
    // `witWorld` is the text itself; the tool's types know only the path of a folder.
    const options = { sourcePath: join(ROOT, SOURCE), witWorld: await wit(), worldName: "guest" };
    const { component } = await componentize(options);
    await writeFile(join(guestsFolder, "starling_handler.wasm"), component);
  },
};

/** The engine has sockets of its own, of which other texts hide a part: these are no others than those, but of another version. */
function wit(): Promise<string> {
  const world = guestWorld([`include wasi:http/proxy@${GUEST_VERSION}`]);
  return witText(world, (name) => name === "sockets" ? BUILD_VERSION : GUEST_VERSION);
}
