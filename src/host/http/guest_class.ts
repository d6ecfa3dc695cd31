/**
 * A host class as guests construct it. WIT constructors have no parameter for the guest they belong to, so each guest
 * gets its own constructor; the objects are those of the host class, however they came to be.
 */

/**
 * A constructor that calls `make`, with the prototype of `base`: `instanceof` and the methods are those of `base`.
 *
 * @example
 * const GuestFields = guestClass(Fields, () => Fields.create(context));
 * new GuestFields() instanceof Fields; // true
 */
export function guestClass<A extends unknown[], T extends object>(
  base: { readonly prototype: T },
  make: (...args: A) => T,
): { new (...args: A): T; readonly prototype: T } {
  function GuestClass(...args: A): T {
    return make(...args);
  }
  GuestClass.prototype = base.prototype;
  // A function that returns an object is a constructor, which TypeScript has no type for.
  return GuestClass as unknown as { new (...args: A): T; readonly prototype: T };
}
