/** What a request and a response that a guest makes have in common: fields that no longer change, and one body. */
import type { HttpContext } from "./http_context.ts";
import { type BodyKind, BodyPipe } from "./body_pipe.ts";
import { declaredLength } from "./content_length.ts";
import { plainError } from "./error_code.ts";
import type { FieldEntries } from "./exchange.ts";
import type { FieldStore } from "./field_store.ts";
import { Fields } from "./fields.ts";
import { heldBudgetOf } from "./held_budget.ts";
import { OutgoingBody } from "./outgoing_body.ts";
import type { HostResource } from "../resource.ts";

/** The part of an outgoing message that is sent with it, or lost with it. */
export class OutgoingMessage {
  readonly #context: HttpContext;
  readonly #kind: BodyKind;
  readonly #store: FieldStore;
  readonly #lengthBytes: number | undefined | "invalid";
  #pipe: BodyPipe | undefined;

  constructor(headers: Fields, kind: BodyKind) {
    this.#context = headers.context;
    this.#kind = kind;
    this.#store = headers.take();
    this.#lengthBytes = declaredLength(this.#store.entries);
  }

  get context(): HttpContext {
    return this.#context;
  }

  get entries(): FieldEntries {
    return this.#store.entries;
  }

  /** The content-length of the fields. */
  get lengthBytes(): number | undefined | "invalid" {
    return this.#lengthBytes;
  }

  /** undefined when the guest never asked for a body. */
  get pipe(): BodyPipe | undefined {
    return this.#pipe;
  }

  /** `headers()`: immutable, and a child of `parent`. */
  headers(parent: HostResource): Fields {
    return new Fields(this.#store, { context: this.#context, parent });
  }

  /** `body()`: once, and not under a content-length that is no length. */
  body(): OutgoingBody {
    if (this.#pipe !== undefined || this.#lengthBytes === "invalid") throw plainError();
    const budget = heldBudgetOf(this.#context);
    this.#pipe = new BodyPipe({ kind: this.#kind, lengthBytes: this.#lengthBytes, budget });
    return new OutgoingBody(this.#pipe, this.#context);
  }

  /** The message leaves the guest: its fields no longer count as the guest's. */
  leave(): void {
    this.#store.release();
  }

  /** Nobody will send the message: whoever still writes its body is told. */
  lose(): void {
    this.#store.release();
    this.#pipe?.close();
  }
}
