/** Finds the host's functions and classes for a component's imports, and names everything that is missing at once. */
import type { Constructor } from "./abi_env.ts";
import { readField } from "./abi_lower.ts";
import { importLabel } from "./canon_lower.ts";
import { ComponentError } from "./errors.ts";
import type { HostCallee, HostClass, HostFunction } from "./host_call.ts";
import { bareName, camelCase, parseFunctionName, pascalCase, versionLine } from "./js_names.ts";
import type { FuncRef, ResourceType } from "./types.ts";

/**
 * What the host offers, as for jco: `{ "wasi:io/poll": { Pollable, poll }, ... }`. An exact versioned key wins, then the
 * same interface of a compatible version, then the key without a version.
 */
export type HostImports = Readonly<Record<string, unknown>>;

/** A function that the host has to offer. */
export type ImportRef = Extract<FuncRef, { kind: "import" }>;

/** What an instance needs of the host; collected once per component. */
export interface HostNeeds {
  readonly functions: readonly ImportRef[];
  /** Resources whose objects the host passes in. */
  readonly resources: readonly ResourceType[];
}

/** What was found for one instance. */
export interface HostBindings {
  /** In the order of `HostNeeds.functions`. */
  readonly callees: readonly HostCallee[];
  readonly classes: ReadonlyMap<number, Constructor>;
}

/** How many names an error lists before it only counts. */
const NAMES_LISTED_MAX = 60;

/** @throws {ComponentError} reason "import" */
export function bindHost(needs: HostNeeds, imports: HostImports): HostBindings {
  const finder = new Finder(imports);
  const callees = needs.functions.map((func) => finder.callee(func));
  const classes = new Map<number, Constructor>();
  for (const resource of needs.resources) {
    const { origin } = resource;
    if (origin.kind !== "host") continue;
    const found = finder.classOf(origin.interfaceName, resource.name);
    if (found !== null) classes.set(resource.id, found);
  }
  finder.finish();
  return { callees: callees.filter((callee) => callee !== null), classes };
}

class Finder {
  readonly #imports: HostImports;
  readonly #interfaces = new Map<string, object | null>();
  /** Keys by interface and version line; made when an exact key is not there. */
  #byLine: Map<string, string> | null = null;
  readonly #missing = new Set<string>();

  constructor(imports: HostImports) {
    this.#imports = imports;
  }

  callee(func: ImportRef): HostCallee | null {
    const label = importLabel(func.interfaceName, func.name);
    const parsed = parseFunctionName(func.name);
    if (parsed.kind === "plain") {
      const fn = func.interfaceName === null
        ? this.#rootItem(parsed.name, camelCase(parsed.name))
        : this.#item(func.interfaceName, camelCase(parsed.name));
      if (typeof fn === "function") return { kind: "function", fn: fn as HostFunction };
      if (fn !== null) this.#missing.add(label);
      return null;
    }
    const hostClass = this.classOf(func.interfaceName, parsed.resource);
    if (hostClass === null) return null;
    if (parsed.kind === "constructor") return { kind: "construct", hostClass };
    const name = camelCase(parsed.name);
    if (parsed.kind === "method") {
      if (readField(hostClass.prototype as object, name) !== undefined) return { kind: "method", name };
    } else {
      const isInherited = name in Function.prototype && !Object.hasOwn(hostClass, name);
      const fn: unknown = isInherited ? undefined : Reflect.get(hostClass, name);
      if (typeof fn === "function") return { kind: "bound", self: hostClass, fn: fn as HostFunction };
    }
    this.#missing.add(label);
    return null;
  }

  classOf(interfaceName: string | null, resource: string): HostClass | null {
    const className = pascalCase(resource);
    const label = `${importLabel(interfaceName, resource)} (class ${className})`;
    const found = interfaceName === null ? this.#rootItem(resource, className) : this.#item(interfaceName, className);
    if (typeof found === "function") return found as HostClass;
    if (found !== null) this.#missing.add(label);
    return null;
  }

  /** @throws when anything was missing */
  finish(): void {
    if (this.#missing.size === 0) return;
    const offered = Object.keys(this.#imports).sort();
    throw new ComponentError(
      "import",
      `Cannot link the component: the host offers no ${listed([...this.#missing].sort())}. It offers ${
        listed(offered)
      }`,
    );
  }

  /** null when the whole interface is missing, which is noted then; undefined when only the item is. */
  #item(interfaceName: string, key: string): unknown {
    const found = this.#interface(interfaceName);
    if (found === null) {
      this.#missing.add(`"${interfaceName}" (all of it)`);
      return null;
    }
    return readField(found, key);
  }

  /** Functions and resources of the world itself, by their WIT name or as JavaScript would have it. */
  #rootItem(name: string, key: string): unknown {
    const found = own(this.#imports, name) ?? own(this.#imports, key);
    if (typeof found === "object" && found !== null) return Reflect.get(found, "default") ?? Reflect.get(found, key);
    return found;
  }

  #interface(name: string): object | null {
    let found = this.#interfaces.get(name);
    if (found === undefined) {
      const value = own(this.#imports, name) ?? this.#compatible(name) ?? own(this.#imports, bareName(name)) ??
        (/^[a-z0-9-]+$/i.test(name) ? own(this.#imports, camelCase(name)) : undefined);
      found = (typeof value === "object" || typeof value === "function") && value !== null ? value : null;
      this.#interfaces.set(name, found);
    }
    return found;
  }

  #compatible(name: string): unknown {
    const line = versionLine(name);
    if (line === null) return undefined;
    if (this.#byLine === null) {
      this.#byLine = new Map();
      for (const key of Object.keys(this.#imports)) {
        const keyLine = versionLine(key);
        if (keyLine !== null) this.#byLine.set(`${bareName(key)}@${keyLine}`, key);
      }
    }
    const key = this.#byLine.get(`${bareName(name)}@${line}`);
    return key === undefined ? undefined : this.#imports[key];
  }
}

/** Inherited things (`constructor`, `toString`) are no offers. */
function own(imports: HostImports, key: string): unknown {
  return Object.hasOwn(imports, key) ? imports[key] : undefined;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const rest = names.length - NAMES_LISTED_MAX;
  return names.slice(0, NAMES_LISTED_MAX).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
