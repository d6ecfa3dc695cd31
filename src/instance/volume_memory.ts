/** Memory of volumes as a part of the memory of guests: in whole pages, as a guest's own. */
import type { MemoryShare } from "../volume/quota.ts";
import type { InstancePages } from "./instance_pages.ts";

/** Of WebAssembly. */
export const PAGE_BYTES = 65_536;

/** The bytes of volumes, taken from the pages of an instance (or of what stands for one). */
export class VolumeMemory implements MemoryShare {
  readonly #pages: Pick<InstancePages, "take" | "giveBack">;
  #bytes = 0;
  #taken = 0;

  constructor(pages: Pick<InstancePages, "take" | "giveBack">) {
    this.#pages = pages;
  }

  take(bytes: number): boolean {
    const more = Math.ceil((this.#bytes + bytes) / PAGE_BYTES) - this.#taken;
    if (more > 0) {
      if (!this.#pages.take(more)) return false;
      this.#taken += more;
    }
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
    const less = this.#taken - Math.ceil(this.#bytes / PAGE_BYTES);
    if (less === 0) return;
    this.#taken -= less;
    this.#pages.giveBack(less);
  }
}
