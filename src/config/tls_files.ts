/** `tls` of `gateway.jsonc`: the files it names, and the certificates and keys in them. */
import * as v from "valibot";
import { Secret } from "../base/secret.ts";
import { tlsIdentityFault } from "../server/tls_identities.ts";
import type { TlsIdentity } from "../workload/spec.ts";
import { kindOf, type Notes, quoted } from "./definition_parts.ts";
import { fileFault, type FileReader, joinPath } from "./file_reader.ts";

/** A chain of four certificates and a key are a tenth of this. */
const PEM_BYTES_MAX = 256 * 1024;
/** More names than this are work for a proxy in front. */
const IDENTITIES_MAX = 64;

/** The paths of a certificate and its key. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

const PATH_SCHEMA = { type: "string", pattern: "^[^\\u0000]+$" } as const;
const FILES_SCHEMA = {
  type: "object",
  properties: { certificate: PATH_SCHEMA, key: PATH_SCHEMA },
  required: ["certificate", "key"],
  additionalProperties: false,
} as const;

/** `tls`. */
export const tls = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): readonly TlsFiles[] => {
    const read = readTls(value);
    if (typeof read !== "string") return read;
    addIssue({ message: read });
    return NEVER;
  }),
  v.metadata(
    {
      jsonSchema: {
        anyOf: [FILES_SCHEMA, { type: "array", items: FILES_SCHEMA, minItems: 1, maxItems: IDENTITIES_MAX }],
      },
    } satisfies Notes,
  ),
  v.description(
    'Serves clients over TLS: { "certificate": "certs/chain.pem", "key": "certs/key.pem" }, or a list of such, of which a client gets the first that has the name it asks for, else the first of all. Paths start at this folder. Default: no TLS.',
  ),
);

/** What stands there, or the rest of a sentence. */
function readTls(value: unknown): readonly TlsFiles[] | string {
  const expected = 'expected { "certificate": "<path>", "key": "<path>" } or a list of such';
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) return `it is empty, ${expected}\nleave "tls" out to serve without TLS`;
  if (list.length > IDENTITIES_MAX) return `it has ${list.length} certificates, expected at most ${IDENTITIES_MAX}`;
  const found: TlsFiles[] = [];
  for (const each of list) {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return `it is ${kindOf(each)}, ${expected}`;
    const unknown = Object.keys(each).find((key) => key !== "certificate" && key !== "key");
    if (unknown !== undefined) return `it has the key ${quoted(unknown)}, ${expected}`;
    const [certificate, key] = [Reflect.get(each, "certificate"), Reflect.get(each, "key")] as const;
    if (!isPath(certificate) || !isPath(key)) return `it does not name both files, ${expected}`;
    found.push({ certificate, key });
  }
  return found;
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}

/** What was read, and what is wrong, as sentences behind `Cannot use "tls"`. */
export interface ReadTls {
  /** Undefined when there is a fault. */
  readonly identities: readonly TlsIdentity[] | undefined;
  readonly faults: readonly string[];
  /** The files, there or not. */
  readonly paths: readonly string[];
}

/** Reads the files and looks at them as the listener would; throws nothing. */
export async function readTlsFiles(
  tlsFiles: readonly TlsFiles[],
  { folder, files }: { readonly folder: string; readonly files: FileReader },
): Promise<ReadTls> {
  const identities: TlsIdentity[] = [];
  const faults: string[] = [];
  const paths: string[] = [];
  for (const each of tlsFiles) {
    const [certificatePath, keyPath] = [each.certificate, each.key].map((path) =>
      path.startsWith("/") ? path : joinPath(folder, path)
    );
    if (certificatePath === undefined || keyPath === undefined) continue;
    paths.push(certificatePath, keyPath);
    const certificate = await readPemText(certificatePath, files);
    const key = await readPemText(keyPath, files);
    for (const read of [certificate, key]) if ("fault" in read) faults.push(read.fault);
    if ("fault" in certificate || "fault" in key) continue;
    const identity = {
      certificate: certificate.pem,
      key: new Secret(key.pem),
      name: certificatePath,
      isKeyOpen: (await files.inspect(keyPath))?.isReadableByAll === true,
    };
    const fault = tlsIdentityFault(identity);
    if (fault === undefined) identities.push(identity);
    else faults.push(`"${fault.key === "key" ? keyPath : certificatePath}" ${fault.is}`);
  }
  return { identities: faults.length === 0 ? identities : undefined, faults, paths };
}

async function readPemText(
  path: string,
  files: FileReader,
): Promise<{ readonly pem: string } | { readonly fault: string }> {
  try {
    return { pem: new TextDecoder().decode(await files.read(path, PEM_BYTES_MAX)) };
  } catch (error) {
    return { fault: `"${path}" cannot be read: ${fileFault(error)}, expected a PEM file` };
  }
}
