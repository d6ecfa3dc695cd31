/** A component that imports every function of the WASI packages, the unstable ones included. */
import { componentEmbed, componentNew } from "@bytecodealliance/jco";
import { readFile } from "node:fs/promises";
import { compileComponent, type CompiledComponent } from "../../src/component/engine.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";

/** Later versions of 0.2 only add, so the text of the last one, under any version, holds what each of them has. */
const WIT_FOLDER = new URL("../../node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12/", import.meta.url);
const PACKAGES = ["io", "clocks", "random", "filesystem", "sockets", "cli", "http"];

const WORLD = `package test:guest;
world everything {
  include wasi:cli/imports@0.2.12;
  include wasi:http/imports@0.2.12;
}
`;

async function witSource(version: string): Promise<string> {
  let source = WORLD;
  for (const name of PACKAGES) {
    const text = await readFile(new URL(`wasi-${name}/package.wit`, WIT_FOLDER), "utf8");
    source += `${text.replace(/^package ([^;]+);/, "package $1 {")}\n}\n`;
  }
  return source.replaceAll("0.2.12", version);
}

/** jco makes it, the engine links it. */
export async function compileEverything(version: string): Promise<CompiledComponent> {
  const options = { dummy: true, witSource: await witSource(version), world: "everything" };
  const core = await componentEmbed({ ...options, features: { tag: "all" } });
  return await compileComponent(await componentNew(core, []), { suspending: SUSPENDING });
}
