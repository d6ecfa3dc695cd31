/** What can be told of a component without running it. */
import { createHash } from "node:crypto";
import { compileComponent, type CompiledComponent } from "../component/engine.ts";
import { funcText } from "../component/type_text.ts";
import type { ComponentExport, ComponentImport, FuncType } from "../component/types.ts";
import { SUSPENDING } from "../host/suspending.ts";
import { INCOMING_HANDLER } from "../instance/handler.ts";
import { COMMAND_RUN } from "../workload/service_run.ts";
import { missingImports, roleFault } from "./component_role.ts";

/** What a component can be here: a route's, a service (or a command for `run`), both, or neither. */
export type ComponentRole = "component" | "service";

/** What a policy decides about: derived from imports, so it says what a guest might ask for, not that it does. */
export type PolicyNeed = "http" | "tcp" | "udp" | "names" | "files";

/** A function of an interface, with its type close to WIT. */
export interface FunctionFacts {
  readonly name: string;
  readonly type: string;
}

/** An import or export of the root. */
export interface ExternFacts {
  /** As written: `wasi:http/types@0.2.9`. */
  readonly name: string;
  readonly kind: "interface" | "func" | "resource" | "type";
  /** Of an interface; one of its own name for a func. */
  readonly functions: readonly FunctionFacts[];
}

/** All of it. */
export interface ComponentFacts {
  readonly bytes: number;
  /** Of the file, in hex. */
  readonly sha256: string;
  readonly roles: readonly ComponentRole[];
  /** What all memories of an instance have from the start. */
  readonly memoryBytesMin: number;
  readonly imports: readonly ExternFacts[];
  readonly exports: readonly ExternFacts[];
  readonly needs: readonly PolicyNeed[];
  /** Why this gateway cannot run it, as the middle of a sentence. */
  readonly fault: string | undefined;
}

const PAGE_BYTES = 65_536;

/** Interfaces whose import means the need. Of the socket interfaces only the one that makes a socket counts: types alone reach nothing. */
const NEED_OF_INTERFACE: ReadonlyMap<string, PolicyNeed> = new Map([
  ["wasi:http/outgoing-handler", "http"],
  ["wasi:sockets/tcp-create-socket", "tcp"],
  ["wasi:sockets/udp-create-socket", "udp"],
  ["wasi:sockets/ip-name-lookup", "names"],
  ["wasi:filesystem/preopens", "files"],
]);

/**
 * Reads a component; nothing of it runs.
 *
 * @throws {ComponentError} when it is none, or needs what the engine does not have
 */
export async function componentFacts(bytes: Uint8Array): Promise<ComponentFacts> {
  return factsOf(bytes, await compileComponent(bytes, { suspending: SUSPENDING }));
}

/** The same of a component that is compiled already. */
export function factsOf(bytes: Uint8Array, component: CompiledComponent): ComponentFacts {
  const imports = component.imports.map(importFacts);
  return {
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    roles: [
      ...(roleFault(component, INCOMING_HANDLER) === undefined ? ["component" as const] : []),
      ...(roleFault(component, COMMAND_RUN) === undefined ? ["service" as const] : []),
    ],
    memoryBytesMin: component.memoryPagesMin * PAGE_BYTES,
    imports,
    exports: [...component.exports].map(([name, what]) => exportFacts(name, what)),
    needs: needsOf(imports),
    fault: missingImports(component),
  };
}

/** Each once, in the order of the table above. */
function needsOf(imports: readonly ExternFacts[]): readonly PolicyNeed[] {
  const names = new Set(
    imports.filter(({ functions }) => functions.length > 0).map(({ name }) => name.split("@", 1)[0]),
  );
  return [...NEED_OF_INTERFACE].filter(([name]) => names.has(name)).map(([, need]) => need);
}

function importFacts(imported: ComponentImport): ExternFacts {
  switch (imported.kind) {
    case "instance": {
      const functions = imported.functions.map(({ name, type }) => functionFacts(name, type));
      return { name: imported.name, kind: "interface", functions };
    }
    case "func":
      return { name: imported.name, kind: "func", functions: [functionFacts(imported.name, imported.type)] };
    case "resource":
      return { name: imported.name, kind: "resource", functions: [] };
  }
}

function exportFacts(name: string, what: ComponentExport): ExternFacts {
  switch (what.kind) {
    case "func":
      return { name, kind: "func", functions: [functionFacts(name, what.func.type)] };
    case "type":
      return { name, kind: "type", functions: [] };
    case "instance": {
      const functions = [...what.exports].flatMap(([inner, item]) =>
        item.kind === "func" ? [functionFacts(inner, item.func.type)] : []
      );
      return { name, kind: "interface", functions };
    }
  }
}

function functionFacts(name: string, type: FuncType): FunctionFacts {
  return { name, type: funcText(type) };
}
