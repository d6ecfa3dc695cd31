/** Finds the host's functions and classes for a component's imports, and names everything that is missing at once. */
import type { Constructor } from "./abi_env.ts";
import { importLabel } from "./canon_lower.ts";
import { ComponentError } from "./errors.ts";
import type { HostCallee, HostClass } from "./host_call.ts";
import { type FieldKey, fieldKey, readField } from "./host_values.ts";
import { bareName, camelCase, type FunctionName, parseFunctionName, pascalCase, versionLine } from "./js_names.ts";
import type { FuncRef, ResourceType } from "./types.ts";

/**
 * What the host offers, as for jco: `{ "wasi:io/poll": { Pollable, poll }, ... }`. An exact versioned key wins, then the
 * same interface of a compatible version, then the key without a version.
 */
export type HostImports = Readonly<Record<string, unknown>>;

/** An imported function of the link plan. */
export type ImportRef = Extract<FuncRef, { kind: "import" }>;

/** An interface, or the world itself, as imports name it. */
interface HostScope {
  readonly name: string;
  /** Without the version. */
  readonly bare: string;
  /** `bare@0.2`, when the version has compatible ones. */
  readonly line: string | null;
  /** How JavaScript would write a plain name. */
  readonly alias: string;
}

/** One thing to be found, with all its names worked out: instances are made far more often than components. */
interface HostItem extends FieldKey {
  /** null for the world's own. */
  readonly scope: HostScope | null;
  readonly label: string;
  readonly name: string;
}

/** A function that the host has to offer. */
export interface NeededFunction extends HostItem {
  readonly kind: FunctionName["kind"];
  /** For constructors, methods and statics. */
  readonly hostClass: HostItem | null;
}

/** A class that the host has to offer, since it passes objects of it in. */
export interface NeededClass extends HostItem {
  readonly resourceId: number;
}

/** What an instance needs of the host; collected once per component. */
export interface HostNeeds {
  readonly functions: readonly NeededFunction[];
  readonly classes: readonly NeededClass[];
}

/** Works out the names of an imported function. */
export function neededFunction(func: ImportRef): NeededFunction {
  const { interfaceName } = func;
  const parsed = parseFunctionName(func.name);
  const name = parsed.kind === "constructor" ? parsed.resource : parsed.name;
  return {
    scope: scopeOf(interfaceName),
    label: importLabel(interfaceName, func.name),
    name,
    ...fieldKey(camelCase(name)),
    kind: parsed.kind,
    hostClass: parsed.kind === "plain" ? null : classItem(interfaceName, parsed.resource),
  };
}

/** Works out the names of an imported resource; null when it is the guest's own. */
export function neededClass(resource: ResourceType): NeededClass | null {
  if (resource.origin.kind !== "host") return null;
  return { ...classItem(resource.origin.interfaceName, resource.name), resourceId: resource.id };
}

function classItem(interfaceName: string | null, resource: string): HostItem {
  const key = pascalCase(resource);
  const label = `${importLabel(interfaceName, resource)} (class ${key})`;
  return { scope: scopeOf(interfaceName), label, name: resource, ...fieldKey(key) };
}

function scopeOf(name: string | null): HostScope | null {
  if (name === null) return null;
  return { name, bare: bareName(name), line: lineKey(name), alias: /[:/]/.test(name) ? name : camelCase(name) };
}

function lineKey(name: string): string | null {
  const line = versionLine(name);
  return line === null ? null : `${bareName(name)}@${line}`;
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
  const callees = needs.functions.map((need) => finder.callee(need));
  const classes = new Map<number, Constructor>();
  for (const need of needs.classes) {
    const found = finder.classOf(need);
    if (found !== null) classes.set(need.resourceId, found);
  }
  finder.finish();
  return { callees: callees.filter((callee) => callee !== null), classes };
}

class Finder {
  readonly #imports: HostImports;
  readonly #scopes = new Map<string, object | null>();
  /** Keys by interface and version line; made when an exact key is not there. */
  #byLine: Map<string, string> | null = null;
  readonly #missing = new Set<string>();

  constructor(imports: HostImports) {
    this.#imports = imports;
  }

  callee(need: NeededFunction): HostCallee | null {
    if (need.hostClass === null) {
      return this.#find(need);
    }
    const hostClass = this.classOf(need.hostClass);
    if (hostClass === null) return null;
    if (!hasMember(hostClass, need)) this.#missing.add(need.label);
    return hostClass;
  }

  classOf(need: HostItem): HostClass | null {
    return this.#find(need);
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

  /** A function or class; null when it is missing, which is noted then. */
  #find(need: HostItem): HostClass | null {
    const { scope } = need;
    let found: unknown;
    if (scope === null) {
      found = this.#rootItem(need);
    } else {
      const offered = this.#scope(scope);
      if (offered === null) {
        this.#missing.add(`"${scope.name}" (all of it)`);
        return null;
      }
      found = readField(offered, need);
    }
    if (typeof found === "function") return found as HostClass;
    this.#missing.add(need.label);
    return null;
  }

  /** Functions and resources of the world itself, by their WIT name or as JavaScript would have it. */
  #rootItem({ name, key }: HostItem): unknown {
    const found = own(this.#imports, name) ?? own(this.#imports, key);
    if (typeof found === "object" && found !== null) return Reflect.get(found, "default") ?? Reflect.get(found, key);
    return found;
  }

  #scope(scope: HostScope): object | null {
    let found = this.#scopes.get(scope.name);
    if (found === undefined) {
      const imports = this.#imports;
      const value = own(imports, scope.name) ?? this.#compatible(scope) ?? own(imports, scope.bare) ??
        own(imports, scope.alias);
      found = (typeof value === "object" || typeof value === "function") && value !== null ? value : null;
      this.#scopes.set(scope.name, found);
    }
    return found;
  }

  #compatible({ line }: HostScope): unknown {
    if (line === null) return undefined;
    if (this.#byLine === null) {
      this.#byLine = new Map();
      for (const key of Object.keys(this.#imports)) {
        const keyLine = lineKey(key);
        if (keyLine !== null) this.#byLine.set(keyLine, key);
      }
    }
    const key = this.#byLine.get(line);
    return key === undefined ? undefined : this.#imports[key];
  }
}

function hasMember(hostClass: HostClass, need: NeededFunction): boolean {
  const { kind, key } = need;
  if (kind === "constructor") return true;
  if (kind === "method") return readField(hostClass.prototype as object, need) !== undefined;
  if (key in Function.prototype && !Object.hasOwn(hostClass, key)) return false;
  return typeof Reflect.get(hostClass, key) === "function";
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
