/**
 * Where a guest's stacks lead: its engine tells places in the one module that a guest was bundled into, its author knows the
 * files that this was made of. The map between them stands beside the component (`dist/<name>.wasm.map`), never in it.
 */
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, isAbsolute, relative, resolve } from "node:path";

/** What the bundle is called where the engine takes its name from us. */
export const BUNDLE_FILE = "loopgate-guest.js";
/** A place in it, in a line of a stack; componentize-qjs has a name of its own for it. */
const PLACE = /\b(?:componentize-qjs:user|loopgate-guest)\.js:(\d{1,9}):(\d{1,9})\b/g;
/** A longer name is none of a file: each place in a line becomes one, and who made the component may have made the map. */
const SOURCE_LENGTH_MAX = 1_024;
/** Sources that are no files of this machine: `loopgate:guest/loop.ts`. */
const SCHEME = /^[a-z][a-z-]+:/;

/** A place in a source. */
export interface SourcePlace {
  /** Absolute, or with a scheme. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** Where the map of a component is. */
export function mapFileOf(component: string): string {
  return `${component}.map`;
}

/** What the file of a map holds beside the map: `x_` is for fields of a program's own (ECMA-426, "source map format"). */
interface MapFile extends SourceMapPayload {
  /** SHA-256 of the component that the map is of. */
  readonly x_component_sha256?: unknown;
}

/**
 * The text of a bundler's map, whose sources are absolute, for a file in `folder`: its sources are named from there.
 *
 * @param componentSha256 of the component that the map is of
 */
export function mapTextFor(map: string, folder: string, componentSha256: string): string {
  const { mappings, names, sources } = JSON.parse(map) as SourceMapPayload;
  const named = sources.map((source) => SCHEME.test(source) ? source : relative(folder, source));
  return `${JSON.stringify({ version: 3, sources: named, names, mappings, x_component_sha256: componentSha256 })}\n`;
}

/** SHA-256 of the component that a map is of; undefined where the map does not say. */
export function componentOfMap(text: string): string | undefined {
  try {
    const sha256 = (JSON.parse(text) as MapFile | null)?.x_component_sha256;
    return typeof sha256 === "string" ? sha256 : undefined;
  } catch {
    // A damaged map, as in `GuestMap.of`: nothing is known of it.
    return undefined;
  }
}

/** Whether a line may have a place of a bundle. */
export function hasPlace(line: string): boolean {
  return line.includes("componentize-qjs:user.js:") || line.includes(`${BUNDLE_FILE}:`);
}

/** The places of one bundle. */
export class GuestMap {
  readonly #map: SourceMap;
  readonly #folder: string;

  /**
   * @param text of a map, or what a bundler made
   * @param folder where its sources are named from
   * @throws {Error} when it is no source map
   */
  constructor(text: string, folder: string) {
    this.#map = new SourceMap(JSON.parse(text) as SourceMapPayload);
    this.#folder = folder;
  }

  /** The map of a component, from its text; undefined for one that is damaged: stacks are then told as they come. */
  static of(component: string, text: string): GuestMap | undefined {
    try {
      return new GuestMap(text, dirname(component));
    } catch {
      return undefined;
    }
  }

  /** `text` with the places of sources, named from the current folder where that is shorter. */
  inText(text: string): string {
    return text.replace(PLACE, (place, line: string, column: string) => {
      const found = this.#find(Number(line), Number(column));
      return found === undefined ? place : `${shortPath(found.file)}:${found.line}:${found.column}`;
    });
  }

  /** All places of sources in a text, in its order. */
  placesIn(text: string): readonly SourcePlace[] {
    return Array.from(text.matchAll(PLACE), ([, line, column]) => this.#find(Number(line), Number(column)))
      .filter((place) => place !== undefined);
  }

  /** The place of a source that stands at a place of the bundle. */
  placeAt(line: number, column: number): SourcePlace | undefined {
    return this.#find(line, column);
  }

  #find(line: number, column: number): SourcePlace | undefined {
    const found = this.#map.findEntry(line - 1, column - 1);
    // Lines that the bundler wrote itself come from nowhere.
    if (!("originalSource" in found) || typeof found.originalSource !== "string") return undefined;
    const { originalSource: source, originalLine, originalColumn } = found;
    if (source.length > SOURCE_LENGTH_MAX) return undefined;
    const file = SCHEME.test(source) ? source : resolve(this.#folder, source);
    return { file, line: originalLine + 1, column: originalColumn + 1 };
  }
}

/** From the current folder on where that is shorter. */
function shortPath(file: string): string {
  if (!isAbsolute(file)) return file;
  const path = relative(".", file);
  return path.length < file.length ? path : file;
}
