/** As much of a JSON schema validator as the schemas of this project use; an unknown keyword throws. */
type Schema = { readonly [keyword: string]: unknown };

const ANNOTATIONS: ReadonlySet<string> = new Set([
  "$schema",
  "title",
  "description",
  "allowComments",
  "allowTrailingCommas",
]);

/** Whether a value is valid. */
export function accepts(schema: unknown, value: unknown): boolean {
  if (typeof schema === "boolean") return schema;
  const rules = schema as Schema;
  return Object.entries(rules).every(([keyword, rule]) => {
    return ANNOTATIONS.has(keyword) || holds(keyword, rule, value, rules);
  });
}

function holds(keyword: string, rule: unknown, value: unknown, rules: Schema): boolean {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const object = isObject ? (value as Record<string, unknown>) : {};
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const known = (rules["properties"] ?? {}) as Record<string, unknown>;
  switch (keyword) {
    case "type":
      return typeMatches(rule, value, isObject);
    case "properties":
      return Object.entries(known).every(([key, each]) => !Object.hasOwn(object, key) || accepts(each, object[key]));
    case "required":
      return !isObject || (rule as readonly string[]).every((key) => Object.hasOwn(object, key));
    case "dependentRequired":
      return Object.entries(rule as Readonly<Record<string, readonly string[]>>).every(([key, others]) =>
        !Object.hasOwn(object, key) || others.every((other) => Object.hasOwn(object, other))
      );
    case "additionalProperties":
      return Object.keys(object).every((key) => Object.hasOwn(known, key) || accepts(rule, object[key]));
    case "propertyNames":
      return Object.keys(object).every((key) => accepts(rule, key));
    case "items":
      return list.every((item) => accepts(rule, item));
    case "minItems":
      return !Array.isArray(value) || list.length >= Number(rule);
    case "maxItems":
      return list.length <= Number(rule);
    case "uniqueItems":
      return new Set(list.map((item) => JSON.stringify(item))).size === list.length;
    case "anyOf":
      return (rule as readonly unknown[]).some((each) => accepts(each, value));
    case "not":
      return !accepts(rule, value);
    case "enum":
      return (rule as readonly unknown[]).includes(value);
    case "const":
      return value === rule;
    case "pattern":
      return typeof value !== "string" || new RegExp(String(rule), "u").test(value);
    case "maxLength":
      return typeof value !== "string" || value.length <= Number(rule);
    case "minimum":
      return typeof value !== "number" || value >= Number(rule);
    case "maximum":
      return typeof value !== "number" || value <= Number(rule);
    default:
      throw new TypeError(`Cannot check "${keyword}", expected a keyword that is known here`);
  }
}

function typeMatches(type: unknown, value: unknown, isObject: boolean): boolean {
  if (Array.isArray(type)) return type.some((each) => typeMatches(each, value, isObject));
  switch (type) {
    case "object":
      return isObject;
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
