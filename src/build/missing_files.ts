/**
 * Files that a guest's sources import and that are not there. The bundler ends at the first of them and tells nothing of the
 * packages that are missing too; passed over as if somebody else had them, as it does with packages, all are told at once.
 */
import { isAbsolute } from "node:path";
import type { Plugin, RolldownLog } from "rolldown";
import { readText } from "./build_files.ts";

/** Adds to `missing` what the bundler would say of each. */
export function missingFilesPlugin(missing: RolldownLog[]): Plugin {
  return {
    name: "loopgate-missing-files",
    async resolveId(id, importer) {
      if (importer === undefined || !/^\.{1,2}\//.test(id) || !isAbsolute(importer)) return null;
      const found = await this.resolve(id, importer, { skipSelf: true });
      if (found !== null) return found;
      missing.push({
        code: "UNRESOLVED_IMPORT",
        exporter: id,
        message: `Could not resolve '${id}'`,
        loc: { file: importer, ...placeOfImport(await readText(importer), id) },
      });
      return { id, external: true };
    },
  };
}

/** Of the text between the quotes and them; line from 1, column from 0. */
function placeOfImport(source: string, specifier: string): { readonly line: number; readonly column: number } {
  const quoted = RegExp.escape(specifier);
  const found = new RegExp(String.raw`\b(?:from|import)\s*\(?\s*(?=(["'])${quoted}\1)`).exec(source);
  const before = source.slice(0, found === null ? 0 : found.index + found[0].length).split(/\r\n?|\n/);
  return { line: before.length, column: before.at(-1)?.length ?? 0 };
}
