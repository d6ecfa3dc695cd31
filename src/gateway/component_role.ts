/** Whether a component can be what a file makes of it: it exports its role's interface, and all its imports are offered. */
import { systemClock } from "../base/clock.ts";
import type { CompiledComponent } from "../component/engine.ts";
import { ComponentError } from "../component/errors.ts";
import type { ComponentExport } from "../component/types.ts";
import type { HostContext } from "../host/context.ts";
import { importTypeFault } from "../host/import_types.ts";
import { createHostImports } from "../host/imports.ts";
import { WorkloadNetwork } from "../network/workload_network.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { randomBytes } from "./random_bytes.ts";

/** What is wrong, as the middle of a sentence; undefined when nothing is. `exported` is an interface without version. */
export function roleFault(component: CompiledComponent, exported: string): string | undefined {
  if ([...component.exports].some(([name, what]) => isInterface(name, what, exported))) return undefined;
  const names = [...component.exports.keys()];
  const has = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`;
  return `${has}, expected ${exported}`;
}

/** Everything that the component imports and nobody offers, or not as that; undefined when there is nothing of that kind. */
export function missingImports(component: CompiledComponent): string | undefined {
  try {
    component.checkImports(createHostImports(nobody()));
    return importTypeFault(component.imports);
  } catch (error) {
    if (error instanceof ComponentError) return faultOf(error);
    throw error;
  }
}

/** The engine's sentence as the middle of another one, which has named the component already. */
export function faultOf(error: ComponentError): string {
  return error.message.replace(/^Cannot (?:use|link) the component: /, "");
}

/** A version counts when it is a 0.2.x; an interface without one is taken as it is. */
function isInterface(name: string, what: ComponentExport, wanted: string): boolean {
  if (what.kind !== "instance") return false;
  const [bare, version] = name.split("@");
  return bare === wanted && (version === undefined || version.startsWith("0.2."));
}

/** The context of a guest that never runs: what is offered is the same for all. */
function nobody(): HostContext {
  const tools = { clock: systemClock, counters: new LiveCounters(), emit: () => {}, onLimit: () => {} };
  const network = new WorkloadNetwork({ workload: "", ...tools });
  const label = { workload: "", role: "component" } as const;
  return {
    ...tools,
    label,
    env: [],
    args: [],
    randomBytes,
    output: () => {},
    network: network.openGuest("component", label),
  };
}
