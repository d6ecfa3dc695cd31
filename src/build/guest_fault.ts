/** What the build tools say about a guest's source, as faults with places. */
import { isBuiltin } from "node:module";
import { isAbsolute } from "node:path";
import { nearestWord } from "../base/nearest_word.ts";
import type { SourceFault } from "./build_job.ts";
import { GuestMap, type SourcePlace } from "./guest_map.ts";
import { placeOfThrow } from "./guest_source.ts";

/** What `loopgate/guest` has besides types, for who mistypes it; a test compares it with the module. */
export const GUEST_NAMES: readonly string[] = ["connect", "ConnectionLost", "listen", "readEnv", "SocketError"];

/**
 * A guest's source is wrong: `cause` is what the tool threw, `inputs` are the files that it had read, `bundle` is what it made
 * of them.
 */
export class GuestFault extends Error {
  readonly inputs: readonly string[];
  readonly map: GuestMap | undefined;
  readonly #code: string | undefined;
  constructor(cause: unknown, inputs: readonly string[], bundle?: { readonly code: string; readonly map: string }) {
    super("a guest's source is wrong", { cause });
    this.name = "GuestFault";
    this.inputs = inputs;
    this.map = bundle && new GuestMap(bundle.map, ".");
    this.#code = bundle?.code;
  }

  /** Of the first bare `throw` among the first lines; found by parsing all of them, so only when it is asked for. */
  get thrownAt(): SourcePlace | undefined {
    const thrown = this.#code === undefined ? undefined : placeOfThrow(this.#code);
    return thrown && this.map?.placeAt(thrown.line, thrown.column);
  }
}

/** What rolldown knows of one fault. */
interface RolldownFault {
  readonly code?: string;
  readonly message: string;
  readonly exporter?: string;
  readonly loc?: { readonly file?: string; readonly line: number; readonly column: number };
}

/** All faults in what a tool threw, with their places; an error without parts is one fault without a place. */
export function faultsOf(fault: GuestFault): readonly SourceFault[] {
  const { cause: error, map } = fault;
  if (error instanceof Error && "errors" in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return (error.errors as readonly RolldownFault[]).map(rolldownFault);
  }
  const said = (error instanceof Error ? error.message : String(error)).trimEnd();
  // The bundler leaves out what stands behind a bare `throw`, and with it the export.
  if (/Error: exported variable '\w+' does not exist$/.test(said)) {
    return [{
      code: "LG6004",
      message: "Cannot load it: a `throw` among its first lines always ends it, expected a default export",
      ...fault.thrownAt,
    }];
  }
  const missing = /unknown import: `([^@`]+)@[^`#]*#(?:\[[a-z-]+\])?([^`]+)` has not been defined/.exec(said);
  if (missing !== null) {
    const called = `its first lines call ${missing[2]} of ${missing[1]}, and there is no host while it is built`;
    return [{ code: "LG6004", message: `Cannot load it: ${called}, expected that within an exported function` }];
  }
  if (/blocking on a promise resulted in a dead ?lock/.test(said)) {
    return [{
      code: "LG6004",
      message:
        "Cannot load it: its first lines wait for a promise that nothing settles, expected one that settles by itself",
    }];
  }
  return [loadFault(said, map)];
}

/** What the first lines of a guest threw: its place is the innermost one of the author's own. */
function loadFault(said: string, map: GuestMap | undefined): SourceFault {
  const text = said.replace(/^[: ]*Failed to evaluate user JavaScript module: .*?: (?=\w*Error)/, "Cannot load it: ");
  const places = map?.placesIn(text) ?? [];
  const own = places.find(({ file }) => isAbsolute(file) && !file.includes("/node_modules/"));
  const code = "LG6004";
  return places.length === 0 ? { code, message: text } : { code, message: text.replace(/(?:\n +at .*)+$/, ""), ...own };
}

function rolldownFault(fault: RolldownFault): SourceFault {
  const { file, line, column } = fault.loc ?? {};
  const place = file === undefined || line === undefined || column === undefined
    ? {}
    : { file, line, column: column + 1 };
  if (fault.code === "UNRESOLVED_IMPORT" && fault.exporter !== undefined) {
    return { ...importFault(fault.exporter), ...place };
  }
  const missing = fault.code === "MISSING_EXPORT"
    ? /^\[MISSING_EXPORT\] "([^"]*)"/.exec(fault.message)?.[1]
    : undefined;
  if (missing !== undefined && fault.exporter?.endsWith("/guest/mod.ts") === true) {
    return { ...exportFault(missing), ...place };
  }
  // The first line has the sentence; the frame below it is made anew, as for the project's other files.
  const [first = ""] = fault.message.split("\n");
  return { code: "LG6002", message: `Cannot compile: ${first.replace(/^\[[A-Z_]+\] /, "")}`, ...place };
}

/** A name that "loopgate/guest" has not. */
function exportFault(name: string): Omit<SourceFault, "file" | "line" | "column"> {
  const nearest = nearestWord(name, GUEST_NAMES);
  return {
    code: "LG6003",
    message: `Cannot import "${name}" from "loopgate/guest": it has no such value, expected ${GUEST_NAMES.join(", ")}`,
    ...(nearest !== undefined && { fix: `did you mean "${nearest}"?` }),
  };
}

function importFault(specifier: string): Omit<SourceFault, "file" | "line" | "column"> {
  const said = `Cannot import "${specifier}"`;
  if (/^\.{0,2}\//.test(specifier)) return { code: "LG6003", message: `${said}: there is no such file, expected one` };
  // Without the prefix too: a registry has packages of these names, and they are somebody else's.
  if (specifier.startsWith("node:") || isBuiltin(specifier)) {
    return {
      code: "LG6003",
      message: `${said}: a guest has no Node, expected web APIs, WASI and packages that need nothing else`,
    };
  }
  if (/^loopgate(?:\/|$)/.test(specifier)) {
    return {
      code: "LG6003",
      message: `${said}: a guest cannot have that part of the gateway, expected "loopgate/guest"`,
      fix: 'did you mean "loopgate/guest"?',
    };
  }
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  return {
    code: "LG6003",
    message: `${said}: there is no such package here, expected it in a node_modules folder`,
    fix: `npm install ${name}`,
  };
}
