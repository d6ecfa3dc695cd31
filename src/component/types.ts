/**
 * The types of the component model after linking: every index is resolved, every resource has its identity.
 * Source: the component model's Explainer.md and CanonicalABI.md (the synchronous part that WASI 0.2 uses).
 */

/** The names of the value types without parts, as WIT writes them. */
export const PRIMITIVE_KINDS = [
  "bool",
  "s8",
  "u8",
  "s16",
  "u16",
  "s32",
  "u32",
  "s64",
  "u64",
  "f32",
  "f64",
  "char",
  "string",
] as const;
/** The value types without parts. */
export type PrimitiveKind = (typeof PRIMITIVE_KINDS)[number];

/** A value type whose references are resolved. */
export type ValueType =
  | { [Kind in PrimitiveKind]: { readonly kind: Kind } }[PrimitiveKind]
  | { readonly kind: "record"; readonly fields: readonly Field[] }
  | { readonly kind: "variant"; readonly cases: readonly Case[] }
  | { readonly kind: "list"; readonly element: ValueType }
  | { readonly kind: "tuple"; readonly elements: readonly ValueType[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly some: ValueType }
  | { readonly kind: "result"; readonly ok: ValueType | null; readonly err: ValueType | null }
  | { readonly kind: "own"; readonly resource: ResourceType }
  | { readonly kind: "borrow"; readonly resource: ResourceType };

/** Names are WIT labels, checked against the kebab grammar by the parser. */
export interface Field {
  readonly name: string;
  readonly type: ValueType;
}
/** A case of a variant; null: it carries nothing. */
export interface Case {
  readonly name: string;
  readonly type: ValueType | null;
}

/** The type of a component-level function; null: no result. */
export interface FuncType {
  readonly params: readonly Field[];
  readonly result: ValueType | null;
}

/** Identity is the object itself; `id` (1, 2, ...) is its number within the component, used as a tag in handle tables. */
export interface ResourceType {
  readonly id: number;
  /** For messages, and the class name at the host's boundary: WIT label, "" when it never got one. */
  name: string;
  readonly origin:
    | { readonly kind: "host"; readonly interfaceName: string | null }
    | { readonly kind: "guest"; readonly componentInstance: number; readonly destructor: CoreRef | null };
}

/** A thing of the core-wasm level: an export of a core instance, or one of the component's built-in functions. */
export type CoreRef =
  | { readonly kind: "export"; readonly coreInstance: number; readonly name: string }
  | { readonly kind: "builtin"; readonly builtin: number };

/** `canonopt` string encodings (CanonicalABI.md). */
export type StringEncoding = "utf8" | "utf16" | "latin1+utf16";

/** The `canonopt`s of a lift or lower; null: not given. */
export interface CanonicalOptions {
  readonly encoding: StringEncoding;
  readonly memory: CoreRef | null;
  readonly realloc: CoreRef | null;
  readonly postReturn: CoreRef | null;
}

/** A component-level function: either the host's, or a core function lifted by `canon lift`. */
export type FuncRef =
  | { readonly kind: "import"; readonly interfaceName: string | null; readonly name: string; readonly type: FuncType }
  | {
    readonly kind: "lift";
    readonly core: CoreRef;
    readonly options: CanonicalOptions;
    readonly type: FuncType;
    /** The component instance whose core function it is. */
    readonly componentInstance: number;
    /** Offset of the definition in the binary, for messages. */
    readonly offset: number;
  };

/** A core function that the engine provides. `componentInstance` is the one that called `canon`. */
export type Builtin =
  | {
    readonly kind: "lower";
    readonly func: FuncRef;
    readonly options: CanonicalOptions;
    readonly componentInstance: number;
    readonly offset: number;
  }
  | {
    readonly kind: "resource.new" | "resource.drop" | "resource.rep";
    readonly resource: ResourceType;
    readonly componentInstance: number;
    readonly offset: number;
  };

/** What one import of a core module is given: all exports of an instance, or single things under names. */
export type CoreArgument =
  | { readonly kind: "instance"; readonly coreInstance: number }
  | { readonly kind: "inline"; readonly items: ReadonlyMap<string, CoreRef> };

/** One core instantiation; its number is its place in `LinkPlan.coreInstances`. */
export interface CoreInstantiation {
  readonly module: number;
  readonly args: ReadonlyMap<string, CoreArgument>;
  readonly componentInstance: number;
}

/** Where a core module lies in the component binary. */
export interface CoreModuleRange {
  readonly start: number;
  readonly end: number;
}

/** One import of the root component, with everything it is expected to offer. */
export type ComponentImport =
  | {
    readonly kind: "instance";
    /** As written: `wasi:http/types@0.2.9`. */
    readonly name: string;
    readonly functions: readonly { readonly name: string; readonly type: FuncType }[];
    readonly resources: readonly ResourceType[];
  }
  | { readonly kind: "func"; readonly name: string; readonly type: FuncType }
  | { readonly kind: "resource"; readonly name: string; readonly resource: ResourceType };

/** One export of the root component. */
export type ComponentExport =
  | { readonly kind: "func"; readonly func: FuncRef }
  | { readonly kind: "instance"; readonly exports: ReadonlyMap<string, ComponentExport> }
  | { readonly kind: "type"; readonly type: ValueType | ResourceType | FuncType | null };

/**
 * What linking leaves of a component: core instantiations in start order and the functions between them.
 * Nested components, aliases and type bounds are gone; nothing in here is looked up by name at run time.
 */
export interface LinkPlan {
  readonly modules: readonly CoreModuleRange[];
  readonly coreInstances: readonly CoreInstantiation[];
  readonly builtins: readonly Builtin[];
  readonly imports: readonly ComponentImport[];
  readonly exports: ReadonlyMap<string, ComponentExport>;
  /** How many component instances there are, the root (0) included. */
  readonly componentInstances: number;
  /** All resource types, by id - 1. */
  readonly resources: readonly ResourceType[];
}
