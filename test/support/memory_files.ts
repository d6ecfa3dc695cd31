/** A file system in memory for what reads folders. */
import type { FileReader } from "../../src/config/file_reader.ts";

/** The text or bytes of a file, or the error that reading gives. */
export type Content = string | Uint8Array | { readonly code: string } | { readonly unreadable: true };

/** Files in memory: paths and contents, or the error that reading gives. */
export function memoryFiles(
  contents: Readonly<Record<string, Content>>,
  variables: Readonly<Record<string, string>> = {},
): FileReader {
  const paths = Object.keys(contents);
  const failing = (path: string): void => {
    const content = contents[path];
    if (typeof content === "object" && "code" in content) throw Object.assign(new Error("no"), { code: content.code });
  };
  return {
    list(folder) {
      failing(`${folder}/`);
      const below = paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
      const names = new Map(
        below.filter((name) => name !== "").map((name) => [name.split("/")[0] ?? "", name.includes("/")]),
      );
      if (names.size === 0) throw Object.assign(new Error("no"), { code: "ENOENT" });
      return Promise.resolve([...names].map(([name, isFolder]) => ({ name, kind: isFolder ? "folder" : "file" })));
    },
    read(file) {
      failing(file);
      const content = contents[file];
      if (content === undefined) throw Object.assign(new Error("no"), { code: "ENOENT" });
      if (content instanceof Uint8Array) return Promise.resolve(content);
      return Promise.resolve(new TextEncoder().encode(typeof content === "string" ? content : ""));
    },
    inspect(path) {
      const content = contents[path];
      const isFolder = paths.some((each) => each.startsWith(`${path}/`));
      if (content === undefined && !isFolder) return Promise.resolve(undefined);
      const isReadable = !(typeof content === "object" && "unreadable" in content);
      return Promise.resolve({ kind: isFolder ? "folder" : "file", realPath: `/${path}`, isReadable });
    },
    variable: (name) => variables[name],
  };
}
