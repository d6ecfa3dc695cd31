/** The files of the admin page, read once each. */
import { readFile } from "node:fs/promises";

/** A file as it is sent. */
export interface PageFile {
  readonly contentType: string;
  readonly text: string;
}

/** All there are: a name from outside never becomes a path. */
const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ["index.html", "text/html; charset=utf-8"],
  ["page.js", "text/javascript; charset=utf-8"],
  ["picture.js", "text/javascript; charset=utf-8"],
  ["elements.js", "text/javascript; charset=utf-8"],
  ["page.css", "text/css; charset=utf-8"],
]);

const read = new Map<string, Promise<PageFile>>();

/** The file of this name; undefined when there is none. */
export async function pageFile(name: string): Promise<PageFile | undefined> {
  const contentType = CONTENT_TYPES.get(name);
  if (contentType === undefined) return undefined;
  let file = read.get(name);
  if (file === undefined) {
    file = textBeside(`./page/${name}`).then((text) => ({ contentType, text }));
    read.set(name, file);
    // The next one tries again.
    file.catch(() => read.delete(name));
  }
  return await file;
}

/** A package of JSR is no folder: its modules come from https, and so do the files beside them. */
async function textBeside(name: string): Promise<string> {
  const url = new URL(name, import.meta.url);
  if (url.protocol === "file:") return await readFile(url, "utf8");
  const response = await fetch(url);
  if (!response.ok) throw new TypeError(`Cannot read "${url}": the answer is ${response.status}, expected 200`);
  return await response.text();
}
