/** The operator's `gateway.jsonc`: the ceiling of all policies, and how the gateway reaches the outside. */
import { PROCESS_LIMITS } from "../base/limits.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import { parsePrefix } from "../base/ip_address.ts";
import { formatDuration } from "../base/quantity.ts";
import { absentLayer, type PolicyLayer } from "../policy/policy.ts";
import { LISTENER_LIMITS } from "../server/listener_limits.ts";
import type { GatewaySpec } from "../workload/spec.ts";
import { ConfigDocument } from "./document.ts";
import { checkDocument, nodeAt } from "./faults.ts";
import { fileFault, type FileReader, joinPath } from "./file_reader.ts";
import { GATEWAY_FILE, type GatewayFile } from "./gateway_definition.ts";
import { LISTENER_LIMIT_KEYS, PROCESS_LIMIT_KEYS } from "./limit_keys.ts";
import { type LimitCeiling, limitCeiling, limitFields } from "./limit_layer.ts";
import { readPem } from "./pem_file.ts";
import { readLayer } from "./policy_layer.ts";
import { readText } from "./read_text.ts";
import { NO_SECRETS, OperatorSecrets, type SecretBook } from "./secrets.ts";
import { readTlsFiles } from "./tls_files.ts";
import { NO_VOLUME_CEILING, readVolumeCeiling, type VolumeCeiling } from "./volume_layer.ts";

/** The name of the operator's file. */
export const GATEWAY_NAME = "gateway.jsonc";

/** What no workload gets more of. */
export interface Ceiling {
  /** Of the policies. Undefined: nothing is cut. Of a faulty file it is one that closes everything. */
  readonly layer: PolicyLayer | undefined;
  /** Of the limits. */
  readonly limits: LimitCeiling;
  /** Of volumes. */
  readonly volumes: VolumeCeiling;
  /** What workloads may name in their environment. */
  readonly secrets: SecretBook;
  /** Whether what a file asks for is held against it: of a faulty file no fault follows for the workloads below it. */
  readonly isSound: boolean;
}

/** What the operator says. */
export interface LoadedGateway {
  readonly gateway: GatewaySpec;
  readonly ceiling: Ceiling;
  readonly diagnostics: readonly Diagnostic[];
  /** Files that it names. */
  readonly dependencies: readonly string[];
  /** Those among them that no workload is made of. */
  readonly listenerFiles: readonly string[];
}

/** What counts where the operator says nothing. */
export const NO_GATEWAY_FILE: LoadedGateway = {
  gateway: {
    nat64: [],
    trustedProxies: [],
    resolver: undefined,
    ca: undefined,
    limits: PROCESS_LIMITS,
    listener: {},
    listen: undefined,
    tls: undefined,
    http2: false,
    admin: undefined,
    log: undefined,
    logLevel: undefined,
    otlp: undefined,
    traceRatio: undefined,
    traceTo: undefined,
    replicas: undefined,
    watch: undefined,
    startWith: undefined,
  },
  ceiling: {
    layer: undefined,
    limits: limitCeiling(undefined, undefined),
    volumes: NO_VOLUME_CEILING,
    secrets: NO_SECRETS,
    isSound: true,
  },
  diagnostics: [],
  dependencies: [],
  listenerFiles: [],
};

/** Reads the file, which is there. `folder` is the one it stands in. */
export async function loadGatewayFile(folder: string, files: FileReader): Promise<LoadedGateway> {
  const file = joinPath(folder, GATEWAY_NAME);
  let document: ConfigDocument;
  const diagnostics: Diagnostic[] = [];
  try {
    const { text, fault } = await readText(file, files);
    document = new ConfigDocument(file, text);
    if (fault !== undefined) diagnostics.push(document.fault("LG1003", fault.offset, fault.message, fault.fix));
  } catch (error) {
    return closed(file, [{
      code: "LG1002",
      file,
      line: 1,
      column: 1,
      message: `Cannot read the file: ${fileFault(error)}`,
    }]);
  }
  const { value, diagnostics: faults } = checkDocument(document, GATEWAY_FILE);
  const { layer, diagnostics: ruleFaults } = readLayer(document);
  diagnostics.push(
    ...faults,
    ...ruleFaults,
    ...(value === undefined ? [] : [...timeoutFaults(document, value), ...http2Faults(document, value)]),
  );
  const caPath = value?.ca === undefined ? undefined : caPathOf(value.ca, folder);
  const ca = caPath === undefined ? undefined : await readCa(caPath, { document, files, diagnostics });
  const tls = value?.tls === undefined ? undefined : await readTlsFiles(value.tls, { folder, files });
  for (const fault of tls?.faults ?? []) {
    const offset = document.root === undefined ? 0 : nodeAt(document.root, ["tls"]).offset;
    diagnostics.push(document.fault("LG1503", offset, `Cannot use "tls": ${fault}`));
  }
  const listenerFiles = tls?.paths ?? [];
  const dependencies = [...(caPath === undefined ? [] : [caPath]), ...listenerFiles];
  const volumes = await readVolumeCeiling(value?.volumes, { folder, files });
  for (const { path, is } of volumes.faults) {
    const { root } = document;
    const offset = root === undefined ? 0 : nodeAt(root, ["volumes", "folders", path]).offset;
    diagnostics.push(document.fault("LG1602", offset, `Cannot use "volumes.folders[${JSON.stringify(path)}]": ${is}`));
  }
  if (value === undefined || diagnostics.length > 0) {
    return { ...closed(file, diagnostics), dependencies, listenerFiles };
  }
  const isCut = layer.net.form !== "absent" || layer.dns.form !== "absent";
  const ceiling = {
    layer: isCut ? layer : undefined,
    limits: limitCeiling(value, file),
    volumes: volumes.ceiling,
    secrets: await readSecrets(value, { folder, files, volumes: volumes.ceiling }),
    isSound: true,
  };
  const gateway = { ...specOf(value, ca), tls: tls?.identities };
  return { gateway, ceiling, diagnostics, dependencies, listenerFiles };
}

/** Nobody's file may be read by way of a link that a guest or an author of a workload put somewhere. */
async function readSecrets(
  { secrets }: GatewayFile,
  { folder, files, volumes }: { readonly folder: string; readonly files: FileReader; readonly volumes: VolumeCeiling },
): Promise<SecretBook> {
  if (secrets === undefined) return NO_SECRETS;
  const own = (await files.inspect(folder === "" ? "." : folder))?.realPath;
  const guarded = [...(own === undefined ? [] : [own]), ...volumes.folders.map(({ realPath }) => realPath)];
  return new OperatorSecrets(secrets, { folder, guarded });
}

function specOf(file: GatewayFile, ca: string | undefined): GatewaySpec {
  const { nat64 = [], trustedProxies = [], resolver, listen, admin, log, logLevel, replicas, watch } = file;
  const { otlp, traceRatio, traceTo, startWith } = file;
  return {
    nat64: nat64.map(parsePrefix),
    trustedProxies: trustedProxies.map(parsePrefix),
    resolver,
    ca,
    limits: { ...PROCESS_LIMITS, ...limitFields(PROCESS_LIMIT_KEYS, file.process) },
    listener: limitFields(LISTENER_LIMIT_KEYS, file.listener),
    listen,
    tls: undefined,
    http2: file.http2 ?? false,
    admin,
    log,
    logLevel,
    otlp,
    traceRatio,
    traceTo,
    replicas,
    watch,
    startWith,
  };
}

/** Node refuses a header that may take longer than its request. */
function timeoutFaults(document: ConfigDocument, { listener }: GatewayFile): readonly Diagnostic[] {
  const { root } = document;
  const header = listener?.headersTimeout ?? LISTENER_LIMITS.headersTimeoutMs;
  const request = listener?.requestTimeout ?? LISTENER_LIMITS.requestTimeoutMs;
  if (root === undefined || header <= request) return [];
  const key = listener?.headersTimeout === undefined ? "requestTimeout" : "headersTimeout";
  const is = `"headersTimeout" is ${formatDuration(header)} and "requestTimeout" is ${formatDuration(request)}`;
  const message = `Cannot use "listener.${key}": ${is}, expected a header to be there no later than its request`;
  const fix = key === "headersTimeout" ? `write "${formatDuration(request)}" or less` : 'write "headersTimeout" too';
  return [document.fault("LG1201", nodeAt(root, ["listener", key]).offset, message, fix)];
}

/** What it needs; a listener without it would serve such clients otherwise than the file says. */
function http2Faults(document: ConfigDocument, { http2, tls }: GatewayFile): readonly Diagnostic[] {
  const { root } = document;
  if (root === undefined || http2 !== true) return [];
  const fault = (is: string, fix: string): readonly Diagnostic[] => {
    const { offset } = nodeAt(root, ["http2"]);
    return [document.fault("LG1505", offset, `Cannot use "http2": ${is}`, fix)];
  };
  if (tls === undefined) {
    return fault(
      "the listener serves in plain, expected TLS, in whose handshake a client chooses",
      'write "tls": { "certificate": "<path>", "key": "<path>" }, or leave "http2" out',
    );
  }
  if (!("Deno" in globalThis)) return [];
  return fault(
    "this is Deno, whose HTTP/2 is written to without a bound for a client that reads nothing, expected Node",
    'run it on Node, or leave "http2" out: end it in a proxy before the gateway, and list that under "trustedProxies"',
  );
}

function caPathOf(ca: string, folder: string): string {
  return ca.startsWith("/") ? ca : joinPath(folder, ca);
}

/** The PEM text; undefined when it has a fault. */
async function readCa(
  path: string,
  { document, files, diagnostics }: {
    readonly document: ConfigDocument;
    readonly files: FileReader;
    readonly diagnostics: Diagnostic[];
  },
): Promise<string | undefined> {
  const read = await readPem(path, files);
  if ("pem" in read) return read.pem;
  const message = `Cannot use "ca": ${read.fault}, expected a PEM file with certificates`;
  const { root } = document;
  diagnostics.push(document.fault("LG1502", root === undefined ? 0 : nodeAt(root, ["ca"]).offset, message));
  return undefined;
}

function closed(file: string, diagnostics: readonly Diagnostic[]): LoadedGateway {
  const { net, dns } = absentLayer(file);
  const layer: PolicyLayer = { net: { ...net, form: "off", allow: [] }, dns: { ...dns, form: "off" } };
  return { ...NO_GATEWAY_FILE, ceiling: { ...NO_GATEWAY_FILE.ceiling, layer, isSound: false }, diagnostics };
}
