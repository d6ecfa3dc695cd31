/** Writes src/config/*.schema.json from the definition. Run it after changing src/config/definition.ts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { schemaFiles } from "../src/config/schema_files.ts";
import { ROOT } from "./tools.ts";

for (const [name, text] of schemaFiles()) {
  writeFileSync(join(ROOT, "src", "config", name), text);
  console.log(`src/config/${name}`);
}
