/** Why there is no room for a guest, or for what it wants to go on. */
import { LoopgateError } from "../base/errors.ts";
import { limitPlace } from "../telemetry/limit_place.ts";
import type { BudgetRefusal } from "./process_budget.ts";

/** Nothing is there for one more guest: no fault of its own. */
export class GuestRefusedError extends LoopgateError {
  readonly limit: BudgetRefusal | "processMemory";

  /** @param max what the limit is, as files write it */
  constructor(limit: BudgetRefusal | "processMemory", max: string) {
    super(
      limit === "instances" ? "LG7108" : "LG7109",
      `Cannot start a guest: ${REFUSALS[limit](max)}, expected one of them to end; ${limitPlace(limit, "component")}`,
    );
    this.limit = limit;
  }
}

const REFUSALS: Readonly<Record<GuestRefusedError["limit"], (max: string) => string>> = {
  instances: (max) => `the workload has all instances that it may have (${max})`,
  processInstances: (max) => `there are all instances that the process may have (${max})`,
  stacks: (max) => `as many guests are running as the process can suspend (${max})`,
  processMemory: (max) => `the memory of all guests together is used up (${max})`,
};
