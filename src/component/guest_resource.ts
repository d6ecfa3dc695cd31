/**
 * Resources that the guest defines, as the host sees them: one class per instance and resource, with constructor, methods
 * and statics as the component exports them, and `Symbol.dispose`. Objects that the host forgets to dispose live as long
 * as their instance.
 */
import type { Constructor, GuestResources } from "./abi_env.ts";
import { misfit } from "./abi_fault.ts";
import type { ExportedFunction } from "./exported.ts";

/** What stands behind a host object; `null` once it was dropped or moved back into the guest. */
interface Entry {
  readonly resourceId: number;
  rep: number | null;
}

/** The host's class for a resource of the guest. */
export interface GuestClass {
  /** Constructible; prototype and statics are filled while the exports are made. */
  readonly constructible: new (...args: unknown[]) => object;
  construct: ExportedFunction | null;
}

/** The host's objects for the resources that one instance defines. */
export class GuestObjects implements GuestResources {
  #entries = new WeakMap<object, Entry>();
  #hasEntries = false;
  readonly #classes = new Map<number, GuestClass>();
  readonly #hostClasses: ReadonlyMap<number, Constructor>;
  readonly #destroy: (resourceId: number, rep: number) => void;

  constructor(
    hostClasses: ReadonlyMap<number, Constructor>,
    destroy: (resourceId: number, rep: number) => void,
  ) {
    this.#hostClasses = hostClasses;
    this.#destroy = destroy;
  }

  /** The class of a resource; made on first use. */
  classOf(resourceId: number, name: string): GuestClass {
    let found = this.#classes.get(resourceId);
    if (found === undefined) {
      found = this.#makeClass(name);
      this.#classes.set(resourceId, found);
    }
    return found;
  }

  wrap(resourceId: number, rep: number): object {
    const { constructible } = this.classOf(resourceId, "");
    const object: object = Object.create(constructible.prototype as object);
    this.#entries.set(object, { resourceId, rep });
    this.#hasEntries = true;
    return object;
  }

  unwrap(resourceId: number, value: unknown, take: boolean): number {
    const entry = typeof value === "object" && value !== null ? this.#entries.get(value) : undefined;
    if (entry?.resourceId !== resourceId) return misfit("a resource of this instance", value);
    const { rep } = entry;
    if (rep === null) return misfit("a resource that was neither dropped nor given away", value);
    if (take) entry.rep = null;
    return rep;
  }

  /** Every object that was made is dead: its instance begins anew. */
  forget(): void {
    // Most guests make none, and a weak map is dear to the garbage collector.
    if (!this.#hasEntries) return;
    this.#hasEntries = false;
    this.#entries = new WeakMap();
  }

  hostClass(resourceId: number): Constructor | null {
    return this.#hostClasses.get(resourceId) ?? null;
  }

  #makeClass(name: string): GuestClass {
    class GuestResource {
      constructor(...args: unknown[]) {
        const { construct } = guestClass;
        if (construct === null) throw new TypeError(`Cannot construct ${name}: the guest exports no constructor`);
        return construct(...args) as GuestResource;
      }

      [Symbol.dispose](): void {
        drop(this);
      }
    }
    const guestClass: GuestClass = { constructible: GuestResource, construct: null };
    Object.defineProperty(GuestResource, "name", { value: name });
    const drop = (object: object): void => {
      const entry = this.#entries.get(object);
      if (entry === undefined || entry.rep === null) return;
      this.#destroy(entry.resourceId, entry.rep);
      entry.rep = null;
    };
    return guestClass;
  }
}
