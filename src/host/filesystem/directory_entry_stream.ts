/** The resource `directory-entry-stream`: a listing, as it was when it began. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types";
import { type DirectoryEntry, fileError } from "../../volume/entry.ts";
import type { EntryAllowance } from "../../volume/mount.ts";
import type { OpenFileSlots } from "../../volume/open_files.ts";
import { HostResource, type ResourceOptions } from "../resource.ts";
import type { HostSide } from "../types.ts";

/** Holds a place among the open files, as it would elsewhere, and its entries. */
export class DirectoryEntryStream extends HostResource implements HostSide<Declared.DirectoryEntryStream> {
  readonly #entries: readonly DirectoryEntry[];
  readonly #slots: OpenFileSlots;
  readonly #allowance: EntryAllowance;
  #next = 0;

  constructor(
    entries: readonly DirectoryEntry[],
    options: ResourceOptions & {
      readonly slots: OpenFileSlots;
      readonly allowance: EntryAllowance;
    },
  ) {
    const { slots, allowance } = options;
    slots.take();
    try {
      allowance.take(entries.length);
    } catch (error) {
      slots.give();
      throw error;
    }
    super(options);
    this.#entries = entries;
    this.#slots = slots;
    this.#allowance = allowance;
  }

  // WIT read-directory-entry: func() -> result<option<directory-entry>, error-code>
  readDirectoryEntry(): Declared.DirectoryEntry | undefined {
    const entry = this.#entries[this.#next];
    if (entry === undefined) return undefined;
    this.#next++;
    // What is no UTF-8 on the disk; the next call goes on behind it.
    if (entry.name.includes("\uFFFD")) throw fileError("illegal-byte-sequence");
    return { name: entry.name, type: entry.kind };
  }

  protected override onDrop(): void {
    this.#allowance.give(this.#entries.length);
    this.#slots.give();
  }
}
