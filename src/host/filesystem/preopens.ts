/** `wasi:filesystem/preopens`: the volumes of a guest, and nothing else of any file system. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-preopens";
import { HostTrap, WitError } from "../../base/errors.ts";
import type { HostContext } from "../context.ts";
import type { DescriptorMember, HostInterface } from "../types.ts";
import { Descriptor } from "./descriptor.ts";
import { tellLimit } from "./descriptor_tools.ts";

/** The interface `wasi:filesystem/preopens`. */
export function preopensInterface(context: HostContext) {
  return {
    // WIT get-directories: func() -> list<tuple<descriptor, string>>
    getDirectories: (): readonly (readonly [Descriptor, string])[] => {
      const { mounts, memory, counters, clock, onLimit, emit } = context;
      if (mounts === undefined) return [];
      const given: [Descriptor, string][] = [];
      for (const { path, isWritable, open } of mounts.mounts) {
        const tools = { counters, clock, onLimit, emit, entries: mounts.entries, memory, isWritable };
        try {
          const handle = open();
          given.push([
            new Descriptor({ kind: "directory", handle }, { read: true, mutateDirectory: isWritable }, tools),
            path,
          ]);
        } catch (error) {
          for (const [descriptor] of given) descriptor[Symbol.dispose]();
          if (!(error instanceof WitError)) throw error;
          tellLimit(tools, error);
          // The function has no error to give, and a guest that finds its files missing might make them anew elsewhere.
          throw new HostTrap(`Cannot open the volume "${path}": ${String(error.payload)}, expected a folder`);
        }
      }
      return given;
    },
  } satisfies HostInterface<typeof Declared, DescriptorMember>;
}
