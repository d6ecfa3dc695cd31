/** `loopgate new`: its words and its help. */
import { nearestWord } from "../../base/nearest_word.ts";
import { TEMPLATE_NAMES, type TemplateName, TEMPLATES } from "../../build/templates.ts";
import { COMMON_FLAGS, type Flags, HERE, usage, type Words } from "./words.ts";

/** What `new` was asked for. */
export interface NewCommand {
  readonly kind: "new";
  readonly name: string;
  readonly template: TemplateName;
  readonly folder: string;
}

/** Its flags. */
export const NEW_FLAGS: Flags = {
  ...COMMON_FLAGS,
  template: { type: "string", short: "t" },
  language: { type: "string" },
  folder: { type: "string" },
};

const LANGUAGES = ["typescript", "rust"] as const;

/** Its help. */
export const NEW_USAGE = `Usage: loopgate new <name> [--template name] [--language typescript|rust] [--folder folder]

Makes a workload that builds and serves at once: a folder of this name. No file that is there is touched.

  --template name      what it starts from (hello):
${TEMPLATE_NAMES.map((name) => `                         ${name.padEnd(17)} ${TEMPLATES[name].about}`).join("\n")}
  --language rust      the template in Rust, where there is one
  --folder folder      the folder that is to hold it (the current folder)

Example:
  loopgate new shop --template service-tcp
`;

/** Reads the words after `new`. */
export function newCommand({ flags, positionals, rest }: Words): NewCommand {
  const [name, extra] = [...positionals, ...rest];
  if (name === undefined) {
    throw usage("Cannot make a workload: there is no name, expected `loopgate new <name>`", "new");
  }
  if (extra !== undefined) throw usage(`Cannot make "${name}": "${extra}" follows it, expected one name`, "new");
  const asked = flags.get("template")?.at(-1) ?? "hello";
  const language = flags.get("language")?.at(-1) ?? "typescript";
  if (!LANGUAGES.some((each) => each === language)) {
    const message = `Cannot use --language "${language}", expected ${LANGUAGES.join(" or ")}`;
    throw usage(message, "new", nearestWord(language, LANGUAGES));
  }
  const wanted = language === "rust" && !asked.endsWith("-rust") ? `${asked}-rust` : asked;
  const template = TEMPLATE_NAMES.find((each) => each === wanted);
  if (template === undefined) {
    const message = wanted === asked || !TEMPLATE_NAMES.some((each) => each === asked)
      ? `Cannot use --template "${asked}": there is none, expected ${TEMPLATE_NAMES.join(", ")}`
      : `Cannot use --template "${asked}" with --language rust: it is TypeScript only, expected service-tcp`;
    throw usage(message, "new", nearestWord(asked, TEMPLATE_NAMES));
  }
  return { kind: "new", name, template, folder: flags.get("folder")?.at(-1) ?? HERE };
}
