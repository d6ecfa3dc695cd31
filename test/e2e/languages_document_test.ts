/** What docs/languages.md says to type is typed, with the toolchains that are there, and what comes out is served. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { llvmLibraries, rustEnvironment } from "../../scripts/guest_build/rust_toolchain.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { blocksOf, DocumentShell, quotedWord, scriptOf } from "../support/document_commands.ts";
import { MAIN, ROOT, RUN } from "../support/program.ts";

const DOCUMENT = readFileSync(join(ROOT, "docs/languages.md"), "utf8");
const TOOLCHAINS = join(ROOT, ".cache/toolchains");

/** The folder of a toolchain of the test guests; undefined when it could not be made here. */
function toolchain(name: string): string | undefined {
  const folder = (process.platform === "linux" ? readToolchains() : []).find((each) => each.startsWith(`${name}-`));
  return folder === undefined || folder.endsWith(".partial") ? undefined : join(TOOLCHAINS, folder);
}

function readToolchains(): readonly string[] {
  try {
    return readdirSync(TOOLCHAINS);
  } catch {
    return [];
  }
}

const [RUST, CLANG, PYTHON] = ["rust", "clang", "python"].map(toolchain);

/** A program of the machine; undefined where there is none. */
function installed(program: string): string | undefined {
  const { stdout } = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
  return stdout.trim() === "" ? undefined : stdout.trim();
}

const SELF = [process.execPath, ...RUN].map(quotedWord).join(" ");
/** Takes `install` of a version that is there, and of no other. */
function installer(words: string): string {
  return `[ "$*" = ${quotedWord(words)} ] || { echo "this test has no: $0 $*"; exit 1; }`;
}

/** What a reader would have installed: toolchains stand where they were unpacked, and that is all that differs. */
const PROGRAMS: Readonly<Record<string, string>> = {
  loopgate: `exec ${SELF} ${quotedWord(MAIN)} "$@"`,
  npx: `[ "$1" = @bytecodealliance/jco ] || exit 1; shift
exec ${SELF} ${quotedWord(join(ROOT, "node_modules/@bytecodealliance/jco/dist/jco.js"))} "$@"`,
  rustup: installer("target add wasm32-wasip1"),
  pip: installer(`install componentize-py==${PYTHON?.split("-").at(-1)}`),
  "componentize-py": `PYTHONPATH=${quotedWord(PYTHON ?? "")} exec python3 ${
    quotedWord(`${PYTHON}/bin/componentize-py`)
  } "$@"`,
  cargo: cargoScript(),
  clang: clangScript(),
};

/** What cargo made of other people's crates stays for the next run, of either runtime: it takes a minute. */
function cargoScript(): string {
  const variables = Object.entries(rustEnvironment(RUST ?? "")).map(([name, value]) => `${name}=${quotedWord(value)}`);
  const target = quotedWord(join(ROOT, ".cache/languages_document/target"));
  return `case "$1" in
build) mkdir -p ${target} && ln -sfn ${target} target && ${variables.join(" ")} exec ${installed("cargo")} "$@" ;;
*) exec ${installed("cargo")} "$@" ;;
esac`;
}

function clangScript(): string {
  const [llvm, clang] = [RUST ?? "", CLANG ?? ""];
  const libraries = `${llvmLibraries(llvm)}:${clang}/usr/lib/x86_64-linux-gnu`;
  return `for word do
  shift
  [ "$word" = --sysroot=/usr ] && word=--sysroot=${quotedWord(`${llvm}/usr`)}
  set -- "$@" "$word"
done
resources=$(dirname "$(dirname "$(ls -d ${quotedWord(clang)}/usr/lib/llvm/lib/clang/*/lib/wasi)")")
export LD_LIBRARY_PATH=${quotedWord(libraries)}
exec ${quotedWord(`${clang}/usr/lib/llvm/bin/clang`)} -resource-dir "$resources" -fuse-ld=${
    quotedWord(`${llvm}/usr/lib/llvm/bin/wasm-ld`)
  } "$@"`;
}

interface Section {
  readonly heading: string;
  /** Sections whose commands come before. */
  readonly after?: readonly string[];
  /** Why it cannot run here; undefined: it can. */
  readonly missing: string | undefined;
  /** What its commands print. */
  readonly prints?: RegExp;
  /** What its handler answers. */
  readonly answers?: string;
  /** Its commands make a whole workload, in the folder where they end. */
  readonly isServed?: boolean;
}

const WASI = "The text of WASI";
const SECTIONS: readonly Section[] = [
  { heading: "TypeScript", missing: undefined, prints: /^1 workload, no fault$/m },
  {
    heading: "Rust",
    missing: RUST === undefined ? "there is no Rust toolchain for WASI" : undefined,
    answers: "you asked for /some/path\n",
  },
  {
    heading: "C",
    missing: CLANG === undefined ? "there is no clang for WASI" : undefined,
    prints: /^hello, Ada$/m,
  },
  {
    heading: "A handler in C",
    missing: CLANG === undefined ? "there is no clang for WASI" : undefined,
    answers: "hello from C\n",
    isServed: true,
  },
  { heading: "Go", missing: installed("go") === undefined ? "there is no Go" : undefined, prints: /^hello, Ada$/m },
  {
    heading: "A handler in Go",
    missing: installed("go") === undefined ? "there is no Go" : undefined,
    answers: "hello from Go\n",
    isServed: true,
  },
  {
    heading: "Python",
    after: [WASI],
    missing: PYTHON === undefined ? "there is no componentize-py" : undefined,
    answers: "you asked for /some/path\n",
  },
];

for (const { heading, after = [], missing, prints, answers, isServed = false } of SECTIONS) {
  test(`docs/languages.md: ${heading}`, { skip: missing ?? false }, async () => {
    const shell = await DocumentShell.open(PROGRAMS);
    try {
      const blocks = [...after, heading].flatMap((each) => blocksOf(DOCUMENT, each));
      // The script ends where its last command left it; what is served stands there.
      const words = isServed ? "loopgate serve .\n" : scriptOf(blocksOf(DOCUMENT, "Serving a handler"));
      const serving = answers === undefined ? "" : words.replace(/^loopgate serve \.$/m, 'pwd > "$SERVED"');
      const place = join(shell.folder, "..", "served");
      const { exitCode, printed } = await shell.run(`${scriptOf(blocks)}${serving}`, {
        SERVED: place,
        GOCACHE: join(ROOT, ".cache/go-build"),
      });
      assert.equal(exitCode, 0, printed);
      if (prints !== undefined) assert.match(printed, prints);
      if (answers === undefined) return;
      const folder = readFileSync(place, "utf8").trim();
      const gateway = await startGateway({ folder, listen: { host: "127.0.0.1", port: 0 } });
      try {
        const answer = await fetch(`${gateway.url}${isServed ? "/hi" : "/some/path"}`);
        assert.deepEqual([answer.status, await answer.text()], [200, answers]);
      } finally {
        await gateway.close();
      }
    } finally {
      await shell.close();
    }
  });
}

test("docs/languages.md: every section with commands is tried, or said not to be", () => {
  const headings = [...DOCUMENT.matchAll(/^## (.+)$/gm)].map(([, heading = ""]) => heading);
  const tried = [...SECTIONS.map(({ heading }) => heading), WASI, "Serving a handler"];
  const commands = headings.filter((each) => blocksOf(DOCUMENT, each).some(({ language }) => language === ""));
  assert.deepEqual(commands.toSorted(), tried.toSorted());
});
