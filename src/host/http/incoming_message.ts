/** What a received request and a received response have in common: visible fields, and one body. */
import type { HttpContext } from "./http_context.ts";
import type { HostResource } from "../resource.ts";
import type { BodyKind } from "./body_pipe.ts";
import type { ReceivedBody } from "./body_reader.ts";
import { plainError } from "./error_code.ts";
import type { FieldEntries } from "./exchange.ts";
import type { FieldStore } from "./field_store.ts";
import { Fields, visibleFields } from "./fields.ts";
import { IncomingBody } from "./incoming_body.ts";

/** How a received message comes to be. */
export interface IncomingMessageOptions {
  readonly context: HttpContext;
  readonly kind: BodyKind;
  readonly headers: FieldEntries;
}

/** The part of a received message that is the same for both kinds. */
export class IncomingMessage {
  readonly #received: ReceivedBody;
  readonly #options: IncomingMessageOptions;
  #store: FieldStore | undefined;
  #isConsumed = false;

  constructor(received: ReceivedBody, options: IncomingMessageOptions) {
    this.#received = received;
    this.#options = options;
  }

  /** `headers()`: immutable, and a child of `parent`. */
  headers(parent: HostResource): Fields {
    this.#store ??= visibleFields(this.#options.headers);
    return new Fields(this.#store, { context: this.#options.context, parent });
  }

  /** `consume()`: once. */
  consume(): IncomingBody {
    if (this.#isConsumed) throw plainError();
    this.#isConsumed = true;
    return new IncomingBody(this.#received, this.#options);
  }

  /** The message is gone; a body that nobody took goes with it. */
  release(): void {
    if (!this.#isConsumed) this.#received.body.dispose();
  }
}
