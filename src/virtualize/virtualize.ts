/**
 * Meets some imports of a component by stubs inside it. The result is a component around the given one, which stands in it
 * unchanged: its imports are those that are left, and where one of the others stood, a component of ours is instantiated.
 *
 * Types keep their identity: what the given component imports, aliases and names of types before its last import is
 * written again in the same order, with the stub's instance in the place of the import. A stub defines the resources of
 * its own interface and is given those of others, whoever provides them.
 */
import { ComponentError } from "../component/errors.ts";
import { linkComponent } from "../component/link.ts";
import { parseComponent } from "../component/parse.ts";
import type { ComponentExport, LinkPlan, ValueType } from "../component/types.ts";
import type { FixedAnswers } from "./answers.ts";
import { bareNameOf, interfacesOf, isDenied } from "./denials.ts";
import { RootWriter } from "./root_writer.ts";
import { VirtualizeError } from "./virtualize_error.ts";
import { childrenOf } from "../component/abi_layout.ts";

/** What is to be met. */
export interface VirtualizeOptions extends FixedAnswers {
  /** Words of `--deny`. */
  readonly deny: readonly string[];
}

/** The component, and what became of its imports, as they are written. */
export interface Virtualized {
  readonly bytes: Uint8Array;
  /** Met by stubs now. */
  readonly met: readonly string[];
  /** Still imported. */
  readonly left: readonly string[];
  /** Words of `deny` that no import has anything to do with. */
  readonly unused: readonly string[];
}

/**
 * @throws {ComponentError} when the bytes are no component
 * @throws {VirtualizeError} when its imports cannot be met as asked
 * @example
 * const { bytes } = virtualize(await readFile("app.wasm"), { deny: ["sockets", "http"] });
 */
export function virtualize(component: Uint8Array, options: VirtualizeOptions): Virtualized {
  const ast = parseComponent(component);
  const plan = linkComponent(ast, component);
  const patterns = patternsOf(options);
  const isMet = decideImports(plan, patterns);
  const met = plan.imports.filter(({ name }) => isMet(name)).map(({ name }) => name);
  const left = plan.imports.filter(({ name }) => !isMet(name)).map(({ name }) => name);
  if (met.length === 0) {
    const words = patterns.length === 0 ? "nothing" : options.deny.join(", ");
    throw new VirtualizeError(
      `Cannot deny ${words}: the component imports nothing of it, expected one of its imports: ${left.join(", ")}`,
    );
  }
  const writer = new RootWriter(plan, isMet, options);
  const unused = options.deny.filter((word) =>
    !plan.imports.some(({ name }) => isDenied(bareNameOf(name), interfacesOf(word)))
  );
  const bytes = writer.write(ast, component);
  expectSound(bytes);
  return { bytes, met, left, unused };
}

/** What is written is never taken on trust: a host would say so much later, and not which import it is about. */
function expectSound(bytes: Uint8Array): void {
  try {
    linkComponent(parseComponent(bytes), bytes);
  } catch (cause) {
    if (!(cause instanceof ComponentError)) throw cause;
    const is = cause.message.replace("Cannot use the component: ", "");
    throw new VirtualizeError(`Cannot meet these imports: the result could not be used: ${is}`);
  }
}

function patternsOf({ deny, env, args, randomSeed }: VirtualizeOptions): readonly string[] {
  const patterns = deny.flatMap(interfacesOf);
  // What has a fixed answer is met, whether or not it is denied besides.
  if (env !== undefined || args !== undefined) patterns.push(...interfacesOf("environment"));
  if (randomSeed !== undefined) patterns.push(...interfacesOf("random"));
  return patterns;
}

/** Which imports are met. One whose types an export uses is refused, or stays where only its word named it. */
function decideImports(plan: LinkPlan, patterns: readonly string[]): (name: string) => boolean {
  const met = new Set(
    plan.imports.filter((item) => item.kind === "instance" && isDenied(bareNameOf(item.name), patterns)).map((
      { name },
    ) => name),
  );
  // A handler's requests come from its host, with the types that outgoing ones have too.
  const exported = interfacesIn([...plan.exports.values()].flatMap(exportedTypes));
  for (const name of met) {
    if (!exported.has(name)) continue;
    if (bareNameOf(name) !== HTTP_TYPES) {
      throw new VirtualizeError(
        `Cannot deny ${name}: an export of the component uses its types, expected it left out of --deny`,
      );
    }
    met.delete(name);
  }
  return (name) => met.has(name);
}

const HTTP_TYPES = "wasi:http/types";

function exportedTypes(item: ComponentExport): readonly ValueType[] {
  if (item.kind === "instance") return [...item.exports.values()].flatMap(exportedTypes);
  if (item.kind !== "func") return [];
  const { params, result } = item.func.type;
  return [...params.map((param) => param.type), ...(result === null ? [] : [result])];
}

/** The imported interfaces whose resources are in `types`. */
function interfacesIn(types: readonly ValueType[]): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<ValueType>();
  const left = [...types];
  for (let type = left.pop(); type !== undefined; type = left.pop()) {
    if (seen.has(type)) continue;
    seen.add(type);
    if (type.kind === "own" || type.kind === "borrow") {
      const { origin } = type.resource;
      if (origin.kind === "host" && origin.interfaceName !== null) found.add(origin.interfaceName);
    }
    left.push(...childrenOf(type));
  }
  return found;
}
