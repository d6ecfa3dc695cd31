/** What `config` needs of a machine: its files, and variables that secrets come from. `folder_files.ts` is the real one; tests have one in memory. */

/** One name in a folder; links are followed, a dangling one is "other", and one that cannot be followed "unknown". */
export interface FolderEntry {
  /** Its last part. */
  readonly name: string;
  /** What it is. Whoever goes on to read what is "unknown" is told why. */
  readonly kind: "file" | "folder" | "other" | "unknown";
}

/** What stands at a path, links followed. */
export interface FileFacts {
  /** What it is. */
  readonly kind: "file" | "folder" | "other";
  /** Absolute and without links: what decides whether it lies within a folder. */
  readonly realPath: string;
  /** This process may read it. */
  readonly isReadable: boolean;
  /** Every user of the machine can read it. Absent where nobody asks. */
  readonly isReadableByAll?: boolean;
}

/** Paths have "/" between their parts. Failures of the system are thrown as they come, with their `code`. */
export interface FileReader {
  /** What is in a folder, in any order. */
  list(folder: string): Promise<readonly FolderEntry[]>;
  /** The whole file, from one moment: what changes meanwhile is read again. Throws past `bytesMax`. */
  read(file: string, bytesMax: number): Promise<Uint8Array>;
  /** Undefined when nothing is there. */
  inspect(path: string): Promise<FileFacts | undefined>;
  /** The value of a variable of the environment; undefined when it is not set. */
  variable(name: string): string | undefined;
}

/** `folder/name`, in the user's own spelling of the folder. */
export function joinPath(folder: string, name: string): string {
  if (folder === "" || folder === ".") return name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** Whether `realPath` is below `realFolder`; both without links. */
export function isBelow(realPath: string, realFolder: string): boolean {
  const start = /[\\/]$/.test(realFolder) ? realFolder : realFolder + (realFolder.includes("\\") ? "\\" : "/");
  return realPath.startsWith(start) && realPath.length > start.length;
}

/** Why a file could not be used, as the middle of a sentence. */
export function fileFault(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (code) {
    case "ENOENT":
      return "it is not there";
    case "EACCES":
    case "EPERM":
      return "this user may not read it";
    case "ENOTDIR":
      return "it is no folder";
    case "ELOOP":
      return "its links lead in a circle";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
