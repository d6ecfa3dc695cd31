/** All pages, and their text. A code without a page does not compile. */
import type { FaultCode } from "../../base/fault_codes.ts";
import { FILE_PAGES } from "./file_pages.ts";
import { GUEST_PAGES } from "./guest_pages.ts";
import type { FaultPage } from "./page.ts";
import { PROCESS_PAGES } from "./process_pages.ts";
import { REQUEST_PAGES } from "./request_pages.ts";

/** By code. */
export const FAULT_PAGES: Readonly<Record<FaultCode, FaultPage>> = {
  ...FILE_PAGES,
  ...GUEST_PAGES,
  ...PROCESS_PAGES,
  ...REQUEST_PAGES,
};

/** Wide enough for sentences, narrow enough for a terminal. */
const WIDTH = 96;

/** What `loopgate help LG1104` prints. */
export function pageText(code: FaultCode): string {
  const { title, cause, fix } = FAULT_PAGES[code];
  return `${code}: ${title}\n\n${wrapped(`Why: ${cause}`)}\n\n${wrapped(`What to do: ${fix}`)}\n`;
}

/** The page below `docs/errors`. */
export function pageMarkdown(code: FaultCode): string {
  const { title, cause, fix } = FAULT_PAGES[code];
  return `# ${code}: ${title}\n\n${cause}\n\n## What to do\n\n${fix}\n`;
}

function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}
