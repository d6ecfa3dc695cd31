/** `wasi:filesystem/types`: descriptors of what `preopens.ts` gives to a guest. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types";
import type { IoError } from "../io/error.ts";
import type { DescriptorMember, HostInterface } from "../types.ts";
import { Descriptor } from "./descriptor.ts";
import { DirectoryEntryStream } from "./directory_entry_stream.ts";

// WIT filesystem-error-code: func(err: borrow<error>) -> option<error-code>
function filesystemErrorCode(err: IoError): Declared.ErrorCode | undefined {
  return err.failure.fileCode as Declared.ErrorCode | undefined;
}

/** The interface `wasi:filesystem/types`. */
export const FILESYSTEM_TYPES_INTERFACE = {
  Descriptor,
  DirectoryEntryStream,
  filesystemErrorCode,
} satisfies HostInterface<typeof Declared, DescriptorMember>;
