/** Whom the gateway trusts in TLS: the system's roots and one more file, as one context that is made when first needed. */
import { X509Certificate } from "node:crypto";
import process from "node:process";
import type { SecureContext } from "node:tls";

/** One per gateway. It holds no session, so clients may share it. */
export class TlsTrust {
  readonly #ca: string | undefined;
  #context: SecureContext | undefined;

  /**
   * @param ca more roots, as PEM
   * @throws {TypeError} when there is no certificate in it, or one that cannot be read
   */
  constructor(ca?: string) {
    if (ca !== undefined) checkCertificates(ca);
    this.#ca = ca;
  }

  /** Made at the first call. */
  context(): SecureContext {
    this.#context ??= tls().createSecureContext({ ca: this.roots(), minVersion: "TLSv1.2" });
    return this.#context;
  }

  /** As PEM. A machine without a certificate store (a bare container) falls back on the runtime's own list. */
  roots(): string[] {
    const system = tls().getCACertificates("system");
    const roots = system.length > 0 ? system : tls().getCACertificates("bundled");
    return this.#ca === undefined ? [...new Set(roots)] : [...new Set(roots), this.#ca];
  }
}

/** Loaded when it is needed: that takes 20 ms, which a start without TLS does not have to pay. */
function tls() {
  return process.getBuiltinModule("node:tls");
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The runtimes take a broken file for an empty one, without a word. */
function checkCertificates(pem: string): void {
  const certificates = pem.match(CERTIFICATE);
  if (certificates === null) throw new TypeError("Cannot read roots: there is no certificate, expected PEM");
  for (const [at, certificate] of certificates.entries()) {
    try {
      void new X509Certificate(certificate);
    } catch (cause) {
      throw new TypeError(`Cannot read roots: certificate ${at + 1} is broken, expected PEM`, { cause });
    }
  }
}
