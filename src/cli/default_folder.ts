/** The folder of workloads that is meant when nobody names one. */
import type { FileReader } from "../config/file_reader.ts";
import { FOLDER_DEFAULT, HERE } from "./args/words.ts";

/** "workloads" where there is such a folder, as in a clone; else the current folder, as for `build` and `dev`. */
export async function defaultFolder(files: FileReader): Promise<string> {
  return (await files.inspect(FOLDER_DEFAULT))?.kind === "folder" ? FOLDER_DEFAULT : HERE;
}
