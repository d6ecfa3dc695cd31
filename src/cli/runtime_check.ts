/** Whether this runtime can suspend WebAssembly (JSPI), and what to install where it cannot. */

/** What is looked at. */
export interface Runtime {
  /** `globalThis.WebAssembly`. */
  readonly webAssembly: object;
  /** `process.versions`. */
  readonly versions: Readonly<Record<string, string | undefined>>;
}

/** Undefined when all is there; else a sentence. */
export function runtimeFault({ webAssembly, versions }: Runtime): string | undefined {
  if ("Suspending" in webAssembly && "promising" in webAssembly) return undefined;
  const name = versions["deno"] === undefined ? `Node ${versions["node"] ?? "?"}` : `Deno ${versions["deno"]}`;
  return `Cannot run on ${name}: it cannot suspend WebAssembly (JSPI), expected Node 26 or Deno 2.9, or newer\n` +
    "Install one of them from https://nodejs.org or https://deno.com; in a clone, `npm run -s loopgate -- ...` has its own";
}
