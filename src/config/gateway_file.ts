/** The operator's `gateway.jsonc`: the ceiling of all policies, and how the gateway reaches the outside. */
import { PROCESS_LIMITS } from "../base/limits.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import { parsePrefix } from "../base/ip_address.ts";
import { parseDnsServer } from "../network/dns_servers.ts";
import { absentLayer, type PolicyLayer } from "../policy/policy.ts";
import type { GatewaySpec } from "../workload/spec.ts";
import { ConfigDocument } from "./document.ts";
import { checkDocument, nodeAt } from "./faults.ts";
import { fileFault, type FileReader, joinPath } from "./file_reader.ts";
import { GATEWAY_FILE, type GatewayFile } from "./gateway_definition.ts";
import { readPem } from "./pem_file.ts";
import { readLayer } from "./policy_layer.ts";
import { readText } from "./read_text.ts";

/** The name of the operator's file. */
export const GATEWAY_NAME = "gateway.jsonc";

/** What the operator says. */
export interface LoadedGateway {
  readonly gateway: GatewaySpec;
  /** Undefined: nothing is cut. Of a faulty file it is one that closes everything. */
  readonly ceiling: PolicyLayer | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** What counts where the operator says nothing. */
export const NO_GATEWAY_FILE: LoadedGateway = {
  gateway: { nat64: [], resolver: undefined, ca: undefined, limits: PROCESS_LIMITS },
  ceiling: undefined,
  diagnostics: [],
};

/** Reads the file, which is there. `folder` is the one it stands in. */
export async function loadGatewayFile(folder: string, files: FileReader): Promise<LoadedGateway> {
  const file = joinPath(folder, GATEWAY_NAME);
  let document: ConfigDocument;
  const diagnostics: Diagnostic[] = [];
  try {
    const { text, fault } = await readText(file, files);
    document = new ConfigDocument(file, text);
    if (fault !== undefined) diagnostics.push(document.fault(fault.offset, fault.message, fault.fix));
  } catch (error) {
    return closed(file, [{ file, line: 1, column: 1, message: `Cannot read the file: ${fileFault(error)}` }]);
  }
  const { value, diagnostics: faults } = checkDocument(document, GATEWAY_FILE);
  const { layer, diagnostics: ruleFaults } = readLayer(document);
  diagnostics.push(...faults, ...ruleFaults);
  const ca = value === undefined ? undefined : await readCa(value, { folder, document, files, diagnostics });
  if (value === undefined || diagnostics.length > 0) return closed(file, diagnostics);
  const isCut = layer.net.form !== "absent" || layer.dns.form !== "absent";
  return { gateway: specOf(value, ca), ceiling: isCut ? layer : undefined, diagnostics };
}

function specOf({ nat64 = [], resolver }: GatewayFile, ca: string | undefined): GatewaySpec {
  return {
    nat64: nat64.map(parsePrefix),
    // The definition has seen to it that each of them can be read.
    resolver: resolver?.flatMap((text) => parseDnsServer(text) ?? []),
    ca,
    limits: PROCESS_LIMITS,
  };
}

/** The PEM text; undefined without `ca` and when it has a fault. */
async function readCa(
  { ca }: GatewayFile,
  { folder, document, files, diagnostics }: {
    readonly folder: string;
    readonly document: ConfigDocument;
    readonly files: FileReader;
    readonly diagnostics: Diagnostic[];
  },
): Promise<string | undefined> {
  const { root } = document;
  if (ca === undefined || root === undefined) return undefined;
  const path = ca.startsWith("/") ? ca : joinPath(folder, ca);
  const fail = (is: string): undefined => {
    const message = `Cannot use "ca": ${is}, expected a PEM file with certificates`;
    diagnostics.push(document.fault(nodeAt(root, ["ca"]).offset, message));
    return undefined;
  };
  const read = await readPem(path, files);
  return "pem" in read ? read.pem : fail(read.fault);
}

function closed(file: string, diagnostics: readonly Diagnostic[]): LoadedGateway {
  const { net, dns } = absentLayer(file);
  const ceiling: PolicyLayer = { net: { ...net, form: "off", allow: [] }, dns: { ...dns, form: "off" } };
  return { ...NO_GATEWAY_FILE, ceiling, diagnostics };
}
