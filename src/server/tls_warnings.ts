/** What is odd about a certificate that can be used: clients will say so, the gateway says it first. Pure but for the certificate. */
import { X509Certificate } from "node:crypto";
import type { TlsIdentity } from "../workload/spec.ts";
import { chainOf } from "./tls_identities.ts";

/** When it ends, in ms since 1970. */
export function expiryOf({ certificate }: TlsIdentity): number {
  return new Date(new X509Certificate(certificate).validTo).getTime();
}

/** Sentences behind the name of its file; none when all is well. `nowMs` is wall time. */
export function tlsWarnings(identity: TlsIdentity, nowMs: number): readonly string[] {
  const [own, ...issuers] = chainOf(identity.certificate).map((pem) => new X509Certificate(pem));
  if (own === undefined) return [];
  const warnings: string[] = [];
  const [from, to] = [new Date(own.validFrom), new Date(own.validTo)];
  if (nowMs < from.getTime()) {
    warnings.push(`is not valid before ${from.toISOString()}: clients refuse it until then`);
  } else if (nowMs > to.getTime()) warnings.push(`expired at ${to.toISOString()}: clients refuse it`);
  let issued = own;
  for (const [index, issuer] of issuers.entries()) {
    if (issued.issuer !== issuer.subject) {
      warnings.push(
        `has certificates that are no chain: number ${index + 2} did not issue number ${
          index + 1
        }, which some clients refuse`,
      );
      break;
    }
    issued = issuer;
  }
  if (identity.isKeyOpen === true) {
    warnings.push("has a key that every user of this machine can read, expected its file to be the gateway's alone");
  }
  return warnings;
}
