/** JSON schemas (draft 2020-12) from the definition, for editors. `scripts/schemas.ts` writes them to files. */
import { type Schema, type SchemaPart, stepsOf } from "./schema_tree.ts";

/** A JSON schema or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * Says the same as the definition about the shape of a file. What only the gateway sees is not in it: whether a
 * component is there, routes that tie, a parameter that is named twice.
 *
 * @throws {TypeError} for a kind of schema that the definition did not use so far
 */
export function jsonSchemaOf(schema: Schema, title: string): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    // Comments and trailing commas are part of the format; this is how VS Code is told.
    allowComments: true,
    allowTrailingCommas: true,
    ...convert(schema),
  };
}

function convert(part: SchemaPart): JsonSchema {
  return Object.assign({}, ...stepsOf(part).map(convertStep));
}

function convertStep(step: SchemaPart): JsonSchema {
  switch (step.type) {
    case "string":
    case "boolean":
    case "number":
      return { type: step.type };
    case "integer":
      return { type: "integer" };
    case "min_value":
      return { minimum: step.requirement };
    case "max_value":
      return { maximum: step.requirement };
    case "min_length":
      return { minItems: step.requirement };
    case "max_length":
      return { maxItems: step.requirement };
    case "regex":
      return { pattern: step.requirement instanceof RegExp ? step.requirement.source : "" };
    case "literal":
      return { const: step.literal };
    case "picklist":
      return { enum: step.options };
    case "union":
      return { anyOf: (step.options as readonly SchemaPart[]).map(convert) };
    case "array":
      return { type: "array", items: step.item === undefined ? {} : convert(step.item) };
    case "record":
      return {
        propertyNames: step.key === undefined ? {} : convert(step.key),
        additionalProperties: step.value === undefined ? {} : convert(step.value),
      };
    case "object_with_rest":
      return convertObject(step.entries ?? {});
    case "description":
      return { description: step.description };
    case "metadata":
      return step.metadata?.jsonSchema ?? {};
    // The only custom schema asks for an object that is no list.
    case "custom":
      return { type: "object" };
    case "unknown":
      return {};
    // Functions; the notes beside them have their keywords.
    case "check":
    case "raw_check":
    case "raw_transform":
      return {};
    default:
      throw new TypeError(`Cannot convert a "${step.type}" to JSON schema, expected a kind of schema that it knows`);
  }
}

function convertObject(entries: Readonly<Record<string, SchemaPart>>): JsonSchema {
  const required = Object.keys(entries).filter((key) => entries[key]?.type !== "optional");
  return {
    properties: Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, convert(value)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}
