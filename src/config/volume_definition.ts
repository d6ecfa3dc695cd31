/** `volumes` as part of the definition; see `definition.ts` for the rules of its messages. */
import * as v from "valibot";
import { VOLUME_LIMITS } from "../base/limits.ts";
import { closed, kindOf, type Notes, plainObject, quoted, wrongType } from "./definition_parts.ts";
import { limitSchema } from "./limit_definition.ts";
import { VOLUME_KEYS, VOLUME_MEMORY } from "./limit_keys.ts";

/** As `/`, or names between slashes. */
const MOUNT_PATH = /^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[^/\u0000]+)+)$/;

const trueOrFalse = (description: string) =>
  v.pipe(v.boolean(({ input }) => `it is ${kindOf(input)}, expected true or false`), v.description(description));

const folder = v.pipe(
  v.string(wrongType("the path of a folder in quotes")),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? folderFault(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
  v.metadata({ jsonSchema: { pattern: "^(?!(?:.*/)?\\.\\.(?:/|$))[^\\\\\\u0000]+$" } } satisfies Notes),
  v.description("The folder, within the workload's or one that gateway.jsonc names in its volumes."),
);

const volume = v.pipe(
  closed({
    folder: v.optional(folder),
    write: v.optional(trueOrFalse("Whether guests may change what is in the folder. Default: false.")),
    size: v.optional(limitSchema(VOLUME_KEYS.size, VOLUME_LIMITS.bytesMax)),
    files: v.optional(limitSchema(VOLUME_KEYS.files, VOLUME_LIMITS.filesMax)),
    memory: v.optional(limitSchema(VOLUME_MEMORY, undefined)),
    shared: v.optional(
      trueOrFalse("One for all guests of the workload. Default: false, each instance has its own, empty at first."),
    ),
  }, { path: "the key of the volume is its path", readOnly: 'a folder can only be read without "write": true' }),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? volumeFault(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
  v.metadata(
    {
      jsonSchema: {
        // A folder without limits, or one that can be written, or memory.
        anyOf: [
          { required: ["folder"], properties: { memory: false, shared: false, size: false, files: false } },
          { required: ["folder", "write"], properties: { memory: false, shared: false, write: { const: true } } },
          { required: ["memory"], properties: { folder: false, write: false, size: false } },
        ],
      },
    } satisfies Notes,
  ),
);

const mountPath = v.pipe(
  v.string(),
  v.regex(
    MOUNT_PATH,
    'it is no path of a volume, expected one like "/data", without "." and ".." and a slash at its end',
  ),
);

/** `volumes` of a workload, of a service and of a route. */
export const volumes = v.pipe(
  plainObject('an object of paths and volumes, like { "/data": { "folder": "data" } }'),
  v.record(mountPath, volume),
  v.description(
    "What guests have of file systems, by the path where they see it. That of a route or a service stands in place of the workload's. Default: nothing.",
  ),
);

/** A checked `volumes`. */
export type VolumesFile = v.InferOutput<typeof volumes>;
/** A checked volume. */
export type VolumeFile = v.InferOutput<typeof volume>;

const operatorPath = v.pipe(
  v.string(),
  v.check((input) => input !== "" && !input.includes("\0"), "it is no path, expected the path of a folder"),
);

const ceilingObject = closed({
  folders: v.optional(v.pipe(
    plainObject('an object of folders, like { "/srv/media": "read" }'),
    v.record(
      operatorPath,
      v.picklist(["read", "write"], ({ input }) => {
        return `it is ${typeof input === "string" ? quoted(input) : kindOf(input)}, expected "read" or "write"`;
      }),
    ),
    v.description("Folders outside of the workloads' own that a workload may name; a path starts at this folder."),
  )),
  write: v.optional(trueOrFalse("Whether any folder may be changed. Default: true.")),
  size: v.optional(limitSchema(VOLUME_KEYS.size, undefined)),
  files: v.optional(limitSchema(VOLUME_KEYS.files, undefined)),
  memory: v.optional(limitSchema(VOLUME_MEMORY, undefined)),
});

/** `volumes` of `gateway.jsonc`: the ceiling. */
export const volumeCeiling = v.pipe(
  v.lazy((input) => (input === false ? v.literal(false) : ceilingObject)),
  v.metadata({ jsonSchema: { type: ["object", "boolean"], not: { const: true } } } satisfies Notes),
  v.description(
    "The ceiling for volumes: false for none at all. What a volume holds is size, files and memory at most.",
  ),
);

/** A checked `volumes` of `gateway.jsonc`. */
export type VolumeCeilingFile = v.InferOutput<typeof volumeCeiling>;

/** What can be said of the path alone. */
function folderFault(path: string): string | undefined {
  const expected = 'expected a folder within the workload\'s, like "data"';
  if (path === "") return `it is empty, ${expected}`;
  if (path.includes("\0") || !path.isWellFormed()) return `it has a character that no path has, ${expected}`;
  if (path.includes("\\")) return `it has a backslash, ${expected}\nwrite ${quoted(path.replaceAll("\\", "/"))}`;
  if (path.split("/").includes("..")) return `it has a ".." in it, ${expected}`;
  return undefined;
}

/** Keys that do not go together. */
function volumeFault({ folder, write, size, files, memory, shared }: {
  readonly folder?: string | undefined;
  readonly write?: boolean | undefined;
  readonly size?: number | undefined;
  readonly files?: number | undefined;
  readonly memory?: number | undefined;
  readonly shared?: boolean | undefined;
}): string | undefined {
  if (folder === undefined && memory === undefined) {
    return 'it has neither "folder" nor "memory", expected one of them\nadd "folder": "data", or "memory": "16MiB"';
  }
  if (folder !== undefined && memory !== undefined) return 'it has "folder" and "memory", expected one of them';
  if (folder !== undefined && shared !== undefined) {
    return 'it has "shared", which is for "memory": a folder is always shared';
  }
  if (memory !== undefined && write !== undefined) {
    return 'it has "write", which is for "folder": memory can always be written';
  }
  if (memory !== undefined && size !== undefined) return 'it has "size", which is for "folder": "memory" is the size';
  if (folder !== undefined && write !== true && (size ?? files) !== undefined) {
    return `it has "${size === undefined ? "files" : "size"}" and cannot be written, expected "write": true`;
  }
  return undefined;
}
