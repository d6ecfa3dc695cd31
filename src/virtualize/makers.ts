/**
 * Handles across stubs. Only the stub that defines a resource can make one; where a function of another interface gives one
 * away, its stub calls a function that the first exports for it.
 */
import type { Declaration } from "../component/ast.ts";
import type { LinkPlan, ResourceType } from "../component/types.ts";
import { declared, type Meaning, resourceKey, type RootInterface, type RootShape } from "./interface_shape.ts";

/** Resources whose handles a function of another interface gives away, such as `instance-network` those of `network`. */
export function makersOf({ imports }: LinkPlan, isMet: (name: string) => boolean): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const item of imports) {
    if (item.kind !== "instance" || !isMet(item.name)) continue;
    for (const { type: { result } } of item.functions) {
      if (result?.kind !== "own" || result.resource.origin.kind !== "host") continue;
      const { interfaceName } = result.resource.origin;
      if (interfaceName === null || interfaceName === item.name || !isMet(interfaceName)) continue;
      keys.add(resourceKey(interfaceName, result.resource.name));
    }
  }
  return keys;
}

/** No function of WIT is called so: it is ours. */
export function makerName(key: string): string {
  const [, name] = JSON.parse(key) as readonly [string | null, string];
  return `loopgate-makes-${name}`;
}

/** The functions that make handles of `makers`, as declarations behind those of the interface. */
export function makerDeclarations(
  { name, declarations }: RootInterface,
  makers: readonly string[],
  root: RootShape,
): readonly Declaration[] {
  const own: Meaning[] = [];
  for (const declaration of declarations) {
    const meaning = declared(declaration, { interfaceName: name, own, root });
    if (meaning !== undefined) own.push(meaning);
  }
  return makers.flatMap((key, at): readonly Declaration[] => {
    const resource = own.findIndex((meaning) => meaning.kind === "resource" && meaning.key === key);
    const first = own.length + 2 * at;
    const label = makerName(key);
    const parsed = { kind: "plain", annotation: null, resource: null, label } as const;
    return [
      { kind: "type", offset: 0, type: { kind: "own", resource } },
      { kind: "type", offset: 0, type: { kind: "func", params: [], result: first } },
      {
        kind: "export declaration",
        offset: 0,
        name: { name: label, fullName: label, parsed, key: label, offset: 0 },
        description: { kind: "func", offset: 0, type: first + 1 },
      },
    ];
  });
}

/** The key of a resource of the host's side. */
export function keyOf({ origin, name }: ResourceType): string {
  return resourceKey(origin.kind === "host" ? origin.interfaceName : null, name);
}
