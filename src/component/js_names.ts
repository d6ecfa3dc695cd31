/** WIT names as JavaScript ones, by jco's rules: labels are kebab-case, words in any one case. */

/** `get-HTTP-status` as a property: `getHttpStatus`. */
export function camelCase(label: string): string {
  const name = pascalCase(label);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** `input-stream` as a class: `InputStream`. */
export function pascalCase(label: string): string {
  return label.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join("");
}

/** What a function's name says about how it is called. */
export type FunctionName =
  | { readonly kind: "plain"; readonly name: string }
  | { readonly kind: "constructor"; readonly resource: string }
  | { readonly kind: "method" | "static"; readonly resource: string; readonly name: string };

const ANNOTATED = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/;

/** Splits `[method]pollable.block` and its like. */
export function parseFunctionName(name: string): FunctionName {
  const match = ANNOTATED.exec(name);
  const resource = match?.[2];
  if (match === null || resource === undefined) return { kind: "plain", name };
  if (match[1] === "constructor") return { kind: "constructor", resource };
  return { kind: match[1] === "method" ? "method" : "static", resource, name: match[3] ?? "" };
}

/** `wasi:io/poll@0.2.9` without its version. */
export function bareName(name: string): string {
  const at = name.indexOf("@");
  return at < 0 ? name : name.slice(0, at);
}

/** The compatible line of a version: `0.2` for `0.2.9`, `1` for `1.4.0`; a pre-release or no version is only itself. */
export function versionLine(name: string): string | null {
  const match = /@(\d+)\.(\d+)\.\d+$/.exec(name);
  if (match === null) return null;
  return match[1] === "0" ? `0.${match[2]}` : String(match[1]);
}
