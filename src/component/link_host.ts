/** The root's imports: the host's functions and resources, listed for whoever has to offer them. */
import type { ExternName } from "./ast.ts";
import type { EntitySource } from "./link_abstract.ts";
import type { PlanBuilder } from "./link_plan.ts";
import { unsupported } from "./parse_faults.ts";
import type { FuncType, ResourceType } from "./types.ts";

/** Makes host imports and enters them into `plan.imports`. */
export function hostSource(plan: PlanBuilder): EntitySource {
  return {
    func(name, type) {
      plan.addRootItem(name.offset);
      plan.imports.push({ kind: "func", name: name.fullName, type });
      return { kind: "import", interfaceName: null, name: name.fullName, type };
    },
    resource(name) {
      plan.addRootItem(name.offset);
      const resource = hostResource(plan, null, name);
      plan.imports.push({ kind: "resource", name: name.fullName, resource });
      return resource;
    },
    instance(name) {
      plan.addRootItem(name.offset);
      return interfaceSource(plan, name);
    },
    closed(name, sort) {
      throw unsupported(name.offset, `an import of a ${sort} by the root component`);
    },
  };
}

function hostResource(plan: PlanBuilder, interfaceName: string | null, name: ExternName): ResourceType {
  return plan.addResource({ name: name.fullName, origin: { kind: "host", interfaceName } }, name.offset);
}

/** Everything inside one imported interface. */
function interfaceSource(plan: PlanBuilder, { fullName }: ExternName): EntitySource {
  const functions: { readonly name: string; readonly type: FuncType }[] = [];
  const resources: ResourceType[] = [];
  plan.imports.push({ kind: "instance", name: fullName, functions, resources });
  return {
    func(name, type) {
      plan.addRootItem(name.offset);
      functions.push({ name: name.fullName, type });
      return { kind: "import", interfaceName: fullName, name: name.fullName, type };
    },
    resource(name) {
      plan.addRootItem(name.offset);
      const resource = hostResource(plan, fullName, name);
      resources.push(resource);
      return resource;
    },
    instance(name) {
      throw unsupported(name.offset, "an instance inside an imported instance");
    },
    closed(name, sort) {
      throw unsupported(name.offset, `a ${sort} inside an imported instance`);
    },
  };
}
