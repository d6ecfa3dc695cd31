/** A workload as its files were at one moment: all that a `Workload` is made of. */
import type { CompiledComponent } from "../component/engine.ts";
import type { WorkloadSpec } from "../workload/spec.ts";

/** Read, checked and compiled; nothing of it runs yet. */
export interface WorkloadVersion {
  readonly spec: WorkloadSpec;
  /** By the paths of `spec`. */
  readonly components: ReadonlyMap<string, CompiledComponent>;
  /** Equal for two versions that were read from the same bytes. */
  readonly fingerprint: string;
}

/** The compiled component of a path in the version's spec. */
export function componentOf({ components }: WorkloadVersion, path: string): CompiledComponent {
  const component = components.get(path);
  if (component === undefined) throw new TypeError(`Cannot find the component of "${path}", expected it loaded`);
  return component;
}
