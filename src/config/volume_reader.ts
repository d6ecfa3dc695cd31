/** All `volumes` of a workload's files: each by itself, and then held against the others and the workload's own files. */
import type { Diagnostic } from "../base/diagnostics.ts";
import type { MountSpec } from "../volume/mount.ts";
import type { ConfigDocument } from "./document.ts";
import { nodeAt, pathText } from "./faults.ts";
import { isBelow } from "./file_reader.ts";
import type { VolumesFile } from "./volume_definition.ts";
import { readVolume, uncountableVolumes, type VolumePlace } from "./volume_layer.ts";

/** Where a `volumes` stands. */
interface Written {
  readonly document: ConfigDocument;
  readonly path: readonly string[];
}

/** One for each reading of a workload. */
export class VolumeReader {
  readonly #read: { readonly written: Written; readonly mount: MountSpec }[] = [];

  /** The mounts that could be read. */
  async read(
    volumes: VolumesFile,
    written: Written,
    place: VolumePlace,
  ): Promise<{ readonly mounts: readonly MountSpec[]; readonly diagnostics: readonly Diagnostic[] }> {
    const mounts: MountSpec[] = [];
    const diagnostics: Diagnostic[] = [];
    for (const [path, volume] of Object.entries(volumes)) {
      const read = await readVolume(path, volume, place);
      if ("mount" in read) {
        mounts.push(read.mount);
        this.#read.push({ written, mount: read.mount });
      } else {
        const { key, is, fix } = read.fault;
        diagnostics.push(diagnosticAt(written, key === undefined ? [path] : [path, key], { is, fix }));
      }
    }
    return { mounts, diagnostics };
  }

  /** What can be said when everything is read. `ownFiles` are the workload's own, without links. */
  faults(ownFiles: readonly string[]): readonly Diagnostic[] {
    const written = ownFiles.length === 0 ? [] : this.#read.flatMap(({ written, mount }): Diagnostic[] => {
      if (mount.kind !== "folder" || !mount.isWritable) return [];
      const own = ownFiles.find((file) => isBelow(file, mount.realPath));
      if (own === undefined) return [];
      const is = `"${own.slice(own.lastIndexOf("/") + 1)}" is in it, and guests could write what they are made of, ` +
        "expected a folder without files of the workload";
      return [diagnosticAt(written, [mount.path, "folder"], { is })];
    });
    const mounts = this.#read.map(({ mount }) => mount);
    const uncountable = uncountableVolumes(mounts).flatMap(({ mount, is, fix }): Diagnostic[] => {
      const found = this.#read.find((each) => each.mount === mount);
      return found === undefined ? [] : [diagnosticAt(found.written, [mount.path], { is, fix })];
    });
    return [...written, ...uncountable];
  }
}

function diagnosticAt(
  { document, path }: Written,
  below: readonly string[],
  { is, fix }: { readonly is: string; readonly fix?: string | undefined },
): Diagnostic {
  const whole = [...path, ...below];
  const offset = document.root === undefined ? 0 : nodeAt(document.root, whole).offset;
  return document.fault("LG1601", offset, `Cannot use "${pathText(whole)}": ${is}`, fix);
}
