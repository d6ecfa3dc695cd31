/** What the parts of the rule reader share: the text, and the one way out when it is wrong. */
import type { RuleSide } from "./rule.ts";
import type { RuleFault, RuleFaultKind } from "./rule_fault.ts";

/** Where a fault is and what it is. */
export interface FaultPlace {
  /** The part of the sentence after the colon. */
  readonly is: string;
  readonly start: number;
  readonly end: number;
  /** What could stand from `start` to `end`; it is offered when the text is then read. */
  readonly replacement?: string | undefined;
  /** An answer that is no text of a rule. */
  readonly fix?: string | undefined;
}

/** A text while it is read. */
export interface RuleText {
  readonly text: string;
  readonly side: RuleSide;
  /** Ends the reading. */
  fail(this: void, kind: RuleFaultKind, place: FaultPlace): never;
}

/** Leaves the reading at the first fault; `parseRule` catches it. */
export class FaultFound extends Error {
  readonly fault: RuleFault;
  constructor(fault: RuleFault) {
    super(fault.message);
    this.name = "FaultFound";
    this.fault = fault;
  }
}
