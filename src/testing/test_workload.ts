/** A whole workload, as its files say it is, with a world outside that the test scripts. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { diagnosticsText, sortDiagnostics } from "../base/diagnostics_text.ts";
import { LoopgateError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import type { FileReader } from "../config/file_reader.ts";
import { folderFiles } from "../config/folder_files.ts";
import { loadGatewayFile, NO_GATEWAY_FILE } from "../config/gateway_file.ts";
import type { SecretBook } from "../config/secrets.ts";
import { readSubFolder } from "../config/sub_folder.ts";
import { hasGatewayFile, listFolder } from "../config/sub_folders.ts";
import { loadComponents } from "../gateway/load_components.ts";
import type { CompiledComponent } from "../component/engine.ts";
import { createRouter, type Router } from "../router/router.ts";
import type { Destination } from "../server/http_app.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import { Workload } from "../workload/workload.ts";
import { fileURLToPath } from "node:url";
import { keepCompiled, loadLateParts, TEST_CACHE } from "./load_component.ts";
import { ScriptError } from "./script_error.ts";
import { TestWorld, type WorldOptions } from "./test_world.ts";
import { TestedGuests } from "./tested_guests.ts";

/** What `testWorkload` is given beside the folder. */
export interface TestWorkloadOptions extends WorldOptions {
  /**
   * Environment of all guests, over what the files say.
   *
   * @example env: { API: "https://api.example.com" }
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Values of the operator's secrets that the workload names. A test reads none of the machine's.
   *
   * @example secrets: { "db-password": "of the test" }
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Where the workload's own files are read from. Default: the machine. */
  readonly reader?: FileReader;
}

/**
 * Reads a workload's folder (and the `gateway.jsonc` beside it, if there is one) as the gateway does, starts its service, and
 * resolves when that is ready. Service and components share the real private loopback; policy and limits are those of the
 * files; what is outside answers as the scripts say.
 *
 * @throws {LoopgateError} ERR_CONFIG with what is wrong with the files, ERR_SERVICE_DOWN when the service does not start
 * @throws {ScriptError} for options that cannot be read
 * @example
 * await using workload = await testWorkload("workloads/service-tcp");
 * const response = await workload.fetch("/task", { method: "POST", body: '{"payload":"hello"}' });
 * assert.equal(await response.text(), "h3110");
 */
export async function testWorkload(folder: string | URL, options: TestWorkloadOptions = {}): Promise<TestedWorkload> {
  const path = (folder instanceof URL ? fileURLToPath(folder) : folder).replace(/[\\/]+$/, "");
  const { spec, components } = await readWorkload(path, options);
  await loadLateParts();
  const world = new TestWorld(options, { namesGuests: true, guests: spec });
  world.refuseLoopback();
  const files = world.openFiles([spec.service, ...spec.routes].flatMap((guest) => guest?.volumes ?? []));
  const workload = new Workload({
    spec: withEnv(spec, Object.entries(options.env ?? {})),
    componentOf: (file) => {
      const component = components.get(file);
      if (component === undefined) throw new TypeError(`Cannot find the component of "${file}", expected it loaded`);
      return component;
    },
    tools: world.tools,
    egressTools: world.egressTools,
    egress: world.egress,
    denials: world.attempts,
    onReach: (label, reach) => world.reached(label, reach),
    substituteVolume: (mount) => files.volumeOf(mount),
  });
  workload.start();
  const fault = await world.time.during(workload.untilStarted());
  if (fault !== undefined) {
    await workload.close();
    world.attempts.check();
    const lines = world.lines().map(({ line }) => `\n  ${line}`).join("");
    throw new LoopgateError("LG8003", `Cannot test "${path}": its service is not ready: ${fault}${lines}`);
  }
  const router = createRouter<Destination>(workload.routes.map((route) => ({ match: route.match, target: route })));
  return new TestedWorkload({ world, close: () => workload.close() }, { workload, router });
}

/**
 * A workload under test.
 *
 * @example
 * await using workload = await testWorkload("workloads/service-tcp");
 * const response = await workload.fetch("/task", { method: "POST", body: '{"payload":"hello edge"}' });
 */
export class TestedWorkload extends TestedGuests {
  readonly #workload: Workload;
  readonly #router: Router<Destination>;

  /** `testWorkload` makes them. */
  constructor(
    options: ConstructorParameters<typeof TestedGuests>[0],
    served: { readonly workload: Workload; readonly router: Router<Destination> },
  ) {
    super(options);
    this.#workload = served.workload;
    this.#router = served.router;
  }

  /**
   * Sends a request to the route that its host, path and method lead to, as `fetch` of the web with a path in the place of a
   * URL. Resolves when the head of the answer is there.
   *
   * @throws {ScriptError} when a guest tried what no script answers
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    return this.serve(this.#router, input, init);
  }

  /** What the service is: "ready", "restarting", "failed", "completed"...; undefined without one. */
  get serviceState(): string | undefined {
    return this.#workload.service?.state.kind;
  }
}

async function readWorkload(
  path: string,
  { reader: files = folderFiles, secrets = {} }: TestWorkloadOptions,
): Promise<{ readonly spec: WorkloadSpec; readonly components: ReadonlyMap<string, CompiledComponent> }> {
  const slash = path.search(/[\\/][^\\/]*$/);
  const folder = slash < 0 ? "." : path.slice(0, slash) || "/";
  const name = path.slice(slash + 1);
  if (name === "" || name === "." || name === "..") {
    throw new ScriptError(`Cannot test "${path}": it has no name, expected the path of a workload's folder`);
  }
  const listed = await listFolder(folder, { files });
  if ("fault" in listed) throw configFault(path, [listed.fault]);
  const operator = hasGatewayFile(listed.entries) ? await loadGatewayFile(folder, files) : NO_GATEWAY_FILE;
  const read = await readSubFolder(name, {
    folder,
    files,
    ceiling: { ...operator.ceiling, secrets: secretsOf(secrets) },
  });
  const spec = read.workload ?? read.draft;
  const loaded = await loadComponents(spec === undefined ? [] : [spec], { cache: TEST_CACHE, files });
  const diagnostics = [...operator.diagnostics, ...read.diagnostics, ...loaded.diagnostics];
  if (diagnostics.length > 0) throw configFault(path, diagnostics);
  if (read.workload === undefined) {
    const message =
      `Cannot test "${path}": it is no workload, expected a folder with workload.jsonc or <name>.route.jsonc`;
    throw new LoopgateError("LG1301", message);
  }
  for (const component of loaded.components.values()) keepCompiled(component);
  return { spec: read.workload, components: loaded.components };
}

function configFault(path: string, faults: readonly Diagnostic[]): LoopgateError {
  const diagnostics = sortDiagnostics(faults);
  const message = `Cannot test "${path}": its files have faults, expected none\n${diagnosticsText(diagnostics)}`;
  return new LoopgateError("LG1000", message, { diagnostics });
}

function secretsOf(values: Readonly<Record<string, string>>): SecretBook {
  return {
    read(name) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      const is = `the secret "${name}" has no value, expected one in "secrets" of the test`;
      return Promise.resolve(value === undefined ? { is } : { value: new Secret(value) });
    },
  };
}

/** The last of a name counts. */
function withEnv(spec: WorkloadSpec, over: readonly (readonly [string, string])[]): WorkloadSpec {
  const names = new Set(over.map(([name]) => name));
  const merged = (env: WorkloadSpec["routes"][number]["env"]): WorkloadSpec["routes"][number]["env"] => [
    ...env.filter(([name]) => !names.has(name)),
    ...over,
  ];
  return {
    ...spec,
    service: spec.service && { ...spec.service, env: merged(spec.service.env) },
    routes: spec.routes.map((route) => ({ ...route, env: merged(route.env) })),
  };
}
