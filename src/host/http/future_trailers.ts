/** `wasi:http/types.future-trailers`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { Pollable } from "../io/poll.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import { Fields, visibleFields } from "./fields.ts";
import type { TrailersWait } from "./trailers_wait.ts";

/** What `get` says once it says anything: an error when it was asked before, else what came of the body. */
export type TrailersAnswer = Declared.Result<Declared.Result<Fields | undefined, Declared.ErrorCode>, undefined>;

/** The resource `future-trailers`. */
export class FutureTrailers extends HostResource implements HostSide<Declared.FutureTrailers> {
  readonly #context: HttpContext;
  readonly #wait: TrailersWait;
  #isTaken = false;

  constructor(wait: TrailersWait, context: HttpContext) {
    super({ counters: context.counters });
    this.#context = context;
    this.#wait = wait;
  }

  // WIT subscribe: func() -> pollable
  subscribe(): Pollable {
    return new Pollable(this.#wait, { counters: this.counters, parent: this });
  }

  // WIT get: func() -> option<result<result<option<trailers>, error-code>>>
  get(): TrailersAnswer | undefined {
    const { result } = this.#wait;
    if (result === undefined) return undefined;
    if (this.#isTaken) return { tag: "err", val: undefined };
    this.#isTaken = true;
    if (result.kind === "failed") return { tag: "ok", val: { tag: "err", val: result.code } };
    const { entries } = result;
    const trailers = entries === undefined
      ? undefined
      : new Fields(visibleFields(entries), { context: this.#context, parent: this });
    return { tag: "ok", val: { tag: "ok", val: trailers } };
  }

  protected override onDrop(): void {
    this.#wait.dispose();
  }
}
