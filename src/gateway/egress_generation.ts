/**
 * The way out under one reading of the operator's file. A reload that changes the file opens a new one; the old one ends
 * with the last workload that was made with it.
 */
import type { EgressTools } from "../host/egress/guest_egress.ts";
import type { OpenedEgressTools } from "./egress_tools.ts";

/** Open until it is retired and nobody uses it. */
export class EgressGeneration {
  readonly tools: EgressTools;
  readonly #end: () => void;
  #users = 0;
  #isRetired = false;

  constructor({ tools, close }: OpenedEgressTools) {
    this.tools = tools;
    this.#end = close;
  }

  /** One more user; returns the function to be called once, when it has ended. */
  use(): () => void {
    this.#users++;
    return () => {
      this.#users--;
      this.#endIfOver();
    };
  }

  /** No new users come. To be called once. */
  retire(): void {
    this.#isRetired = true;
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#isRetired && this.#users === 0) this.#end();
  }
}
