/** The files of a test: whatever guests have mounted is memory, filled by the test, and nothing of the machine. */
import type { FileAccess } from "../volume/entry.ts";
import { MemoryVolume } from "../volume/memory_volume.ts";
import type { MountedVolume, MountSpec } from "../volume/mount.ts";
import { ScriptError } from "./script_error.ts";
import { type Bytes, bytesOf } from "./test_bytes.ts";

/** Files by their path as guests see them. */
export type FileContents = Readonly<Record<string, Bytes>>;

const ACCESS: FileAccess = { isReadable: true, isWritable: true };
/** `/a/b.txt`: absolute, without empty or dotted parts. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+$/;

/** One volume for all mounts of the same thing. */
interface TestVolume {
  /** The first path that it is mounted at. */
  readonly path: string;
  readonly volume: MemoryVolume;
}

/** The volumes of one component or workload under test. */
export class TestFiles {
  readonly #volumes = new Map<string, TestVolume>();
  readonly #wallMs: () => number;

  /**
   * @param mounts of all guests
   * @throws {ScriptError} for a file that no mount has
   */
  constructor(
    contents: FileContents,
    options: { readonly mounts: readonly MountSpec[]; readonly wallMs: () => number },
  ) {
    this.#wallMs = options.wallMs;
    for (const mount of options.mounts) this.volumeOf(mount);
    for (const [path, content] of Object.entries(contents)) {
      if (!PATH.test(path)) {
        throw new ScriptError(`Cannot have files["${path}"]: it is no path, expected one such as "/data/config.json"`);
      }
      this.#fill(path, bytesOf(content), options.mounts);
    }
  }

  /** What stands at a mount; each instance has its own volumes in memory all the same. */
  volumeOf(spec: MountSpec): MountedVolume | undefined {
    if (spec.kind === "memory" && !spec.isShared) return undefined;
    const key = keyOf(spec);
    let known = this.#volumes.get(key);
    if (known === undefined) {
      known = { path: spec.path, volume: new MemoryVolume({ ...spec.limits, wallMs: this.#wallMs }) };
      this.#volumes.set(key, known);
    }
    const { volume } = known;
    // Not the volume itself: it is no instance's to close.
    return { root: () => volume.root() };
  }

  /** All files as they are now, as text. */
  list(): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { path, volume } of this.#volumes.values()) collect(volume.root(), path === "/" ? "" : path, found);
    return found;
  }

  #fill(path: string, content: Uint8Array, mounts: readonly MountSpec[]): void {
    const fitting = mounts.filter((mount) => this.volumeOf(mount) !== undefined && isBelow(path, mount.path));
    const longest = Math.max(...fitting.map((mount) => mount.path.length));
    const keys = new Set(fitting.filter((mount) => mount.path.length === longest).map(keyOf));
    if (keys.size === 0) {
      const paths = mounts.map((mount) => mount.path).join(", ");
      const expected = paths === "" ? "volumes in its files" : `a path below ${paths}`;
      throw new ScriptError(`Cannot have files["${path}"]: no guest has a volume there, expected ${expected}`);
    }
    const parts = path.slice(longest === 1 ? 1 : longest + 1).split("/");
    for (const key of keys) {
      const root = this.#volumes.get(key)?.volume.root();
      if (root !== undefined) write(root, parts, content);
    }
  }
}

/** Of a folder wherever it is mounted; else of what is mounted at a path. */
function keyOf(spec: MountSpec): string {
  return spec.kind === "folder" ? `folder ${spec.realPath}` : `memory ${spec.path}`;
}

function isBelow(path: string, mount: string): boolean {
  return path.startsWith(mount === "/" ? mount : `${mount}/`);
}

function write(root: ReturnType<MemoryVolume["root"]>, parts: readonly string[], content: Uint8Array): void {
  let directory = root;
  for (const part of parts.slice(0, -1)) {
    if (directory.lookup(part) === undefined) directory.createDirectory(part);
    directory = directory.openDirectory(part);
  }
  const file = directory.createFile(parts.at(-1) ?? "", ACCESS);
  file.write(content, 0);
  file.close();
}

function collect(directory: ReturnType<MemoryVolume["root"]>, path: string, found: Record<string, string>): void {
  directory.list(({ name, kind }) => {
    const stat = directory.lookup(name);
    if (kind === "directory") collect(directory.openDirectory(name), `${path}/${name}`, found);
    else if (kind === "regular-file" && stat !== undefined) {
      const file = directory.openFile(name, stat, ACCESS);
      found[`${path}/${name}`] = new TextDecoder().decode(file.read(Number(stat.size), 0));
      file.close();
    }
  });
}
