/** `wasi:filesystem/preopens`: no directory is given to any guest. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-preopens";
import type { HostInterface } from "../types.ts";
import type { Descriptor } from "./types.ts";

/** The interface `wasi:filesystem/preopens`. */
export const PREOPENS_INTERFACE = {
  // WIT get-directories: func() -> list<tuple<descriptor, string>>
  getDirectories: (): readonly (readonly [Descriptor, string])[] => [],
} satisfies HostInterface<typeof Declared>;
