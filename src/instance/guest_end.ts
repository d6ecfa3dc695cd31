/** How a guest's call ended, read from what it returned or threw. */
import { GuestExit } from "../base/errors.ts";
import { ExportError } from "../component/exported.ts";
import type { ReleaseKind } from "./guest.ts";
import { GuestRefusedError } from "./guest_refused.ts";
import { describeError } from "./request_failure.ts";

/** The ways in which a guest ends. */
export type GuestEnd =
  | { readonly kind: "completed" }
  /** It called `wasi:cli/exit`. */
  | { readonly kind: "exited"; readonly exitCode: number }
  /** Its function returned the `err` of its result. */
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "trapped"; readonly error: unknown }
  /** It did not begin, or not go on: there was no room for it. */
  | { readonly kind: "refused"; readonly error: GuestRefusedError };

/** Its function returned, and what it returned was no `err`. */
export const COMPLETED: GuestEnd = { kind: "completed" };

/** Reads what a call of an export was rejected with. */
export function guestEndOf(error: unknown): GuestEnd {
  if (error instanceof GuestRefusedError) return { kind: "refused", error };
  if (error instanceof ExportError) return { kind: "failed", error };
  if (error instanceof Error && error.cause instanceof GuestExit) {
    return { kind: "exited", exitCode: error.cause.exitCode };
  }
  return { kind: "trapped", error };
}

/** A guest that ends by itself closes its connections; one that was ended must not look as if it had finished (network.md). */
export function releaseFor(end: GuestEnd): ReleaseKind {
  return end.kind === "trapped" || end.kind === "refused" ? "reset" : "close";
}

/** True when the guest says that all is well. */
export function isSuccess(end: GuestEnd): boolean {
  return end.kind === "completed" || (end.kind === "exited" && end.exitCode === 0);
}

/** One line for the log. */
export function describeEnd(end: GuestEnd): string {
  switch (end.kind) {
    case "completed":
      return "it returned";
    case "exited":
      return `it exited with code ${end.exitCode}`;
    case "failed":
      return "it returned an error";
    case "trapped":
      return `it trapped: ${describeError(end.error)}`;
    case "refused":
      return `it was not started: ${describeError(end.error)}`;
  }
}
