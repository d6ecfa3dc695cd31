/** Two ways to run the same component with the same host: the engine, and jco's generated glue. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { compileComponent } from "../../src/component/engine.ts";
import type { HostImports } from "../../src/component/host_imports.ts";
import { SUSPENDING } from "../../src/host/suspending.ts";
import { ROOT } from "../tools.ts";

/** A lifted function, in either glue. */
type Lifted = (...args: readonly unknown[]) => unknown;

/** One instance, whichever glue made it. */
export interface BenchInstance {
  call(interfaceName: string, functionName: string, args: readonly unknown[]): Promise<unknown>;
  dispose(): void;
}

/** Makes instances of one component. */
export interface BenchComponent {
  instantiate(imports: HostImports): Promise<BenchInstance>;
}

export type GlueName = "engine" | "jco";

/** Compiles a component file for `glue`; not part of what is measured. */
export async function openComponent(file: string, glue: GlueName): Promise<BenchComponent> {
  const bytes = readFileSync(file);
  return glue === "engine" ? await openWithEngine(bytes) : await openWithJco(bytes);
}

async function openWithEngine(bytes: Uint8Array): Promise<BenchComponent> {
  const component = await compileComponent(bytes, { suspending: SUSPENDING });
  return {
    async instantiate(imports) {
      const instance = await component.instantiate(imports);
      return {
        async call(interfaceName, functionName, args) {
          const lifted = instance.findInterface(interfaceName)?.[functionName];
          if (typeof lifted !== "function") throw new TypeError(`no export ${interfaceName}#${functionName}`);
          return await (lifted as Lifted)(...args);
        },
        dispose: () => instance.dispose(),
      };
    },
  };
}

interface JcoModule {
  instantiate(
    getCoreModule: (path: string) => Promise<WebAssembly.Module>,
    imports: HostImports,
  ): Promise<Readonly<Record<string, Readonly<Record<string, Lifted>>>>>;
}

async function openWithJco(bytes: Uint8Array): Promise<BenchComponent> {
  const folder = join(ROOT, ".cache/bench", createHash("sha256").update(bytes).digest("hex").slice(0, 16));
  const entry = join(folder, "component.js");
  if (!existsSync(entry)) await transpileInto(folder, bytes);
  const glue = (await import(pathToFileURL(entry).href)) as JcoModule;
  const modules = new Map<string, Promise<WebAssembly.Module>>();
  const getCoreModule = (path: string): Promise<WebAssembly.Module> => {
    const known = modules.get(path) ?? WebAssembly.compile(readFileSync(join(folder, path)));
    modules.set(path, known);
    return known;
  };
  return {
    async instantiate(imports) {
      const exports = await glue.instantiate(getCoreModule, imports);
      return {
        async call(interfaceName, functionName, args) {
          const key = Object.keys(exports).find((name) => name.replace(/@.*$/, "") === interfaceName);
          const lifted = exports[key ?? ""]?.[functionName];
          if (lifted === undefined) throw new TypeError(`no export ${interfaceName}#${functionName}`);
          return await lifted(...args);
        },
        // jco's glue has no end of an instance; it is left to the collector.
        dispose: () => {},
      };
    },
  };
}

async function transpileInto(folder: string, bytes: Uint8Array): Promise<void> {
  const { files } = await transpileBytes(bytes, {
    name: "component",
    instantiation: "async",
    asyncMode: "jspi",
    asyncImports: [...SUSPENDING],
    asyncExports: ["wasi:http/incoming-handler#handle", "wasi:cli/run#run"],
    wasiShim: false,
    namespacedExports: true,
    emitTypescriptDeclarations: false,
  });
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
