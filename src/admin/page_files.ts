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
  ["page.css", "text/css; charset=utf-8"],
]);

const read = new Map<string, Promise<PageFile>>();

/** The file of this name; undefined when there is none. */
export async function pageFile(name: string): Promise<PageFile | undefined> {
  const contentType = CONTENT_TYPES.get(name);
  if (contentType === undefined) return undefined;
  let file = read.get(name);
  if (file === undefined) {
    file = readFile(new URL(`./page/${name}`, import.meta.url), "utf8").then((text) => ({ contentType, text }));
    read.set(name, file);
  }
  return await file;
}
