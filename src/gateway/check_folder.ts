/** A folder as `check` tells of it: every fault of its files and components, or what would be served. */
import { tlsWarnings } from "../server/tls_warnings.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import { LoopgateError } from "../base/errors.ts";
import { ComponentCache } from "../component/cache.ts";
import type { FileReader } from "../config/file_reader.ts";
import { SUSPENDING } from "../host/suspending.ts";
import type { Policy } from "../policy/policy.ts";
import type { MountSpec } from "../volume/mount.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import { type ComponentFacts, factsOf } from "./component_facts.ts";
import { COMPONENT_BYTES_MAX } from "./load_components.ts";
import { readFolder } from "./read_folder.ts";
import { componentOf, type WorkloadVersion } from "./workload_version.ts";

/** What a guest may reach, as the files say it. */
export interface PolicyFacts {
  /** False: no network at all. */
  readonly isOn: boolean;
  /** Rules of its own files, then of the operator where there is a ceiling; both have to allow. */
  readonly allow: readonly (readonly string[])[];
  readonly deny: readonly string[];
  /** Names that it may resolve; true: all. */
  readonly dns: readonly string[] | true;
}

/** A guest of a workload. */
export interface GuestFacts {
  /** Undefined: the service. */
  readonly route: string | undefined;
  readonly match: WorkloadSpec["routes"][number]["match"] | undefined;
  /** The component's file. */
  readonly component: string;
  readonly facts: ComponentFacts;
  readonly policy: PolicyFacts;
  /** What it has of files. */
  readonly volumes: readonly MountSpec[];
}

/** A workload that can be served. */
export interface CheckedWorkload {
  readonly name: string;
  readonly guests: readonly GuestFacts[];
}

/** A certificate of the listener, by its file, and what is wrong with it. */
export interface CertificateWarning {
  readonly name: string;
  readonly detail: string;
}

/** What there is to tell; with faults there are no workloads. */
export interface CheckedFolder {
  /** What clients will not like, and is no fault: the gateway starts with it. */
  readonly warnings: readonly CertificateWarning[];
  readonly faults: readonly Diagnostic[];
  readonly workloads: readonly CheckedWorkload[];
}

/** Reads a folder as `serve` does; nothing runs. */
export async function checkFolder(
  folder: string,
  files: FileReader,
  { nowMs }: { readonly nowMs: number },
): Promise<CheckedFolder> {
  const cache = new ComponentCache({ suspending: SUSPENDING, tracksWrites: true });
  let versions: readonly WorkloadVersion[];
  let warnings: readonly CertificateWarning[];
  try {
    const { parts, operator: { gateway: { tls = [] } } } = await readFolder({ folder, files, cache });
    versions = [...parts.values()].flatMap(({ version }) => version ?? []);
    warnings = tls.flatMap((identity) =>
      tlsWarnings(identity, nowMs).map((detail) => ({ name: identity.name ?? "", detail }))
    );
  } catch (error) {
    // Without diagnostics it is no fault of a file: the folder itself is not there.
    if (!(error instanceof LoopgateError) || error.diagnostics.length === 0) throw error;
    return { faults: error.diagnostics, warnings: [], workloads: [] };
  }
  const workloads: CheckedWorkload[] = [];
  for (const version of versions) workloads.push(await checkedWorkload(version, files));
  return { faults: [], warnings, workloads: workloads.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

async function checkedWorkload(version: WorkloadVersion, files: FileReader): Promise<CheckedWorkload> {
  const { name, service, routes, policy } = version.spec;
  const uses = [
    ...(service === undefined ? [] : [{ ...service, name: undefined, match: undefined, policy }]),
    ...routes,
  ];
  const guests: GuestFacts[] = [];
  for (const { name: route, match, component, policy: own, volumes = [] } of uses) {
    const bytes = await files.read(component, COMPONENT_BYTES_MAX);
    const facts = factsOf(bytes, componentOf(version, component));
    guests.push({ route, match, component, facts, policy: policyFacts(own), volumes });
  }
  return { name, guests };
}

function policyFacts({ off, books }: Policy): PolicyFacts {
  const dns = books.map((book) => book.dns).filter(({ form }) => form !== "on");
  const lists = dns.map(({ names }) => names.map(({ name, isSuffix }) => (isSuffix ? `*.${name}` : name)));
  return {
    isOn: off === undefined,
    allow: books.map(({ allowed }) => allowed.map(({ text }) => text)),
    deny: books.flatMap(({ denied }) => denied.map(({ text }) => text)),
    // A list below a ceiling is part of it, or it would be a fault.
    dns: lists[0] ?? true,
  };
}
