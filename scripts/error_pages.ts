/** Writes `docs/errors`: a page for each code of a fault, and the list of them. Run by hand after a change of the pages. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAULT_CODES, type FaultCode } from "../src/base/fault_codes.ts";
import { FAULT_PAGES, pageMarkdown } from "../src/cli/fault_pages/pages.ts";
import { ROOT } from "./tools.ts";

/** Groups of codes by their first digit. */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ["1", "Files of a folder"],
  ["2", "Components"],
  ["3", "Network policy"],
  ["4", "Command line"],
  ["5", "Start, ports and processes"],
  ["6", "Builds"],
  ["7", "Requests and limits"],
  ["8", "Life of workloads and services"],
  ["9", "The gateway itself"],
]);

/** The files by name. */
export function errorPages(): ReadonlyMap<string, string> {
  const codes = Object.keys(FAULT_CODES) as FaultCode[];
  const pages = new Map(codes.map((code) => [`${code}.md`, pageMarkdown(code)]));
  const groups = [...GROUPS].map(([digit, name]) => {
    const rows = codes.filter((code) => code[2] === digit).map((code) =>
      `- [${code}](${code}.md): ${FAULT_PAGES[code].title}\n`
    );
    return `## ${name}\n\n${rows.join("")}`;
  });
  const head = "# Codes of faults\n\nWhatever the gateway complains about has a code: `error[LG1104]` on a terminal, " +
    '`"code"` in JSON, at the end of a line in the log. `loopgate help LG1104` prints its page. Codes stay what they are; ' +
    "programs match them, or the class (`ERR_CONFIG`) in `error.code`.\n\n";
  return pages.set("README.md", `${head}${groups.join("\n")}`);
}

if (import.meta.main) {
  const folder = join(ROOT, "docs/errors");
  // Made before anything is removed: a code without a page is a fault here.
  const pages = errorPages();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
}
