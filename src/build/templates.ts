/** What `loopgate new` starts a workload from: the samples, and what stands beside them in `templates`. */
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { filesBelow, readText } from "./build_files.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A template. */
interface Template {
  /** From the root of the package. */
  readonly folder: string;
  readonly about: string;
  /** What to ask once it is served; `:name` is the workload's. */
  readonly curl: string;
  readonly isTypeScript: boolean;
}

/** The templates by name. */
export const TEMPLATES = {
  hello: {
    folder: "workloads/hello",
    about: "one handler",
    curl: "curl http://127.0.0.1:8080/:name",
    isTypeScript: true,
  },
  "service-tcp": {
    folder: "workloads/service-tcp",
    about: "a service on the private loopback, and a handler that asks it",
    curl: `curl -d '{"payload":"hello edge"}' http://127.0.0.1:8080/task`,
    isTypeScript: true,
  },
  "fetch-proxy": {
    folder: "workloads/fetch-proxy",
    about: "a handler that asks one upstream, and may reach nothing else",
    curl: "curl http://127.0.0.1:8080/proxy/",
    isTypeScript: true,
  },
  hono: {
    folder: "templates/hono",
    about: "a Hono application",
    curl: "curl http://127.0.0.1:8080/:name/hello/you",
    isTypeScript: true,
  },
  "service-tcp-rust": {
    folder: "templates/service-tcp-rust",
    about: "service-tcp in Rust",
    curl: `curl -d '{"payload":"hello edge"}' http://127.0.0.1:8080/task`,
    isTypeScript: false,
  },
} as const satisfies Readonly<Record<string, Template>>;

/** One of them. */
export type TemplateName = keyof typeof TEMPLATES;

/** All names, the default first. */
export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as readonly TemplateName[];

/** A file of a new workload. */
export interface NewFile {
  /** From the workload's folder. */
  readonly path: string;
  readonly text: string;
}

/** Where the schemas of the package's own samples are, and where those of a workload by itself. */
const OWN_SCHEMAS = /"(?:\.\.\/)+src\/config\/(\w+\.schema\.json)"/g;
const RESULTS: ReadonlySet<string> = new Set(["dist", "target", "node_modules"]);

/** The files of a workload called `name`. */
export async function templateFiles(template: TemplateName, name: string): Promise<readonly NewFile[]> {
  const { folder, isTypeScript } = TEMPLATES[template];
  const root = join(ROOT, folder);
  const files = await Promise.all(
    (await filesBelow(root, (each) => RESULTS.has(each) || each.startsWith("."))).map(async (file) => {
      const path = relative(root, file).split(sep).join("/");
      const text = await readText(file);
      return {
        path,
        text: path.endsWith(".jsonc") ? adapted(text, template, name) : adaptedSource(text, template, name),
      };
    }),
  );
  const own = files.filter(({ path }) => !path.endsWith("_test.ts"));
  const ignored = {
    path: ".gitignore",
    text: isTypeScript ? "/dist/\n/.loopgate/\n" : "/dist/\n/target/\n/.loopgate/\n",
  };
  return isTypeScript ? [...own, ignored, EDITOR_FILE] : [...own, ignored];
}

/** An editor finds what a guest has by this; the rest is generated. */
const EDITOR_FILE: NewFile = {
  path: "tsconfig.json",
  text: `{
  // What a guest has, for your editor; \`loopgate build\` and \`loopgate dev\` keep it up to date.
  "extends": "./.loopgate/tsconfig.json",
  "include": ["src"]
}
`,
};

/** A route that has the template's name in its path gets the workload's, so that several can stand side by side. */
function adapted(text: string, template: TemplateName, name: string): string {
  const renamed = text.replaceAll(OWN_SCHEMAS, '"./.loopgate/$1"');
  return renamed.replace(new RegExp(`/${template}(?=[/\`"])`, "g"), `/${name}`);
}

function adaptedSource(text: string, template: TemplateName, name: string): string {
  return template === "hono" ? text.replaceAll('"/hono"', `"/${name}"`) : text;
}
