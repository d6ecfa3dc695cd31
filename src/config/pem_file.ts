/** A file of roots: it has to be there and hold certificates, each of which can be read. */
import { TlsTrust } from "../network/tls_trust.ts";
import { fileFault, type FileReader } from "./file_reader.ts";

/** All the roots of a system are a quarter of this. */
const PEM_BYTES_MAX = 1024 * 1024;

/**
 * The PEM text, or what is wrong as the middle of a sentence.
 *
 * @example
 * await readPem("certs/ca.pem", folderFiles); // { fault: '"certs/ca.pem" has no certificate' }
 */
export async function readPem(
  path: string,
  files: FileReader,
): Promise<{ readonly pem: string } | { readonly fault: string }> {
  let pem: string;
  try {
    pem = new TextDecoder().decode(await files.read(path, PEM_BYTES_MAX));
  } catch (error) {
    return { fault: `"${path}" cannot be read: ${fileFault(error)}` };
  }
  const is = pemFault(pem);
  return is === undefined ? { pem } : { fault: `"${path}" ${is}` };
}

function pemFault(pem: string): string | undefined {
  // A key that somebody copied along would go wherever this file goes.
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return "has a private key";
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) return "has no certificate";
  try {
    void new TlsTrust(pem);
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) return "has a broken certificate";
    throw error;
  }
}
