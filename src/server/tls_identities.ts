/** Certificates of the listener with their keys: checked, and chosen by the name that a client asks for. */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import process from "node:process";
import type { SecureContext } from "node:tls";
import type { TlsIdentity } from "../workload/spec.ts";

/** What is wrong with one, as the rest of a sentence that starts with the file. */
export interface TlsIdentityFault {
  readonly key: "certificate" | "key";
  readonly is: string;
}

/** Older ones have known attacks (RFC 8996). */
const VERSION_MIN = "TLSv1.2";

/** For TLS 1.2: with forward secrecy, and authenticated; Node's own list has CBC and the exchange of keys by RSA. Those of TLS 1.3 are all like that. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** A block of a PEM file (RFC 7468). */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/;

/** Undefined when it can be used. Deno's `setSecureContext` takes anything and then serves nobody, so all is looked at before. */
export function tlsIdentityFault({ certificate, key }: TlsIdentity): TlsIdentityFault | undefined {
  const chain = chainOf(certificate);
  if (chain.length === 0) return { key: "certificate", is: "has no certificate, expected a PEM file with a chain" };
  let own: X509Certificate | undefined;
  try {
    for (const pem of chain) {
      const read = new X509Certificate(pem);
      own ??= read;
    }
  } catch {
    return { key: "certificate", is: "has a broken certificate, expected a PEM file with a chain" };
  }
  let keyObject: KeyObject;
  try {
    // Other blocks may stand beside it.
    keyObject = createPrivateKey(KEY.exec(key.reveal())?.[0] ?? "");
  } catch {
    const isEncrypted = key.reveal().includes("ENCRYPTED");
    return {
      key: "key",
      is: isEncrypted
        ? "is encrypted, expected a key without a passphrase"
        : "has no private key, expected a PEM file with one",
    };
  }
  if (own?.checkPrivateKey(keyObject) !== true) {
    return { key: "key", is: "is not the key of the first certificate, expected that" };
  }
  try {
    contextOf({ certificate, key });
    return undefined;
  } catch (error) {
    // Keys that are too short, for example.
    return { key: "certificate", is: `is refused: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The certificates of a file, as PEM. */
export function chainOf(certificate: string): readonly string[] {
  return certificate.match(CERTIFICATE) ?? [];
}

/** Those that a listener has now. */
export class TlsIdentities {
  readonly #contexts: readonly { readonly names: ReadonlySet<string>; readonly context: SecureContext }[];

  /** @param identities at least one, without a fault; the first is for clients that name nothing, or nothing that is here */
  constructor(identities: readonly TlsIdentity[]) {
    this.#contexts = identities.map((identity) => ({
      names: namesOf(new X509Certificate(identity.certificate)),
      context: contextOf(identity),
    }));
  }

  /** For clients that name nothing. */
  get standard(): SecureContext | undefined {
    return this.#contexts[0]?.context;
  }

  /** By the name of the client's hello. */
  contextFor(name: string): SecureContext | undefined {
    const asked = name.toLowerCase();
    // RFC 6125 section 6.4.3: a star is one whole label, the first.
    const wild = asked.replace(/^[^.]+/, "*");
    const found = this.#contexts.find(({ names }) => names.has(asked) || names.has(wild)) ?? this.#contexts[0];
    return found?.context;
  }
}

/** Alternative names alone, in lower case: Deno's `checkHost` takes every name for a certificate without them. */
function namesOf({ subjectAltName = "" }: X509Certificate): ReadonlySet<string> {
  // What stands in quotes there is no name that a client could ask for.
  const entries = subjectAltName.split(", ").filter((entry) => entry.startsWith("DNS:") && !entry.includes('"'));
  return new Set(entries.map((entry) => entry.slice("DNS:".length).toLowerCase()));
}

function contextOf({ certificate, key }: TlsIdentity): SecureContext {
  // Loaded when it is needed: that takes 20 ms, which a start without TLS does not have to pay.
  return process.getBuiltinModule("node:tls").createSecureContext({
    cert: certificate,
    key: key.reveal(),
    minVersion: VERSION_MIN,
    ciphers: CIPHERS,
    // A client could ask for a new handshake, which costs the server most, again and again.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
}
