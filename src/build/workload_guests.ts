/**
 * What there is to build in a workload: a `component` that its files call `dist/<name>.wasm` is made from `src/<name>.ts`,
 * and what has no such source by the command of `build`, when there is one.
 */
import type { Diagnostic } from "../base/diagnostics.ts";
import type { BuildGoal, GuestEngine } from "../config/build_definition.ts";
import { ROUTE_FILE, type RouteFile, WORKLOAD_FILE, type WorkloadFile } from "../config/definition.ts";
import { ConfigDocument } from "../config/document.ts";
import { checkDocument, nodeAt } from "../config/faults.ts";
import { fileFault, type FileReader, joinPath } from "../config/file_reader.ts";
import { readText } from "../config/read_text.ts";
import { isWorkloadFile, WORKLOAD_NAME } from "../config/workload_folder.ts";

/** Endings of sources, the first that is there counts. */
const SOURCE_ENDINGS = [".ts", ".tsx", ".js", ".mjs", ".jsx"] as const;

/** A guest that is made from a source. Paths start with the workload's folder. */
export interface GuestPlan {
  readonly kind: GuestEngine;
  /** Without it for size. */
  readonly optimize?: BuildGoal | undefined;
  readonly source: string;
  readonly component: string;
}

/** Guests that a program of the user's makes. */
export interface CommandPlan {
  readonly command: readonly string[];
  /** All that the workload's files name and that has no source of ours. */
  readonly components: readonly string[];
  /** Which file becomes which component. */
  readonly outputs: readonly { readonly component: string; readonly file: string }[];
  /** Where the file names the command. */
  readonly place: Omit<Diagnostic, "message" | "fix">;
}

/** What there is to build. */
export interface WorkloadPlan {
  /** The folder's name. */
  readonly name: string;
  /** As the user named it. */
  readonly folder: string;
  readonly guests: readonly GuestPlan[];
  readonly command: CommandPlan | undefined;
  /** The files that this was read from. */
  readonly files: readonly string[];
  /** With faults in its files nothing is built. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A component that a file names. */
interface Named {
  readonly path: string;
  readonly document: ConfigDocument;
  readonly offset: number;
}

/** Reads the files of a workload; undefined when the folder is none. */
export async function planWorkload(
  folder: string,
  name: string,
  reader: FileReader,
): Promise<WorkloadPlan | undefined> {
  const names = (await reader.list(folder)).filter((entry) => entry.kind !== "folder").map((entry) => entry.name)
    .filter(isWorkloadFile).toSorted();
  if (names.length === 0) return undefined;
  const diagnostics: Diagnostic[] = [];
  const named: Named[] = [];
  let section: WorkloadFile["build"];
  let own: ConfigDocument | undefined;
  for (const file of names) {
    const document = await openDocument(joinPath(folder, file), reader, diagnostics);
    if (document === undefined) continue;
    const isOwn = file === WORKLOAD_NAME;
    const { value, diagnostics: faults } = isOwn
      ? checkDocument<WorkloadFile>(document, WORKLOAD_FILE)
      : checkDocument<RouteFile>(document, ROUTE_FILE);
    diagnostics.push(...faults);
    if (value === undefined) continue;
    if (isOwn) {
      section = (value as WorkloadFile).build;
      own = document;
    }
    const key = isOwn ? ["service", "component"] : ["component"];
    const path = isOwn ? (value as WorkloadFile).service?.component : (value as RouteFile).component;
    if (path !== undefined && document.root !== undefined) {
      named.push({ path: plainPath(path), document, offset: nodeAt(document.root, key).offset });
    }
  }
  const plan = { name, folder, files: names.map((file) => joinPath(folder, file)) };
  if (diagnostics.length > 0) return { ...plan, guests: [], command: undefined, diagnostics };
  return { ...plan, ...await sortGuests(folder, reader, { named, section, own }) };
}

/** A workload's own files, in a folder whose entries are known: whether it is one itself, or holds some. */
export async function isWorkloadFolder(folder: string, reader: FileReader): Promise<boolean> {
  return (await reader.list(folder)).some((entry) => entry.kind !== "folder" && isWorkloadFile(entry.name));
}

async function sortGuests(
  folder: string,
  reader: FileReader,
  { named, section, own }: {
    readonly named: readonly Named[];
    readonly section: WorkloadFile["build"];
    /** Where the section stands. */
    readonly own: ConfigDocument | undefined;
  },
): Promise<Pick<WorkloadPlan, "guests" | "command" | "diagnostics">> {
  const guests = new Map<string, GuestPlan>();
  const others = new Map<string, Named>();
  for (const each of named) {
    const source = await sourceOf(folder, each.path, reader);
    if (source === undefined) others.set(each.path, each);
    else {
      const component = joinPath(folder, each.path);
      const goal = section?.optimize === "speed" && { optimize: section.optimize };
      guests.set(each.path, { kind: section?.engine ?? "quickjs", ...goal, source, component });
    }
  }
  const outputs = Object.entries(section?.outputs ?? {}).map(([component, file]) => ({
    component: joinPath(folder, plainPath(component)),
    file: joinPath(folder, file),
  }));
  const components = new Set([
    ...[...others.keys()].map((path) => joinPath(folder, path)),
    ...outputs.map((output) => output.component),
  ]);
  const command = section?.command === undefined || own === undefined
    ? undefined
    : { command: section.command, components: [...components], outputs, place: placeOf(own) };
  const diagnostics: Diagnostic[] = [];
  for (const [path, { document, offset }] of command === undefined ? others : []) {
    if (await reader.inspect(joinPath(folder, path)) !== undefined) continue;
    const source = /^dist\/([\w-]+)\.wasm$/.exec(path)?.[1];
    const message = source === undefined
      ? `Cannot build "${path}": it is not there, expected it, or the name dist/<name>.wasm for one made from src/<name>.ts`
      : `Cannot build "${path}": there is no src/${source}.ts, expected its source, or the component itself`;
    diagnostics.push(document.fault("LG6006", offset, message));
  }
  return { guests: [...guests.values()], command, diagnostics };
}

/** Of `build.command`. */
function placeOf(document: ConfigDocument): CommandPlan["place"] {
  const offset = document.root === undefined ? 0 : nodeAt(document.root, ["build", "command"]).offset;
  const { message: _, ...place } = document.fault("LG6005", offset, "");
  return place;
}

async function sourceOf(folder: string, component: string, reader: FileReader): Promise<string | undefined> {
  const name = /^dist\/([\w-]+)\.wasm$/.exec(component)?.[1];
  if (name === undefined) return undefined;
  for (const ending of SOURCE_ENDINGS) {
    const source = joinPath(folder, `src/${name}${ending}`);
    if ((await reader.inspect(source))?.kind === "file") return source;
  }
  return undefined;
}

async function openDocument(
  path: string,
  reader: FileReader,
  diagnostics: Diagnostic[],
): Promise<ConfigDocument | undefined> {
  try {
    const { text, fault } = await readText(path, reader);
    const document = new ConfigDocument(path, text);
    if (fault !== undefined) diagnostics.push(document.fault("LG1003", fault.offset, fault.message, fault.fix));
    return document;
  } catch (error) {
    diagnostics.push({
      code: "LG1002",
      file: path,
      line: 1,
      column: 1,
      message: `Cannot read the file: ${fileFault(error)}`,
    });
    return undefined;
  }
}

/** `./dist//a.wasm` is `dist/a.wasm`. */
function plainPath(path: string): string {
  return path.split("/").filter((part) => part !== "" && part !== ".").join("/");
}
