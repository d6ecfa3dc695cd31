/**
 * Style that runs as a test: ranks, files that touch the operating system, file sizes, banned imports, doc sentences.
 * The ranks and the list of files are read from ARCHITECTURE.md, so that page cannot be wrong.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import process from "node:process";
import { ROOT } from "./tools.ts";

/** Past this many lines a file says at its top why it is long. */
const LINES_MAX = 350;
const LONG_REASON = /^\/\/ tidy: long because \S/m;
/** Modules that reach sockets, names, files, threads or processes. */
const OS_MODULES =
  /^node:(?:fs|fs\/promises|net|tls|http|https|http2|dgram|dns|dns\/promises|os|child_process|cluster|worker_threads|repl|inspector|module|sqlite|vm)$/;
/** Packages that do. */
const OS_PACKAGES: ReadonlySet<string> = new Set(["undici", "@opentelemetry/exporter-trace-otlp-http"]);
const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
/** With its path written out and a reason above it: what is loaded when it is needed is held against the ranks all the same. */
const LAZY_IMPORT = /^ *\/\/ lazy: \S.*\n.*\bimport\(\s*["']([^"']+)["']\s*\)/gm;
const DYNAMIC_IMPORT = /(?:await|return|void|=>|=|\() *import\(|\bimport\(\s*["'`]|\brequire\(\s*["']/;
const OS_GLOBALS = /\bDeno\.|\bprocess\.(?:binding|dlopen|kill|chdir|getBuiltinModule)\b/;
const EXPORTED = /^export (?:async )?(?:abstract )?(?:function\*?|class|interface|type|const) (\w+)/gm;

const architecture = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
const ranks = readRanks();
const osFiles = readOsFiles();
const faults: string[] = [];

for (const file of globSync(["src/**/*.ts", "scripts/**/*.ts", "test/**/*.ts"], { cwd: ROOT }).toSorted()) {
  checkFile(file);
}
for (const file of osFiles) {
  if (!globSync(file, { cwd: ROOT }).length) fault("ARCHITECTURE.md", `it lists ${file}, which is not there`);
}
for (const line of faults) console.log(line);
process.exit(faults.length === 0 ? 0 : 1);

function checkFile(file: string): void {
  const text = readFileSync(join(ROOT, file), "utf8");
  const lines = text.split("\n").length;
  if (lines > LINES_MAX && !LONG_REASON.test(text)) {
    fault(file, `${lines} lines, expected at most ${LINES_MAX} or a line "// tidy: long because <reason>"`);
  }
  if (!file.startsWith(`src${sep}`)) return;
  const isTest = file.endsWith("_test.ts");
  for (const [, isType, target] of text.matchAll(IMPORT)) checkImport(file, target ?? "", isType !== undefined, isTest);
  if (isTest) return;
  for (const [, target] of text.matchAll(LAZY_IMPORT)) checkImport(file, target ?? "", false, isTest);
  if (DYNAMIC_IMPORT.test(text.replace(LAZY_IMPORT, ""))) {
    fault(file, 'a dynamic import, expected a static one, or a path in quotes below a line "// lazy: <reason>"');
  }
  if (/^export default/m.test(text)) fault(file, "a default export, expected named ones");
  if (/\beval\(|new Function\(/.test(text)) {
    fault(file, "code made from text, expected none: names of components must never become code");
  }
  if (OS_GLOBALS.test(text) && !osFiles.has(file)) {
    fault(file, "it touches the operating system, expected it in the list of ARCHITECTURE.md");
  }
  for (const match of text.matchAll(EXPORTED)) {
    if (!/\*\/\s*$/.test(text.slice(0, match.index))) fault(file, `no doc sentence above ${match[1] ?? "?"}`);
  }
}

function checkImport(file: string, target: string, isType: boolean, isTest: boolean): void {
  if (target.startsWith("@bytecodealliance/preview2-shim") && !isType) {
    fault(file, "it loads preview2-shim, expected `import type`: its Node flavour starts a thread and blocks");
  }
  if ((OS_MODULES.test(target) || OS_PACKAGES.has(target)) && !isType && !isTest && !osFiles.has(file)) {
    fault(
      file,
      `it imports ${target}, expected it in the list of ARCHITECTURE.md ("Files that touch the operating system")`,
    );
  }
  if (!target.startsWith(".")) return;
  const to = normalize(join(dirname(file), target));
  if (!target.endsWith(".ts") && !target.endsWith(".json")) {
    fault(file, `it imports ${target}, expected the file with its ending`);
  }
  const [fromFolder, toFolder] = [folderOf(file), folderOf(to)];
  if (fromFolder === toFolder || file === join("src", "mod.ts")) return;
  if (to.startsWith(`test${sep}`) && isTest) return;
  const [from, into] = [ranks.get(fromFolder), ranks.get(toFolder)];
  if (from === undefined || into === undefined) {
    fault(file, `it imports ${target}: ARCHITECTURE.md gives no rank to ${from === undefined ? fromFolder : toFolder}`);
  } else if (into >= from && !isTest) {
    fault(file, `it imports ${target}: rank ${from} (${fromFolder}) may not import rank ${into} (${toFolder})`);
  }
}

function folderOf(file: string): string {
  return file.split(sep)[1] ?? "";
}

/** Lines of the form `| 3 | policy | ... |`. */
function readRanks(): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, rank, folders] of architecture.matchAll(/^\| (\d+) +\| ([^|]+?) +\|/gm)) {
    for (const folder of (folders ?? "").split(",")) found.set(folder.trim().replaceAll("`", ""), Number(rank));
  }
  return found;
}

/** The list under the heading "Files that touch the operating system": "- `src/...`: why". */
function readOsFiles(): Set<string> {
  const section = architecture.split(/^#+ Files that touch the operating system$/m)[1]?.split(/^#/m)[0] ?? "";
  return new Set([...section.matchAll(/^- `([^`]+)`/gm)].map((match) => match[1] ?? ""));
}

function fault(file: string, message: string): void {
  faults.push(`${file}: ${message}`);
}
