/** Makes the types of core modules out of their declarations. */
import type { ModuleDeclaration } from "./ast.ts";
import { checkModuleImports } from "./core_module.ts";
import type { CoreExternType, CoreExternUse, CoreFuncType, CoreImport, CoreModuleType } from "./core_module_types.ts";
import { itemAt, type Scope } from "./link_scope.ts";
import { malformed, quoted, unsupported } from "./parse_faults.ts";

/** The type that `declarations` in `scope` describe. */
export function moduleType(scope: Scope, declarations: readonly ModuleDeclaration[], offset: number): CoreModuleType {
  const types: CoreFuncType[] = [];
  const imports: CoreImport[] = [];
  const exports: Map<string, CoreExternType> = new Map();
  for (const declaration of declarations) {
    scope.link.spend(1, declaration.offset);
    switch (declaration.kind) {
      case "type":
        types.push(declaration.type);
        break;
      case "alias outer type":
        types.push(outerFuncType(scope, types, declaration));
        break;
      case "import":
        imports.push({
          module: declaration.module,
          name: declaration.name,
          type: resolveExtern(declaration.type, types, declaration.offset),
        });
        break;
      case "export":
        if (exports.has(declaration.name)) {
          throw malformed(
            declaration.offset,
            `a module type exports ${quoted(declaration.name)} twice`,
            "different names",
          );
        }
        exports.set(declaration.name, resolveExtern(declaration.type, types, declaration.offset));
        break;
    }
  }
  const type: CoreModuleType = { imports, exports };
  checkModuleImports(type, offset);
  return type;
}

function outerFuncType(
  scope: Scope,
  own: readonly CoreFuncType[],
  { offset, count, index }: Extract<ModuleDeclaration, { kind: "alias outer type" }>,
): CoreFuncType {
  if (count === 0) return itemAt(own, index, "core type", offset);
  const entity = itemAt(scope.outer(count - 1, offset).coreTypes, index, "outer core type", offset);
  if (entity.kind !== "func") throw unsupported(offset, "module types as members of module types");
  return entity.type;
}

function resolveExtern(use: CoreExternUse, types: readonly CoreFuncType[], offset: number): CoreExternType {
  if (use.kind !== "func" && use.kind !== "tag") return use;
  return { kind: use.kind, type: itemAt(types, use.type, "core type", offset) };
}
