/** A component's file, for the commands that are given one. */
import { LoopgateError } from "../base/errors.ts";
import { ComponentError } from "../component/errors.ts";
import { fileFault, type FileReader } from "../config/file_reader.ts";
import { faultOf } from "../gateway/component_role.ts";
import { COMPONENT_BYTES_MAX } from "../gateway/load_components.ts";

/** What is done with it. */
export interface UseComponentOptions<Result> {
  readonly files: FileReader;
  /** As in "Cannot inspect". */
  readonly verb: string;
  readonly use: (bytes: Uint8Array) => Result | Promise<Result>;
}

/**
 * Reads a component and gives what `use` makes of it.
 *
 * @throws {LoopgateError} when it cannot be read, or `use` throws a ComponentError: it is no component that the engine knows
 */
export async function useComponent<Result>(
  component: string,
  { files, verb, use }: UseComponentOptions<Result>,
): Promise<Result> {
  const start = `Cannot ${verb} "${component}"`;
  let bytes: Uint8Array;
  try {
    bytes = await files.read(component, COMPONENT_BYTES_MAX);
  } catch (cause) {
    throw new LoopgateError("LG2007", `${start}: ${fileFault(cause)}, expected a component`, { cause });
  }
  try {
    return await use(bytes);
  } catch (cause) {
    if (cause instanceof ComponentError) throw new LoopgateError(cause.fault, `${start}: ${faultOf(cause)}`, { cause });
    throw cause;
  }
}
