/** Makes the value and function types of type definitions, and knows about each how large it is and what it holds. */
import type { LabelledType, TypeDefinition, ValueTypeDefinition, ValueTypeUse } from "./ast.ts";
import { TYPE_DEPTH_MAX, TYPE_NODES_MAX } from "./link_limits.ts";
import type { ResourceAlias, Scope } from "./link_scope.ts";
import { malformed, pastLimit } from "./parse_faults.ts";
import { type FuncType, PRIMITIVE_KINDS, type PrimitiveKind, type ValueType } from "./types.ts";

/** Facts about a value or function type, worked out when it is made. */
export interface TypeFacts {
  /** With shared parts counted as often as they occur. */
  readonly nodes: number;
  readonly depth: number;
  readonly hasBorrow: boolean;
  /** Holds a handle, so that it belongs to one component. */
  readonly hasResource: boolean;
  /** Holds a string or list, so that it lives in memory. */
  readonly hasPointer: boolean;
  /** Under which name a handle's resource was meant; null for everything else. */
  readonly alias: ResourceAlias | null;
}

const NO_FACTS: TypeFacts = {
  nodes: 0,
  depth: 0,
  hasBorrow: false,
  hasResource: false,
  hasPointer: false,
  alias: null,
};

const facts: WeakMap<ValueType | FuncType, TypeFacts> = new WeakMap();

const PRIMITIVES: ReadonlyMap<PrimitiveKind, ValueType> = new Map(
  PRIMITIVE_KINDS.map((kind) => {
    const type: ValueType = { kind };
    facts.set(type, { ...NO_FACTS, nodes: 1, depth: 1, hasPointer: kind === "string" });
    return [kind, type];
  }),
);

/** The facts of a type that this file made. */
export function typeFacts(type: ValueType | FuncType): TypeFacts {
  return facts.get(type) ?? NO_FACTS;
}

/** The same resource under another name. */
export function renamedAlias({ resource }: ResourceAlias): ResourceAlias {
  return { resource };
}

/** The same type as another object: an alias that is exported or imported has an identity of its own. */
export function renamedType(type: ValueType): ValueType {
  const copy = { ...type };
  facts.set(copy, typeFacts(type));
  return copy;
}

function made<T extends ValueType | FuncType>(
  type: T,
  parts: readonly ValueType[],
  offset: number,
  own?: Partial<TypeFacts>,
): T {
  let sum: TypeFacts = { ...NO_FACTS, nodes: 1, ...own };
  for (const part of parts) {
    const inner = typeFacts(part);
    sum = {
      nodes: sum.nodes + inner.nodes,
      depth: Math.max(sum.depth, inner.depth),
      hasBorrow: sum.hasBorrow || inner.hasBorrow,
      hasResource: sum.hasResource || inner.hasResource,
      hasPointer: sum.hasPointer || inner.hasPointer,
      alias: null,
    };
    if (sum.nodes > TYPE_NODES_MAX) throw pastLimit(offset, "parts in one type, written out", TYPE_NODES_MAX);
  }
  if (sum.depth >= TYPE_DEPTH_MAX) throw pastLimit(offset, "levels in one type", TYPE_DEPTH_MAX);
  facts.set(type, { ...sum, depth: sum.depth + 1 });
  return type;
}

/** A value type in use. */
export function valueType(scope: Scope, use: ValueTypeUse, offset: number): ValueType {
  if (typeof use === "string") return primitive(use);
  const entity = scope.type(use, offset);
  if (entity.kind !== "value") throw malformed(offset, `type ${use} is a ${entity.kind} type`, "a value type");
  return entity.type;
}

function primitive(kind: PrimitiveKind): ValueType {
  return PRIMITIVES.get(kind) ?? { kind };
}

/** The value type of a definition. */
export function defineValueType(scope: Scope, definition: ValueTypeDefinition, offset: number): ValueType {
  const use = (type: ValueTypeUse): ValueType => valueType(scope, type, offset);
  const useOptional = (type: ValueTypeUse | null): ValueType | null => (type === null ? null : use(type));
  switch (definition.kind) {
    case "primitive":
      return primitive(definition.primitive);
    case "record": {
      const fields = labelled(scope, definition.fields, offset);
      return made({ kind: "record", fields }, fields.map((field) => field.type), offset);
    }
    case "variant": {
      const cases = definition.cases.map((item) => ({ name: item.name, type: useOptional(item.type) }));
      return made({ kind: "variant", cases }, cases.flatMap((item) => item.type ?? []), offset, {
        nodes: 1 + cases.length,
      });
    }
    case "list": {
      const element = use(definition.element);
      return made({ kind: "list", element }, [element], offset, { hasPointer: true });
    }
    case "tuple": {
      const elements = definition.elements.map(use);
      return made({ kind: "tuple", elements }, elements, offset);
    }
    case "flags":
    case "enum":
      return made({ kind: definition.kind, names: definition.names }, [], offset, {
        nodes: 1 + definition.names.length,
      });
    case "option": {
      const some = use(definition.some);
      return made({ kind: "option", some }, [some], offset);
    }
    case "result": {
      const ok = useOptional(definition.ok);
      const err = useOptional(definition.err);
      return made({ kind: "result", ok, err }, [ok ?? [], err ?? []].flat(), offset);
    }
    case "own":
    case "borrow": {
      const alias = scope.resource(definition.resource, offset);
      return made({ kind: definition.kind, resource: alias.resource }, [], offset, {
        alias,
        hasResource: true,
        hasBorrow: definition.kind === "borrow",
      });
    }
  }
}

/** The function type of a definition. */
export function defineFuncType(
  scope: Scope,
  definition: Extract<TypeDefinition, { kind: "func" }>,
  offset: number,
): FuncType {
  const params = labelled(scope, definition.params, offset);
  const result = definition.result === null ? null : valueType(scope, definition.result, offset);
  if (result !== null && typeFacts(result).hasBorrow) {
    throw malformed(offset, "a function's result holds a borrowed handle", "owned handles only");
  }
  return made({ params, result }, [...params.map((param) => param.type), ...(result === null ? [] : [result])], offset);
}

function labelled(
  scope: Scope,
  items: readonly LabelledType[],
  offset: number,
): { readonly name: string; readonly type: ValueType }[] {
  return items.map((item) => ({ name: item.name, type: valueType(scope, item.type, offset) }));
}
