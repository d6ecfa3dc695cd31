/** The JSON schema files that ship with the project, as text; a test holds the files against it. */
import { ROUTE_FILE, WORKLOAD_FILE } from "./definition.ts";
import { GATEWAY_FILE } from "./gateway_definition.ts";
import { jsonSchemaOf } from "./json_schema.ts";

/** Names in this folder and contents. */
export function schemaFiles(): readonly (readonly [name: string, text: string])[] {
  const workload = jsonSchemaOf(WORKLOAD_FILE, "Loopgate: workload.jsonc");
  const route = jsonSchemaOf(ROUTE_FILE, "Loopgate: <name>.route.jsonc");
  const gateway = jsonSchemaOf(GATEWAY_FILE, "Loopgate: gateway.jsonc");
  return [
    ["gateway.schema.json", `${JSON.stringify(gateway, undefined, 2)}\n`],
    ["workload.schema.json", `${JSON.stringify(workload, undefined, 2)}\n`],
    ["route.schema.json", `${JSON.stringify(route, undefined, 2)}\n`],
  ];
}
