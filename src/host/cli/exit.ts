/** `wasi:cli/exit`: ends the guest, which never sees the call return. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-cli-exit";
import { GuestExit } from "../../base/errors.ts";
import type { HostInterface } from "../types.ts";

/** The interface `wasi:cli/exit`, with the function that 0.2 calls unstable (`cli-exit-with-code`). */
export const EXIT_INTERFACE = {
  // WIT exit: func(status: result)
  exit(status: { readonly tag: "ok" | "err" }): never {
    throw new GuestExit(status.tag === "ok" ? 0 : 1);
  },

  // WIT exit-with-code: func(status-code: u8)
  exitWithCode(statusCode: number): never {
    throw new GuestExit(statusCode);
  },
} satisfies HostInterface<typeof Declared> & { exitWithCode(statusCode: number): never };
