/** The entries of directories that an instance holds: the host keeps a whole listing, for it has to be of one moment. */
import { type DirectoryEntry, fileError, VolumeLimitError } from "./entry.ts";

/** What an entry takes of the host beside its name: an object, its place, the head of a string. Measured: 70 to 90. */
const ENTRY_BYTES = 96;

/** How many entries an instance may hold at a time. */
export class EntryAllowance {
  readonly #entriesMax: number;
  #taken = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** @throws {VolumeLimitError} `insufficient-memory` */
  take(): void {
    if (this.#taken >= this.#entriesMax) {
      const detail = `it reads directories with more than ${this.#entriesMax} entries at a time`;
      throw new VolumeLimitError("insufficient-memory", "directoryEntries", detail);
    }
    this.#taken++;
  }

  give(entries: number): void {
    this.#taken -= entries;
  }
}

/** Where the memory of listings comes from: of an instance, its workload and the process. */
export interface ListingMemory {
  /** False when there is no more; whoever keeps that limit tells it. */
  hold(bytes: number): boolean;
  letGo(bytes: number): void;
}

/** One directory, entry by entry: each is paid for when it comes, so that no listing is there before it may be. */
export class Listing {
  readonly entries: DirectoryEntry[] = [];
  readonly #allowance: EntryAllowance;
  readonly #memory: ListingMemory | undefined;
  #bytes = 0;

  constructor(allowance: EntryAllowance, memory: ListingMemory | undefined) {
    this.#allowance = allowance;
    this.#memory = memory;
  }

  /** @throws {WitError<FileErrorCode>} `insufficient-memory` */
  add(entry: DirectoryEntry): void {
    this.#allowance.take();
    const bytes = ENTRY_BYTES + 2 * entry.name.length;
    if (this.#memory?.hold(bytes) === false) {
      this.#allowance.give(1);
      throw fileError("insufficient-memory");
    }
    this.#bytes += bytes;
    this.entries.push(entry);
  }

  /** Nobody reads it any more. Idempotent. */
  close(): void {
    this.#allowance.give(this.entries.length);
    this.#memory?.letGo(this.#bytes);
    this.entries.length = 0;
    this.#bytes = 0;
  }
}
