/**
 * The grammar of names in components (Explainer.md, "Import and Export Definitions"): labels, plain names with
 * annotations, interface names. Nothing that does not fit goes further than this file.
 */

/** `a`, `[constructor]a`, `[method]a.b`, `[static]a.b`. */
export interface PlainName {
  readonly kind: "plain";
  readonly annotation: "constructor" | "method" | "static" | null;
  /** Label of the resource; null without an annotation. */
  readonly resource: string | null;
  /** The label itself, of the method, or of the resource for a constructor. */
  readonly label: string;
}

/** `ns:pkg/iface` with or without `@1.2.3`. */
export interface InterfaceName {
  readonly kind: "interface";
  /** Without the version. */
  readonly bareName: string;
  readonly version: string | null;
}

/** A name that the grammar knows. */
export type ParsedName = PlainName | InterfaceName;

/** Longest import or export name of a component; the longest of WASI has 60 characters. */
const EXTERN_NAME_CHARS_MAX = 4096;

// A word of digits only fits one of the alternatives, or matching would take time exponential in such words.
const WORDS = "(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)(?:-(?:[a-z0-9]+|[0-9]*[A-Z][A-Z0-9]*))*";
const LOWER_WORDS = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
const LABEL = new RegExp(`^${WORDS}$`);
const ANNOTATED = new RegExp(`^\\[(method|static)\\](${WORDS})\\.(${WORDS})$`);
const CONSTRUCTOR = new RegExp(`^\\[constructor\\](${WORDS})$`);
const INTERFACE = new RegExp(`^(${LOWER_WORDS}:${LOWER_WORDS}/${WORDS})(?:@(.+))?$`);
// https://semver.org, without its named groups.
const NUMBER = "(?:0|[1-9]\\d*)";
const PRERELEASE_PART = "(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";
const SEMVER = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${PRERELEASE_PART}(?:\\.${PRERELEASE_PART})*)?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
);

/** Forms of names that the specification has or had and that this host does not use, with what to call them. */
const UNUSED_FORMS: readonly (readonly [RegExp, string])[] = [
  [/^(?:un)?locked-dep=</, "imports by dependency name"],
  [/^(?:url|relative-url)=</, "imports by URL"],
  [/^integrity=</, "imports by hash"],
  [/^(?:\[(?:method|static)\])?\[[gs]et\]/, "names with [get] or [set]"],
  [new RegExp(`^${LOWER_WORDS}(?::${LOWER_WORDS}){2,}/`), "nested package namespaces"],
  [new RegExp(`^${LOWER_WORDS}:${LOWER_WORDS}(?:/${WORDS}){2,}`), "nested interface names"],
];

/** Whether `name` is a label: kebab-case words, each all lower or all upper. */
export function isLabel(name: string): boolean {
  return name.length <= EXTERN_NAME_CHARS_MAX && LABEL.test(name);
}

/** Parses an import or export name; a string says why there is none: `{ feature }` when it is of a form that is not supported. */
export function parseName(
  name: string,
): ParsedName | { readonly kind: "invalid" } | { readonly kind: "unused"; readonly feature: string } {
  if (name.length > EXTERN_NAME_CHARS_MAX) return { kind: "invalid" };
  if (LABEL.test(name)) return { kind: "plain", annotation: null, resource: null, label: name };
  const constructed = CONSTRUCTOR.exec(name)?.[1];
  if (constructed !== undefined) {
    return { kind: "plain", annotation: "constructor", resource: constructed, label: constructed };
  }
  const [, annotation, resource, member] = ANNOTATED.exec(name) ?? [];
  if (annotation !== undefined && resource !== undefined && member !== undefined) {
    return { kind: "plain", annotation: annotation === "method" ? "method" : "static", resource, label: member };
  }
  const [, bareName, version] = INTERFACE.exec(name) ?? [];
  if (bareName !== undefined && (version === undefined || SEMVER.test(version))) {
    return { kind: "interface", bareName, version: version ?? null };
  }
  for (const [form, feature] of UNUSED_FORMS) if (form.test(name)) return { kind: "unused", feature };
  return { kind: "invalid" };
}

/** The part of a version that says what is compatible: `1` of 1.2.3, `0.2` of 0.2.3, all but the build of others. */
export function canonicalVersion(version: string): string {
  const [withoutBuild = ""] = version.split("+");
  if (withoutBuild.includes("-")) return withoutBuild;
  const [major, minor] = withoutBuild.split(".");
  if (major !== "0") return major ?? "";
  return minor === "0" ? withoutBuild : `0.${minor}`;
}

/** Labels that differ only in case or hyphens are the same to the bindings of some languages, so they are the same here. */
export function labelKey(label: string): string {
  return label.replaceAll("-", "").toLowerCase();
}

/**
 * Two names of one scope must have different keys ("strongly unique"): case, hyphens and the annotations `[method]` and
 * `[static]` do not tell names apart, `[constructor]` does, and a member that is called like its resource is that resource.
 */
export function nameKey(name: ParsedName): string {
  if (name.kind === "interface") return `${labelKey(name.bareName)}@${name.version ?? ""}`;
  const label = labelKey(name.label);
  if (name.annotation === "constructor") return `[constructor]${label}`;
  if (name.resource === null) return label;
  const resource = labelKey(name.resource);
  return resource === label ? label : `${resource}.${label}`;
}
