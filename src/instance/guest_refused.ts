/** Why there is no room for a guest, or for what it wants to go on. */
import { LoopgateError } from "../base/errors.ts";
import { limitPlace } from "../telemetry/limit_place.ts";
import type { BudgetRefusal } from "./process_budget.ts";

/** Nothing is there for one more guest: no fault of its own. */
export class GuestRefusedError extends LoopgateError {
  readonly limit: BudgetRefusal | "processMemory";
  constructor(limit: BudgetRefusal | "processMemory") {
    super(
      limit === "instances" ? "LG7108" : "LG7109",
      `Cannot start a guest: ${REFUSALS[limit]}, expected one of them to end; ${limitPlace(limit, "component")}`,
    );
    this.limit = limit;
  }
}

const REFUSALS: Readonly<Record<GuestRefusedError["limit"], string>> = {
  instances: "the workload has all instances that it may have",
  processInstances: "there are all instances that the process may have",
  stacks: "as many guests are running as the process can suspend",
  processMemory: "the memory of all guests together is used up",
};
