/**
 * A component as its binary says it: definitions in order, indices unresolved, every node with its offset in the file.
 * Order matters, because each definition may use only those before it.
 */
import type { CoreExternUse, CoreFuncType } from "./core_module_types.ts";
import type { ParsedName } from "./names.ts";
import type { PrimitiveKind, StringEncoding } from "./types.ts";

/** A component: the root or a nested one. */
export interface ComponentAst {
  /** First byte of the preamble. */
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
  readonly definitions: readonly Definition[];
}

/** What a core instance exports and core index spaces hold. */
export type CoreItemSort = "func" | "table" | "memory" | "global" | "tag";

/** The sorts that cross a component's boundary (`value` is refused by name). */
export type Sort = "core module" | "func" | "type" | "component" | "instance";

/** An import or export name, its grammar checked. */
export interface ExternName {
  /** As written, without a version suffix. */
  readonly name: string;
  /** With the version suffix, when it came apart. */
  readonly fullName: string;
  readonly parsed: ParsedName;
  /** Equal for names that may not stand in one scope. */
  readonly key: string;
  readonly offset: number;
}

/** A named reference to something of one of the index spaces. */
export interface NamedIndex<Name, SortOf> {
  readonly name: Name;
  readonly sort: SortOf;
  readonly index: number;
  readonly offset: number;
}

/** One definition of a component. */
export type Definition =
  | { readonly kind: "core module"; readonly offset: number; readonly start: number; readonly end: number }
  | {
    readonly kind: "core instantiate";
    readonly offset: number;
    readonly module: number;
    readonly args: readonly { readonly name: string; readonly instance: number; readonly offset: number }[];
  }
  | {
    readonly kind: "core exports";
    readonly offset: number;
    readonly exports: readonly NamedIndex<string, CoreItemSort>[];
  }
  | { readonly kind: "component"; readonly offset: number; readonly component: ComponentAst }
  | {
    readonly kind: "instantiate";
    readonly offset: number;
    readonly component: number;
    readonly args: readonly NamedIndex<string, Sort>[];
  }
  | { readonly kind: "exports"; readonly offset: number; readonly exports: readonly NamedIndex<ExternName, Sort>[] }
  | {
    readonly kind: "alias core export";
    readonly offset: number;
    readonly sort: CoreItemSort;
    readonly instance: number;
    readonly name: string;
  }
  | CanonDefinition
  | {
    readonly kind: "export";
    readonly offset: number;
    readonly name: ExternName;
    readonly sort: Sort;
    readonly index: number;
    readonly ascribed: ExternDescription | null;
  }
  | ImportDeclaration
  | CommonDeclaration;

/** What components and the types of components and instances have in common. */
export type CommonDeclaration =
  | { readonly kind: "core type"; readonly offset: number; readonly type: CoreTypeDefinition }
  | { readonly kind: "type"; readonly offset: number; readonly type: TypeDefinition }
  | {
    readonly kind: "alias export";
    readonly offset: number;
    readonly sort: Sort;
    readonly instance: number;
    readonly name: string;
  }
  | {
    readonly kind: "alias outer";
    readonly offset: number;
    readonly sort: "core module" | "core type" | "type" | "component";
    /** How many components outwards, 0 is the one at hand. */
    readonly count: number;
    readonly index: number;
  };

/** An import of a component, or one that a component type declares. */
export interface ImportDeclaration {
  readonly kind: "import";
  readonly offset: number;
  readonly name: ExternName;
  readonly description: ExternDescription;
}

/** An export that an instance or component type declares. */
export interface ExportDeclaration {
  readonly kind: "export declaration";
  readonly offset: number;
  readonly name: ExternName;
  readonly description: ExternDescription;
}

/** One declaration of an instance type or a component type (only the latter has imports). */
export type Declaration = CommonDeclaration | ImportDeclaration | ExportDeclaration;

/** What an import or export is declared to be. */
export type ExternDescription =
  & { readonly offset: number }
  & (
    | { readonly kind: "core module" | "func" | "component" | "instance"; readonly type: number }
    | { readonly kind: "type eq"; readonly type: number }
    | { readonly kind: "type sub resource" }
  );

/** A canonical definition. */
export type CanonDefinition =
  | {
    readonly kind: "canon lift";
    readonly offset: number;
    readonly coreFunc: number;
    readonly options: CanonOptions;
    readonly type: number;
  }
  | { readonly kind: "canon lower"; readonly offset: number; readonly func: number; readonly options: CanonOptions }
  | {
    readonly kind: "canon resource";
    readonly offset: number;
    readonly operation: "resource.new" | "resource.drop" | "resource.rep";
    readonly type: number;
  };

/** Indices of a canonical definition's options; null where absent. */
export interface CanonOptions {
  readonly encoding: StringEncoding;
  readonly memory: number | null;
  readonly realloc: number | null;
  readonly postReturn: number | null;
}

/** A value type in use: a primitive by name or an index of the type index space. */
export type ValueTypeUse = PrimitiveKind | number;

/** A field or parameter. */
export interface LabelledType {
  readonly name: string;
  readonly type: ValueTypeUse;
}

/** A case of a variant. */
export interface LabelledCase {
  readonly name: string;
  readonly type: ValueTypeUse | null;
}

/** A definition of a value type. */
export type ValueTypeDefinition =
  | { readonly kind: "primitive"; readonly primitive: PrimitiveKind }
  | { readonly kind: "record"; readonly fields: readonly LabelledType[] }
  | { readonly kind: "variant"; readonly cases: readonly LabelledCase[] }
  | { readonly kind: "list"; readonly element: ValueTypeUse }
  | { readonly kind: "tuple"; readonly elements: readonly ValueTypeUse[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly some: ValueTypeUse }
  | { readonly kind: "result"; readonly ok: ValueTypeUse | null; readonly err: ValueTypeUse | null }
  | { readonly kind: "own" | "borrow"; readonly resource: number };

/** A definition in the type index space. */
export type TypeDefinition =
  | ValueTypeDefinition
  | { readonly kind: "func"; readonly params: readonly LabelledType[]; readonly result: ValueTypeUse | null }
  | { readonly kind: "resource"; readonly destructor: number | null }
  | { readonly kind: "instance type"; readonly declarations: readonly Declaration[] }
  | { readonly kind: "component type"; readonly declarations: readonly Declaration[] };

/** A core type: of a function, or of a module. */
export type CoreTypeDefinition =
  | { readonly kind: "core func type"; readonly type: CoreFuncType }
  | { readonly kind: "core module type"; readonly declarations: readonly ModuleDeclaration[] };

/** One declaration of a core module type. The types of its externs are indices until linking. */
export type ModuleDeclaration =
  | { readonly kind: "type"; readonly offset: number; readonly type: CoreFuncType }
  | { readonly kind: "alias outer type"; readonly offset: number; readonly count: number; readonly index: number }
  | {
    readonly kind: "import";
    readonly offset: number;
    readonly module: string;
    readonly name: string;
    readonly type: CoreExternUse;
  }
  | { readonly kind: "export"; readonly offset: number; readonly name: string; readonly type: CoreExternUse };
