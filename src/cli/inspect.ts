/** `loopgate inspect`: what a component is, and the file that would serve it. */
import { escapeText } from "../base/escape_text.ts";
import { roughByteSize } from "../base/quantity.ts";
import type { FileReader } from "../config/file_reader.ts";
import { type ComponentFacts, componentFacts, type ExternFacts, type PolicyNeed } from "../gateway/component_facts.ts";
import type { InspectCommand } from "./args/inspect.ts";
import { type Colours, coloursFor } from "./colours.ts";
import { OPERATOR_EXIT_CODE } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";
import { useComponent } from "./use_component.ts";

/** Where the outside comes in. */
export interface InspectTools {
  readonly terminal: Terminal;
  readonly files: FileReader;
}

/**
 * Prints it; resolves to the exit code.
 *
 * @throws {LoopgateError} ERR_COMPONENT when it is no component that the engine knows
 */
export async function inspect(
  { component, isJson }: InspectCommand,
  { terminal, files }: InspectTools,
): Promise<number> {
  const facts = await useComponent(component, { files, verb: "inspect", use: componentFacts });
  const { stdout } = terminal;
  if (isJson) stdout.write(`${JSON.stringify({ component, ...facts })}\n`);
  else stdout.write(inspectText(component, facts, coloursFor(stdout.isColoured)));
  return facts.fault === undefined ? 0 : OPERATOR_EXIT_CODE;
}

/** What a need is about, and what says so in a file. */
const NEED_TEXT: Readonly<Record<PolicyNeed, string>> = {
  http: 'outgoing HTTP: "net" says where to; 127.0.0.1 is the workload\'s own service',
  tcp: 'TCP: "net" says where to; 127.0.0.1 is the workload\'s own loopback',
  udp: 'UDP: a rule like "udp://192.0.2.1:53" in "net" opens it, nothing else does',
  names: 'lookups of names: "dns" says which; by default none resolves',
  files: "files, where there are any",
};

/** For people. What a component calls itself is not trusted on a terminal. */
export function inspectText(component: string, facts: ComponentFacts, colours: Colours): string {
  const { bytes, sha256, roles, memoryBytesMin, needs, fault } = facts;
  const lines = [
    colours.strong(escapeText(component)),
    `  size    ${roughByteSize(bytes)}, sha256 ${sha256}`,
    `  memory  ${roughByteSize(memoryBytesMin)} from the start`,
    `  role    ${roleText(facts)}`,
    "",
    ...worldText(facts),
    "",
    needs.length === 0 ? "It asks a policy for nothing." : "It may ask the policy for:",
    ...needs.map((need) => `  ${NEED_TEXT[need]}`),
  ];
  if (fault !== undefined) lines.push("", `${colours.fault("This gateway cannot run it")}: ${escapeText(fault)}`);
  else if (roles.length > 0) lines.push("", ...fileText(component, facts));
  return `${lines.join("\n")}\n`;
}

function roleText({ roles }: ComponentFacts): string {
  const words = [
    ...(roles.includes("component") ? ["a route's component (it exports wasi:http/incoming-handler)"] : []),
    ...(roles.includes("service") ? ["a service, or a command for `loopgate run` (it exports wasi:cli/run)"] : []),
  ];
  return words.length === 0 ? "none: it exports neither wasi:http/incoming-handler nor wasi:cli/run" : words.join("; ");
}

/** As WIT writes a world; functions of its own are written out, those of interfaces are in `--json`. */
function worldText({ imports, exports }: ComponentFacts): readonly string[] {
  const lines = [
    ...imports.map((each) => `  import ${externText(each)}`),
    ...exports.map((each) => `  export ${externText(each)}`),
  ];
  return ["world root {", ...lines, "}"];
}

function externText({ name, kind, functions }: ExternFacts): string {
  const shown = escapeText(name);
  const [only] = functions;
  if (kind === "func" && only !== undefined) return `${shown}: func${escapeText(only.type)};`;
  if (kind !== "interface") return `${shown}: ${kind};`;
  return `${shown}; // ${functions.length} ${functions.length === 1 ? "function" : "functions"}`;
}

/** The smallest file that serves it, with what it may need closed: whoever opens something should have meant to. */
function fileText(component: string, { roles, needs }: ComponentFacts): readonly string[] {
  const file = component.split("/").at(-1) ?? component;
  const isAsking = needs.some((need) => need === "http" || need === "tcp" || need === "udp");
  const keys = [
    ...(roles.includes("component") ? ['"match": { "path": "/*" }'] : []),
    roles.includes("component")
      ? `"component": ${JSON.stringify(file)}`
      : `"service": { "component": ${JSON.stringify(file)} }`,
    ...(isAsking ? ['"net": []'] : []),
    ...(needs.includes("names") ? ['"dns": []'] : []),
  ];
  const name = roles.includes("component") ? "all.route.jsonc" : "workload.jsonc";
  const closed = isAsking ? ' (its private loopback is all it reaches: add to "net" what else it may)' : "";
  return [`The smallest file that serves it, ${name} beside it${closed}:`, `  { ${keys.join(", ")} }`];
}
