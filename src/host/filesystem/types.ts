/**
 * `wasi:filesystem/types`. Guests of every toolchain import it, so it is whole; but as no directory is preopened
 * (`preopens.ts`) no guest ever holds a descriptor, and a method that were reached all the same says so.
 */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types";
import { WitError } from "../../base/errors.ts";
import type { IoError } from "../io/error.ts";
import { HostResource } from "../resource.ts";
import type { HostInterface, HostSide } from "../types.ts";

const BAD_DESCRIPTOR: WitError<Declared.ErrorCode> = new WitError("bad-descriptor");

/** The resource `descriptor`, of which there is none. */
export abstract class Descriptor extends HostResource implements HostSide<Declared.Descriptor> {
  // WIT read-via-stream: func(offset: filesize) -> result<input-stream, error-code>
  readViaStream(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT write-via-stream: func(offset: filesize) -> result<output-stream, error-code>
  writeViaStream(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT append-via-stream: func() -> result<output-stream, error-code>
  appendViaStream(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT advise: func(offset: filesize, length: filesize, advice: advice) -> result<_, error-code>
  advise(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT sync-data: func() -> result<_, error-code>
  syncData(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT get-flags: func() -> result<descriptor-flags, error-code>
  getFlags(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT get-type: func() -> result<descriptor-type, error-code>
  getType(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT set-size: func(size: filesize) -> result<_, error-code>
  setSize(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT set-times: func(data-access-timestamp: new-timestamp, data-modification-timestamp: new-timestamp) -> result<_, error-code>
  setTimes(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT read: func(length: filesize, offset: filesize) -> result<tuple<list<u8>, bool>, error-code>
  read(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT write: func(buffer: list<u8>, offset: filesize) -> result<filesize, error-code>
  write(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT read-directory: func() -> result<directory-entry-stream, error-code>
  readDirectory(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT sync: func() -> result<_, error-code>
  sync(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT create-directory-at: func(path: string) -> result<_, error-code>
  createDirectoryAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT stat: func() -> result<descriptor-stat, error-code>
  stat(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT stat-at: func(path-flags: path-flags, path: string) -> result<descriptor-stat, error-code>
  statAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT set-times-at: func(path-flags: path-flags, path: string, data-access-timestamp: new-timestamp, data-modification-timestamp: new-timestamp) -> result<_, error-code>
  setTimesAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT link-at: func(old-path-flags: path-flags, old-path: string, new-descriptor: borrow<descriptor>, new-path: string) -> result<_, error-code>
  linkAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT open-at: func(path-flags: path-flags, path: string, open-flags: open-flags, flags: descriptor-flags) -> result<descriptor, error-code>
  openAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT readlink-at: func(path: string) -> result<string, error-code>
  readlinkAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT remove-directory-at: func(path: string) -> result<_, error-code>
  removeDirectoryAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT rename-at: func(old-path: string, new-descriptor: borrow<descriptor>, new-path: string) -> result<_, error-code>
  renameAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT symlink-at: func(old-path: string, new-path: string) -> result<_, error-code>
  symlinkAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT unlink-file-at: func(path: string) -> result<_, error-code>
  unlinkFileAt(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT is-same-object: func(other: borrow<descriptor>) -> bool
  isSameObject(other: Descriptor): boolean {
    return other === this;
  }

  // WIT metadata-hash: func() -> result<metadata-hash-value, error-code>
  metadataHash(): never {
    throw BAD_DESCRIPTOR;
  }

  // WIT metadata-hash-at: func(path-flags: path-flags, path: string) -> result<metadata-hash-value, error-code>
  metadataHashAt(): never {
    throw BAD_DESCRIPTOR;
  }
}

/** The resource `directory-entry-stream`, of which there is none. */
export abstract class DirectoryEntryStream extends HostResource implements HostSide<Declared.DirectoryEntryStream> {
  // WIT read-directory-entry: func() -> result<option<directory-entry>, error-code>
  readDirectoryEntry(): never {
    throw BAD_DESCRIPTOR;
  }
}

// WIT filesystem-error-code: func(err: borrow<error>) -> option<error-code>
// No stream here reads or writes a file.
function filesystemErrorCode(_err: IoError): Declared.ErrorCode | undefined {
  return undefined;
}

/** The interface `wasi:filesystem/types`. */
export const FILESYSTEM_TYPES_INTERFACE = {
  Descriptor,
  DirectoryEntryStream,
  filesystemErrorCode,
} satisfies HostInterface<
  typeof Declared
>;
