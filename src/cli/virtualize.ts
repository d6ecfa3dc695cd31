/** `loopgate virtualize`: a component in, a component out whose chosen imports are met inside it. */
import { LoopgateError } from "../base/errors.ts";
import { roughByteSize } from "../base/quantity.ts";
import { fileFault, type FileReader } from "../config/file_reader.ts";
import { virtualize as virtualizeBytes, type Virtualized } from "../virtualize/virtualize.ts";
import { VirtualizeError } from "../virtualize/virtualize_error.ts";
import type { VirtualizeCommand } from "./args/virtualize.ts";
import type { Terminal } from "./terminal.ts";
import { useComponent } from "./use_component.ts";

/** Where the outside comes in. */
export interface VirtualizeTools {
  readonly terminal: Terminal;
  readonly files: FileReader;
  /** Writes a file as a whole: whoever reads it meanwhile has the old one or the new one. */
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<void>;
}

/**
 * Writes the component and says what became of its imports; resolves to the exit code.
 *
 * @throws {LoopgateError} ERR_COMPONENT when it cannot be used, or not as asked; ERR_USAGE when the output cannot be written
 */
export async function virtualize(command: VirtualizeCommand, tools: VirtualizeTools): Promise<number> {
  const { component, output } = command;
  const { bytes, met, left, unused } = await virtualized(command, tools.files);
  try {
    await tools.writeFile(output, bytes);
  } catch (cause) {
    const message = `Cannot write "${output}": ${fileFault(cause)}, expected a file in a folder that is there`;
    throw new LoopgateError("LG4002", message, { cause });
  }
  const list = (names: readonly string[]): string => names.map((name) => `  ${name}\n`).join("");
  const { stdout, stderr } = tools.terminal;
  for (const word of unused) stderr.write(`${component} imports nothing of "${word}": there is nothing to deny\n`);
  stdout.write(
    `Wrote ${output} (${roughByteSize(bytes.length)})\n\nmet inside it:\n${list(met)}\nleft to its host:\n${
      list(left)
    }`,
  );
  return 0;
}

async function virtualized(command: VirtualizeCommand, files: FileReader): Promise<Virtualized> {
  const { component, deny, env, args, randomSeed } = command;
  const options = {
    deny,
    ...(env !== undefined && { env }),
    ...(args !== undefined && { args }),
    ...(randomSeed !== undefined && { randomSeed }),
  };
  try {
    const use = (bytes: Uint8Array): Virtualized => virtualizeBytes(bytes, options);
    return await useComponent(component, { files, verb: "virtualize", use });
  } catch (cause) {
    if (cause instanceof VirtualizeError) throw new LoopgateError("LG2101", cause.message, { cause });
    throw cause;
  }
}
