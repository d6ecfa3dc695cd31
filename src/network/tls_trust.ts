/** Whom the gateway trusts in TLS: the system's roots and one more file, as one context that is made when first needed. */
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

/** One per gateway. It holds no session, so clients may share it. */
export class TlsTrust {
  readonly #ca: string | undefined;
  #context: SecureContext | undefined;

  /** @param ca more roots, as PEM */
  constructor(ca?: string) {
    this.#ca = ca;
  }

  /** @throws when the PEM is none */
  context(): SecureContext {
    this.#context ??= createSecureContext({ ca: this.#roots(), minVersion: "TLSv1.2" });
    return this.#context;
  }

  /** A machine without a certificate store (a bare container) falls back on the runtime's own list. */
  #roots(): string[] {
    const system = getCACertificates("system");
    const roots = system.length > 0 ? system : getCACertificates("bundled");
    return this.#ca === undefined ? [...new Set(roots)] : [...new Set(roots), this.#ca];
  }
}
