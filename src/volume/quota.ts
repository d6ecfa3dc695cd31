/** How much a volume holds, and how much it may. */
import { formatByteSize } from "../base/quantity.ts";
import { fileError, VolumeLimitError } from "./entry.ts";

/** What a volume may hold. */
export interface QuotaLimits {
  /** Of all its files together. */
  readonly bytesMax: number;
  /** Files, directories and links. */
  readonly filesMax: number;
}

/** Where the bytes of a volume in memory come from besides: the memory of an instance, or of the process. */
export interface MemoryShare {
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** What else a quota is given. */
export interface QuotaOptions {
  readonly memory?: MemoryShare | undefined;
  /** Somebody met a limit. */
  readonly onFull?: () => void;
}

/** Counts what is taken and given. */
export class Quota {
  readonly #limits: QuotaLimits;
  readonly #options: QuotaOptions;
  #bytes = 0;
  #files = 0;

  constructor(limits: QuotaLimits, options: QuotaOptions = {}) {
    this.#limits = limits;
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get files(): number {
    return this.#files;
  }

  get limits(): QuotaLimits {
    return this.#limits;
  }

  /** @throws {VolumeLimitError} `insufficient-space`, as a full disk says */
  takeBytes(bytes: number): void {
    const { bytesMax } = this.#limits;
    if (this.#bytes + bytes > bytesMax) {
      const detail = `it asked for ${this.#bytes + bytes} bytes in a volume of ${formatByteSize(bytesMax)}`;
      throw this.#full("volumeSize", detail);
    }
    // Whoever keeps that limit tells it.
    if (this.#options.memory?.take(bytes) === false) throw fileError("insufficient-space");
    this.#bytes += bytes;
  }

  giveBytes(bytes: number): void {
    const given = Math.min(bytes, this.#bytes);
    this.#bytes -= given;
    this.#options.memory?.give(given);
  }

  /** @throws {VolumeLimitError} `insufficient-space` */
  takeFile(): void {
    const { filesMax } = this.#limits;
    if (this.#files >= filesMax) {
      throw this.#full("volumeFiles", `its volume has all ${filesMax} files that it may have`);
    }
    this.#files++;
  }

  giveFile(): void {
    if (this.#files > 0) this.#files--;
  }

  /** After a count of what is really there: others may have changed it. */
  reset(counted: { readonly bytes: number; readonly files: number }): void {
    this.#bytes = counted.bytes;
    this.#files = counted.files;
  }

  #full(limit: "volumeSize" | "volumeFiles", detail: string): VolumeLimitError {
    this.#options.onFull?.();
    return new VolumeLimitError("insufficient-space", limit, detail);
  }
}
