/** The resource `directory-entry-stream`: a listing, as it was when it began. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types";
import { fileError } from "../../volume/entry.ts";
import type { Listing } from "../../volume/listing.ts";
import type { OpenFileSlots } from "../../volume/open_files.ts";
import { HostResource, type ResourceOptions } from "../resource.ts";
import type { HostSide } from "../types.ts";

/** Holds a place among the open files, as it would elsewhere, and its entries. */
export class DirectoryEntryStream extends HostResource implements HostSide<Declared.DirectoryEntryStream> {
  readonly #listing: Listing;
  readonly #slots: OpenFileSlots;
  #next = 0;

  /** `listing` is the stream's from now on; when there is no place for it, still the caller's. */
  constructor(listing: Listing, options: ResourceOptions & { readonly slots: OpenFileSlots }) {
    options.slots.take();
    super(options);
    this.#listing = listing;
    this.#slots = options.slots;
  }

  // WIT read-directory-entry: func() -> result<option<directory-entry>, error-code>
  readDirectoryEntry(): Declared.DirectoryEntry | undefined {
    const entry = this.#listing.entries[this.#next];
    if (entry === undefined) return undefined;
    this.#next++;
    // What is no UTF-8 on the disk; the next call goes on behind it.
    if (entry.name.includes("\uFFFD")) throw fileError("illegal-byte-sequence");
    return { name: entry.name, type: entry.kind };
  }

  protected override onDrop(): void {
    this.#listing.close();
    this.#slots.give();
  }
}
