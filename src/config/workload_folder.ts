/** One sub-folder of the gateway's folder: its files, held against the definition, as a workload. */
import type { FaultCode } from "../base/fault_codes.ts";
import { ROUTE_LIMITS, SERVICE_LIMITS, WORKLOAD_TOTALS } from "../base/limits.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import type { Arguments, Environment, Secret } from "../base/secret.ts";
import { absentLayer, makePolicy, type PolicyLayer } from "../policy/policy.ts";
import type { MountSpec } from "../volume/mount.ts";
import type { RouteSpec, ServiceSpec, WorkloadSpec } from "../workload/spec.ts";
import { checkComponentFile } from "./component_file.ts";
import { ROUTE_FILE, WORKLOAD_FILE, type WorkloadFile } from "./definition.ts";
import { ConfigDocument } from "./document.ts";
import { checkDocument, nodeAt, pathText } from "./faults.ts";
import { fileFault, type FileReader, type FolderEntry, isBelow, joinPath } from "./file_reader.ts";
import type { Ceiling } from "./gateway_file.ts";
import { type LimitKeys, ROUTE_LIMIT_KEYS, SERVICE_LIMIT_KEYS, WORKLOAD_TOTAL_KEYS } from "./limit_keys.ts";
import { type AskedLimits, belowCeiling, limitFaults, limitFields } from "./limit_layer.ts";
import { layerFaults, readLayer } from "./policy_layer.ts";
import { readText } from "./read_text.ts";
import { type ClaimedRoute, matchOf, readMatch, type RouteClaims } from "./route_claims.ts";
import type { PlacedRoute } from "./route_ties.ts";
import type { TextFile } from "./secret_definition.ts";
import type { VolumesFile } from "./volume_definition.ts";
import { VolumeReader } from "./volume_reader.ts";

/** The name of a workload's own file. */
export const WORKLOAD_NAME = "workload.jsonc";
/** How the name of a route's file ends. */
export const ROUTE_ENDING = ".route.jsonc";

/** Names stand in logs, metrics and commands. */
export const WORKLOAD_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** What it says, in words. */
export const NAME_EXPECTED = 'at most 63 letters, digits, "-", "_" and ".", a letter or digit first';

const OWN_LIMIT_KEYS = { ...ROUTE_LIMIT_KEYS, ...WORKLOAD_TOTAL_KEYS };

/** What a sub-folder came to. */
export interface ReadWorkloadFolder {
  /** Undefined when one of its files has a fault. */
  readonly workload: WorkloadSpec | undefined;
  /** What could be read all the same, without guests whose component is not there. Not to be served. */
  readonly draft: WorkloadSpec;
  /** All routes that could be read, those of a faulty workload too. */
  readonly routes: readonly PlacedRoute[];
  readonly claims: RouteClaims;
  readonly diagnostics: readonly Diagnostic[];
  /** Its files, and the components that they name. */
  readonly dependencies: readonly string[];
}

/** Whether a name makes its folder a workload. */
export function isWorkloadFile(name: string): boolean {
  return name === WORKLOAD_NAME || name.endsWith(ROUTE_ENDING);
}

/** A sub-folder that is to be read. */
export interface WorkloadPlace {
  readonly folder: string;
  readonly name: string;
  readonly entries: readonly FolderEntry[];
  readonly ceiling: Ceiling;
}

/** Reads a sub-folder whose entries hold at least one `isWorkloadFile`. */
export async function readWorkloadFolder(place: WorkloadPlace, files: FileReader): Promise<ReadWorkloadFolder> {
  return await new WorkloadLoader(place, files).load(place.entries);
}

class WorkloadLoader {
  readonly #folder: string;
  readonly #name: string;
  readonly #files: FileReader;
  readonly #ceiling: Ceiling;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #placed: PlacedRoute[] = [];
  readonly #claimed: ClaimedRoute[] = [];
  readonly #dependencies = new Set<string>();
  /** Components whose file cannot be used. */
  readonly #broken = new Set<string>();
  /** Of the files that say what guests may do, and of the components: no guest may write them. */
  readonly #ownFiles: string[] = [];
  readonly #volumes = new VolumeReader();
  #realFolder = "";

  constructor({ folder, name, ceiling }: WorkloadPlace, files: FileReader) {
    this.#folder = folder;
    this.#name = name;
    this.#ceiling = ceiling;
    this.#files = files;
  }

  async load(entries: readonly FolderEntry[]): Promise<ReadWorkloadFolder> {
    const facts = await this.#files.inspect(this.#folder);
    this.#realFolder = facts?.realPath ?? "";
    const names = entries.map((entry) => entry.name).filter(isWorkloadFile).toSorted();
    if (!WORKLOAD_NAME_PATTERN.test(this.#name)) {
      const message = `Cannot name a workload "${this.#name}" (its folder), expected ${NAME_EXPECTED}`;
      this.#fileFault("LG1304", joinPath(this.#folder, names[0] ?? ""), message);
    }
    const own = names.includes(WORKLOAD_NAME) ? await this.#document(WORKLOAD_NAME) : undefined;
    const workloadFile = own === undefined ? undefined : checkDocument(own, WORKLOAD_FILE);
    this.#diagnostics.push(...(workloadFile?.diagnostics ?? []));
    const value: WorkloadFile = workloadFile?.value ?? {};
    const sound: WorkloadFile = workloadFile?.sound ?? {};
    const layer = own === undefined ? absentLayer(joinPath(this.#folder, WORKLOAD_NAME)) : this.#layer(own, undefined);
    if (own !== undefined) this.#checkLimits(own, { path: ["limits"], keys: OWN_LIMIT_KEYS, values: sound.limits });
    const volumes = own && await this.#mounts(own, ["volumes"], sound.volumes);
    const env = own === undefined ? [] : await this.#env(own, ["env"], sound.env);
    const readable = own && await this.#service(own, sound, { volumes, env });
    const service = workloadFile?.value && readable;
    const routes: RouteSpec[] = [];
    const routeNames = names.filter((each) => each !== WORKLOAD_NAME);
    for (const name of routeNames) {
      const route = await this.#route(name, { value, layer, volumes, env });
      if (route !== undefined) routes.push(route);
    }
    this.#diagnostics.push(...this.#volumes.faults(this.#ownFiles));
    if (own !== undefined && workloadFile?.value !== undefined && service === undefined && names.length === 1) {
      const message = `Cannot serve the workload "${this.#name}": it has neither a service nor a route`;
      const fix = `add "service" to this file, or a route file (<name>${ROUTE_ENDING}) beside it`;
      this.#diagnostics.push(own.fault("LG1305", own.root?.offset ?? 0, message, fix));
    }
    const workload = {
      name: this.#name,
      folder: this.#folder,
      service,
      routes,
      policy: makePolicy({ workload: layer, ceiling: this.#ceiling.layer }),
      totals: belowCeiling(
        { ...WORKLOAD_TOTALS, ...limitFields(WORKLOAD_TOTAL_KEYS, value.limits) },
        this.#ceiling.limits,
      ),
    };
    const isUsable = ({ component }: { readonly component: string }): boolean => !this.#broken.has(component);
    const draft = {
      ...workload,
      routes: routes.filter(isUsable),
      service: service !== undefined && isUsable(service) ? service : undefined,
    };
    return {
      workload: this.#diagnostics.length === 0 ? workload : undefined,
      draft,
      routes: this.#placed,
      claims: { routes: this.#claimed, isPartial: this.#claimed.length < routeNames.length },
      diagnostics: this.#diagnostics,
      dependencies: [...this.#dependencies],
    };
  }

  async #service(
    document: ConfigDocument,
    file: WorkloadFile,
    { volumes, env }: { readonly volumes: readonly MountSpec[] | undefined; readonly env: Environment },
  ): Promise<ServiceSpec | undefined> {
    const { service } = file;
    const { root } = document;
    if (service === undefined || root === undefined) return undefined;
    if (service.ready !== undefined && file.net === false) {
      const message =
        'Cannot use "service.ready": "net" is false, so the service can listen on no port, expected a network';
      const fix = 'write "net": [] for the private loopback only, or remove "ready"';
      this.#diagnostics.push(document.fault("LG1306", nodeAt(root, ["service", "ready"]).offset, message, fix));
    }
    if (service.restart?.policy === "never" && service.restart.budget !== undefined) {
      const message = 'Cannot use "service.restart.budget": "policy" is "never", expected restarts to count';
      const fix = 'remove "budget", or write "policy": "on-failure"';
      this.#diagnostics.push(
        document.fault("LG1307", nodeAt(root, ["service", "restart", "budget"]).offset, message, fix),
      );
    }
    this.#checkLimits(document, { path: ["service", "limits"], keys: SERVICE_LIMIT_KEYS, values: service.limits });
    await this.#checkComponent(document, ["service", "component"], service.component);
    return {
      component: componentPath(this.#folder, service.component),
      env: mergeEnv(env, await this.#env(document, ["service", "env"], service.env)),
      args: await this.#args(document, ["service", "args"], service.args),
      readyTcpPort: service.ready?.tcp,
      restart: service.restart?.policy ?? "on-failure",
      restartsMax: service.restart?.budget,
      volumes: await this.#mounts(document, ["service", "volumes"], service.volumes) ?? volumes,
      limits: belowCeiling(
        { ...SERVICE_LIMITS, ...limitFields(SERVICE_LIMIT_KEYS, service.limits) },
        this.#ceiling.limits,
      ),
    };
  }

  async #route(
    fileName: string,
    workload: {
      readonly value: WorkloadFile;
      readonly layer: PolicyLayer;
      readonly volumes: readonly MountSpec[] | undefined;
      readonly env: Environment;
    },
  ): Promise<RouteSpec | undefined> {
    const name = fileName.slice(0, -ROUTE_ENDING.length);
    const path = joinPath(this.#folder, fileName);
    if (!WORKLOAD_NAME_PATTERN.test(name)) {
      this.#fileFault("LG1304", path, `Cannot name a route "${name}" (its file), expected ${NAME_EXPECTED}`);
    }
    const document = await this.#document(fileName);
    if (document?.root === undefined) {
      this.#diagnostics.push(...(document?.syntaxFaults ?? []));
      return undefined;
    }
    const read = readMatch(document);
    if (read !== undefined) this.#claimed.push({ name, file: path, match: read.match });
    const { offset } = nodeAt(document.root, ["match", "path"]);
    if (read?.isExact === true) this.#placed.push({ match: read.match, document, offset });
    const { value, sound, diagnostics } = checkDocument(document, ROUTE_FILE);
    this.#diagnostics.push(...diagnostics);
    const layer = this.#layer(document, workload.layer);
    if (sound === undefined) return undefined;
    await this.#checkComponent(document, ["component"], sound.component);
    this.#checkLimits(document, { path: ["limits"], keys: ROUTE_LIMIT_KEYS, values: sound.limits });
    const limits = {
      ...ROUTE_LIMITS,
      ...limitFields(ROUTE_LIMIT_KEYS, workload.value.limits),
      ...limitFields(ROUTE_LIMIT_KEYS, sound.limits),
    };
    const route = {
      name,
      file: path,
      match: matchOf(sound.match),
      component: componentPath(this.#folder, sound.component),
      env: mergeEnv(workload.env, await this.#env(document, ["env"], sound.env)),
      args: await this.#args(document, ["args"], sound.args),
      policy: makePolicy({ workload: workload.layer, route: layer, ceiling: this.#ceiling.layer }),
      limits: belowCeiling(limits, this.#ceiling.limits),
      volumes: await this.#mounts(document, ["volumes"], sound.volumes) ?? workload.volumes,
      instance: sound.instance ?? workload.value.instance ?? { kind: "fresh" },
    };
    return value === undefined ? undefined : route;
  }

  /** `net` and `dns` of a file; for a route, below its workload's. */
  #layer(document: ConfigDocument, workload: PolicyLayer | undefined): PolicyLayer {
    const { layer, diagnostics } = readLayer(document);
    const ceiling = this.#ceiling.isSound ? this.#ceiling.layer : undefined;
    this.#diagnostics.push(...diagnostics, ...layerFaults(document, layer, { ceiling, workload }));
    return layer;
  }

  /** The mounts of a `volumes`; undefined when the file has none. */
  async #mounts(
    document: ConfigDocument,
    path: readonly string[],
    volumes: VolumesFile | undefined,
  ): Promise<readonly MountSpec[] | undefined> {
    if (volumes === undefined) return undefined;
    const place = { folder: this.#folder, realFolder: this.#realFolder, files: this.#files };
    const ceiling = this.#ceiling.volumes;
    const { mounts, diagnostics } = await this.#volumes.read(volumes, { document, path }, { ...place, ceiling });
    this.#diagnostics.push(...diagnostics);
    return mounts;
  }

  /** An `env` with its secrets read. */
  async #env(
    document: ConfigDocument,
    path: readonly string[],
    env: Readonly<Record<string, TextFile>> | undefined,
  ): Promise<Environment> {
    const values: [string, string | Secret][] = [];
    for (const [name, value] of Object.entries(env ?? {})) {
      const read = await this.#text(document, [...path, name], value);
      if (read !== undefined) values.push([name, read]);
    }
    return values;
  }

  /** `args` with their secrets read. */
  async #args(document: ConfigDocument, path: readonly string[], args: readonly TextFile[] = []): Promise<Arguments> {
    const values = args.map((value, at) => this.#text(document, [...path, at], value));
    return (await Promise.all(values)).filter((value) => value !== undefined);
  }

  /** Undefined: a secret that cannot be used, which is told. */
  async #text(
    document: ConfigDocument,
    key: readonly (string | number)[],
    value: TextFile,
  ): Promise<string | Secret | undefined> {
    const { secrets, isSound } = this.#ceiling;
    if (typeof value === "string" || !isSound) return typeof value === "string" ? value : undefined;
    const read = await secrets.read(value.secret, this.#name, this.#files);
    if (read.path !== undefined) this.#dependencies.add(read.path);
    if ("value" in read) return read.value;
    const { offset } = document.root === undefined ? { offset: 0 } : nodeAt(document.root, key);
    this.#diagnostics.push(document.fault("LG1701", offset, `Cannot use "${pathText(key)}": ${read.is}`, read.fix));
    return undefined;
  }

  #checkLimits(
    document: ConfigDocument,
    asked: { readonly path: readonly string[]; readonly keys: LimitKeys; readonly values: AskedLimits | undefined },
  ): void {
    if (!this.#ceiling.isSound) return;
    this.#diagnostics.push(...limitFaults(document, { ...asked, ceiling: this.#ceiling.limits }));
  }

  async #document(name: string): Promise<ConfigDocument | undefined> {
    const path = joinPath(this.#folder, name);
    this.#dependencies.add(path);
    try {
      const facts = await this.#files.inspect(path);
      if (facts === undefined) throw new Error("it is a link to nothing");
      if (facts.kind !== "file") throw new Error("it is no file");
      if (!isBelow(facts.realPath, this.#realFolder)) {
        throw new Error("it is a link that leaves the workload's folder, expected a file within it");
      }
      this.#ownFiles.push(facts.realPath);
      const { text, fault } = await readText(path, this.#files);
      const document = new ConfigDocument(path, text);
      if (fault !== undefined) this.#diagnostics.push(document.fault("LG1003", fault.offset, fault.message, fault.fix));
      return document;
    } catch (error) {
      this.#fileFault("LG1002", path, `Cannot read the file: ${fileFault(error)}`);
      return undefined;
    }
  }

  async #checkComponent(document: ConfigDocument, key: readonly string[], path: string): Promise<void> {
    const workload = { folder: this.#folder, realFolder: this.#realFolder, files: this.#files };
    this.#dependencies.add(componentPath(this.#folder, path));
    const { fault, realPath } = await checkComponentFile(path, workload);
    if (realPath !== undefined) this.#ownFiles.push(realPath);
    if (fault === undefined || document.root === undefined) return;
    this.#broken.add(componentPath(this.#folder, path));
    const { offset } = nodeAt(document.root, key);
    this.#diagnostics.push(document.fault("LG1501", offset, `Cannot use "${key.join(".")}": ${fault.is}`, fault.fix));
  }

  #fileFault(code: FaultCode, file: string, message: string): void {
    this.#diagnostics.push({ code, file, line: 1, column: 1, message });
  }
}

/** `./dist//a.wasm` and `dist/a.wasm` are one file, and one entry of the engine's cache. */
function componentPath(folder: string, path: string): string {
  return joinPath(folder, path.split("/").filter((part) => part !== "" && part !== ".").join("/"));
}

/** The workload's variables in their order, each with the guest's own value where it has one, then the guest's others. */
function mergeEnv(workload: Environment, own: Environment): Environment {
  return [...new Map([...workload, ...own])];
}
