/**
 * Names of requests: one line of the log, what a guest sees and what its client gets have the same one. They are random
 * and not counted, because a count would tell every guest and every client how much the others are asked.
 */

/** The field, to guests and to clients. */
export const REQUEST_ID_FIELD = "x-request-id";

/** What a trusted proxy may call a request: it goes into the log, and back into a header. */
const GIVEN_ID = /^[A-Za-z0-9._~+/=:-]{1,128}$/;

/** The id that a trusted proxy gave; undefined when there is none, or not exactly one of a form that can be passed on. */
export function givenId(rawHeaders: readonly string[]): string | undefined {
  let given: string | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== REQUEST_ID_FIELD) continue;
    if (given !== undefined) return undefined;
    given = rawHeaders[index + 1] ?? "";
  }
  return given !== undefined && GIVEN_ID.test(given) ? given : undefined;
}

/** As long as an id of a trace; nobody meets two equal ones. */
const ID_BYTES = 16;
const ID_LENGTH = 2 * ID_BYTES;
/** Made at once: alone an id costs ten times as much. */
const IDS_AHEAD = 256;

/** Makes them; one for a gateway. */
export class RequestIds {
  readonly #randomBytes: (length: number) => Uint8Array;
  #digits = "";
  #at = 0;

  constructor(randomBytes: (length: number) => Uint8Array) {
    this.#randomBytes = randomBytes;
  }

  /** 32 hexadecimal digits. */
  next(): string {
    if (this.#at === this.#digits.length) {
      this.#digits = Buffer.from(this.#randomBytes(IDS_AHEAD * ID_BYTES)).toString("hex");
      this.#at = 0;
    }
    const start = this.#at;
    this.#at += ID_LENGTH;
    return this.#digits.slice(start, this.#at);
  }
}
