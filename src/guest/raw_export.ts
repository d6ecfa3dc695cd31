/** A WIT export that the guest makes itself. */
import { endFirstLines } from "./first_lines.ts";

/** An interface of functions. */
type Face = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** The function `name` of the guest's own `face`, which is looked for at each call, as the engine would. */
export function rawExport(face: () => Face, name: string): Face {
  return {
    [name](...args: unknown[]) {
      endFirstLines();
      const own = face();
      const call = own[name];
      if (typeof call !== "function") throw new TypeError(`The export has no function "${name}", expected one`);
      return call.apply(own, args);
    },
  };
}
