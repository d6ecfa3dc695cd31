/** What the entry of a guest exports, read from its syntax: the WIT exports depend on it before anything runs. */
import { parseAst } from "rolldown/parseAst";

/** How a guest is made of its entry. */
export type GuestShape =
  /** It exports WIT interfaces itself, by these names. */
  | { readonly kind: "wit"; readonly exports: readonly string[] }
  /** Its default export has `fetch`. */
  | { readonly kind: "handler" }
  /** Its default export has `run`. */
  | { readonly kind: "service" };

type Program = ReturnType<typeof parseAst>;
type Statement = Program["body"][number];

/** What an expression is once its types are stripped; only the fields that are looked at. */
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly expression?: Node;
  readonly callee?: Node;
  readonly key?: Node;
  readonly value?: unknown;
  readonly properties?: readonly Node[];
  readonly body?: { readonly body?: readonly Node[] };
  readonly computed?: boolean;
  readonly static?: boolean;
}

/**
 * Undefined when it exports nothing that makes a guest. A default export is a service when its syntax shows a `run` and
 * no `fetch` (an object, or a new object of a class of the same module); anything else is taken for a handler, and the
 * build fails where that has no `fetch`.
 * @throws SyntaxError with the place
 */
export function guestShape(source: string, file: string, witExports: Iterable<string>): GuestShape | undefined {
  const { body } = parseAst(source, { lang: languageOf(file) }, file);
  const names = body.flatMap(exportedNames);
  const exports = [...witExports].filter((name) => names.includes(name));
  if (exports.length > 0) return { kind: "wit", exports };
  if (!names.includes("default")) return undefined;
  const members = membersOf(body, defaultExpression(body));
  return { kind: members.includes("run") && !members.includes("fetch") ? "service" : "handler" };
}

/** Where the first bare `throw` of a bundle stands, from 1: whatever follows it never runs. */
export function placeOfThrow(bundle: string): { readonly line: number; readonly column: number } | undefined {
  const found = parseAst(bundle).body.find(({ type }) => type === "ThrowStatement");
  if (found === undefined) return undefined;
  const before = bundle.slice(0, found.start).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

function languageOf(file: string): "js" | "jsx" | "ts" | "tsx" {
  const ending = /\.([jt]sx?)$/.exec(file)?.[1];
  return ending === "ts" || ending === "tsx" || ending === "jsx" ? ending : "js";
}

function exportedNames(statement: Statement): readonly string[] {
  if (statement.type === "ExportDefaultDeclaration") return ["default"];
  if (statement.type !== "ExportNamedDeclaration") return [];
  const { declaration, specifiers } = statement;
  const exported = specifiers.map(({ exported }) => exported.type === "Literal" ? exported.value : exported.name);
  if (declaration === null) return exported;
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.flatMap(({ id }) => id.type === "Identifier" ? [id.name] : []);
  }
  return "id" in declaration && declaration.id?.type === "Identifier" ? [declaration.id.name] : [];
}

function defaultExpression(body: readonly Statement[]): Node | undefined {
  for (const statement of body) {
    if (statement.type === "ExportDefaultDeclaration") return statement.declaration as unknown as Node;
    if (statement.type !== "ExportNamedDeclaration" || statement.source !== null) continue;
    for (const { local, exported } of statement.specifiers) {
      if (exported.type === "Identifier" && exported.name === "default") return local;
    }
  }
  return undefined;
}

/** The names of what an expression's value surely has. */
function membersOf(body: readonly Statement[], expression: Node | undefined): readonly string[] {
  if (expression === undefined) return [];
  switch (expression.type) {
    case "TSSatisfiesExpression":
    case "TSAsExpression":
    case "TSNonNullExpression":
    case "ParenthesizedExpression":
      return membersOf(body, expression.expression);
    case "Identifier":
      return membersOf(body, declared(body, expression.name ?? ""));
    case "ObjectExpression":
      return (expression.properties ?? []).flatMap(keyOf);
    case "NewExpression":
      return membersOf(body, expression.callee);
    case "ClassDeclaration":
    case "ClassExpression":
      return (expression.body?.body ?? []).filter((member) => member.static !== true).flatMap(keyOf);
    default:
      return [];
  }
}

function keyOf({ key, computed }: Node): readonly string[] {
  if (key === undefined || computed === true) return [];
  const name = key.type === "Literal" ? key.value : key.name;
  return typeof name === "string" ? [name] : [];
}

/** What a name of the module stands for, where it is a constant or a class. */
function declared(body: readonly Statement[], name: string): Node | undefined {
  for (const statement of body) {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declaration?.type === "ClassDeclaration" && declaration.id?.name === name) {
      return declaration as unknown as Node;
    }
    if (declaration?.type !== "VariableDeclaration" || declaration.kind !== "const") continue;
    for (const { id, init } of declaration.declarations) {
      if (id.type === "Identifier" && id.name === name) return init as unknown as Node;
    }
  }
  return undefined;
}
