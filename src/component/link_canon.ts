/** Canonical definitions: checks them against the core functions they stand on and turns them into plan entries. */
import type { CanonDefinition, CanonOptions } from "./ast.ts";
import { type CoreFuncType, describeSignature, isSameSignature } from "./core_module_types.ts";
import { itemAt, type Scope } from "./link_scope.ts";
import { typeFacts } from "./link_types.ts";
import { malformed, unsupported } from "./parse_faults.ts";
import type { Builtin, CanonicalOptions, CoreRef, FuncRef } from "./types.ts";
import { liftedSignature, loweredSignature } from "./validate_signature.ts";

const REALLOC: CoreFuncType = { params: ["i32", "i32", "i32", "i32"], results: ["i32"] };

/** Runs one canonical definition in `scope`. */
export function linkCanon(scope: Scope, definition: CanonDefinition): void {
  switch (definition.kind) {
    case "canon lift":
      scope.funcs.push(lift(scope, definition));
      return;
    case "canon lower":
      lower(scope, definition);
      return;
    case "canon resource":
      linkResourceBuiltin(scope, definition);
      return;
  }
}

function lift(scope: Scope, definition: Extract<CanonDefinition, { kind: "canon lift" }>): FuncRef {
  const { offset } = definition;
  const type = scope.funcType(definition.type, offset);
  chargeFunction(scope, typeFacts(type).nodes, offset);
  const core = scope.coreFunc(definition.coreFunc, offset);
  const options = linkOptions(scope, definition.options, offset);
  const expected = liftedSignature(type, given(options), offset);
  expectSignature(core.type, expected, `core func ${definition.coreFunc}, which is lifted,`, offset);
  if (definition.options.postReturn !== null) {
    const postReturn = scope.coreFunc(definition.options.postReturn, offset);
    expectSignature(postReturn.type, { params: expected.results, results: [] }, "the option post-return", offset);
  }
  return { kind: "lift", core: core.ref, options, type, componentInstance: scope.componentInstance, offset };
}

function lower(scope: Scope, definition: Extract<CanonDefinition, { kind: "canon lower" }>): void {
  const { offset } = definition;
  const func = itemAt(scope.funcs, definition.func, "func", offset);
  chargeFunction(scope, typeFacts(func.type).nodes, offset);
  const options = linkOptions(scope, definition.options, offset);
  if (options.postReturn !== null) throw malformed(offset, "a lowered function has the option post-return", "none");
  const type = loweredSignature(func.type, given(options), offset);
  pushBuiltin(scope, { kind: "lower", func, options, componentInstance: scope.componentInstance, offset }, type);
}

/** Lifting and lowering code is made per function. */
function chargeFunction(scope: Scope, nodes: number, offset: number): void {
  scope.link.spend(1 + nodes, offset);
  if (!scope.plan.isDry) scope.link.spendFunctionNodes(1 + nodes, offset);
}

function linkResourceBuiltin(scope: Scope, definition: Extract<CanonDefinition, { kind: "canon resource" }>): void {
  const { offset, operation } = definition;
  const { componentInstance } = scope;
  const { resource } = scope.resource(definition.type, offset);
  if (operation !== "resource.drop") {
    const { origin } = resource;
    if (origin.kind !== "guest" || origin.componentInstance !== componentInstance) {
      throw malformed(
        offset,
        `${operation} is used for a resource of another component`,
        "a resource that this component defines",
      );
    }
  }
  const results = operation === "resource.drop" ? [] : ["i32"];
  pushBuiltin(scope, { kind: operation, resource, componentInstance, offset }, { params: ["i32"], results });
}

function pushBuiltin(scope: Scope, builtin: Builtin, type: CoreFuncType): void {
  scope.coreItems.func.push({ ref: scope.plan.addBuiltin(builtin), type: { kind: "func", type } });
}

function given(options: CanonicalOptions): { readonly hasMemory: boolean; readonly hasRealloc: boolean } {
  return { hasMemory: options.memory !== null, hasRealloc: options.realloc !== null };
}

function linkOptions(scope: Scope, options: CanonOptions, offset: number): CanonicalOptions {
  const memory = options.memory === null ? null : linkMemory(scope, options.memory, offset);
  let realloc: CoreRef | null = null;
  if (options.realloc !== null) {
    if (memory === null) {
      throw malformed(offset, "a canonical definition has the option realloc without memory", "both");
    }
    const func = scope.coreFunc(options.realloc, offset);
    expectSignature(func.type, REALLOC, "the option realloc", offset);
    realloc = func.ref;
  }
  const postReturn = options.postReturn === null ? null : scope.coreFunc(options.postReturn, offset).ref;
  return { encoding: options.encoding, memory, realloc, postReturn };
}

function linkMemory(scope: Scope, index: number, offset: number): CoreRef {
  const { ref, type } = scope.coreItem("memory", index, offset);
  if (type.kind === "memory" && type.limits.is64) {
    throw unsupported(offset, "64-bit memories at a component's boundary");
  }
  return ref;
}

function expectSignature(actual: CoreFuncType, expected: CoreFuncType, what: string, offset: number): void {
  if (isSameSignature(actual, expected)) return;
  throw malformed(offset, `${what} has the signature ${describeSignature(actual)}`, describeSignature(expected));
}
