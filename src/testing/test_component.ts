/** One component alone, in a world that the test scripts. */
import { ROUTE_LIMITS, type RouteLimits, WORKLOAD_TOTALS } from "../base/limits.ts";
import { LoopgateError } from "../base/errors.ts";
import type { CompiledComponent } from "../component/engine.ts";
import { roleFault } from "../gateway/component_role.ts";
import { INCOMING_HANDLER } from "../instance/handler.ts";
import type { Policy } from "../policy/policy.ts";
import { createRouter, type Router } from "../router/router.ts";
import type { Destination } from "../server/http_app.ts";
import { COMMAND_RUN } from "../workload/service_run.ts";
import { Workload } from "../workload/workload.ts";
import {
  type ComponentSource,
  loadLateParts,
  loadTestComponent,
  missingImportsOnce,
  nameOfComponent,
  pathOfComponent,
} from "./load_component.ts";
import { ScriptError } from "./script_error.ts";
import type { TcpPeer } from "./tcp_peer.ts";
import { type RunEnd, TestCommand } from "./test_command.ts";
import { type NetOption, testPolicy } from "./test_policy.ts";
import { TestWorld, type WorldOptions } from "./test_world.ts";
import { TestedGuests } from "./tested_guests.ts";

/** What `testComponent` is given beside the component. */
export interface TestComponentOptions extends WorldOptions {
  /**
   * The environment.
   *
   * @example env: { LOG_LEVEL: "debug" }
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Arguments, without the program's name.
   *
   * @example args: ["--verbose"]
   */
  readonly args?: readonly string[];
  /**
   * What it may reach, as in `workload.jsonc`. Default: as where the file says nothing.
   *
   * @example net: ["https://api.example.com"]
   */
  readonly net?: NetOption;
  /**
   * Names that it may look up, as in `workload.jsonc`. Default: none.
   *
   * @example dns: ["db.example.com"]
   */
  readonly dns?: boolean | readonly string[];
  /**
   * What one of its instances may use. Default: as for a route.
   *
   * @example limits: { memoryBytesMax: 64 * 1024 * 1024, cpuMs: 500 }
   */
  readonly limits?: Partial<RouteLimits>;
}

const NAME = "test";

/**
 * Compiles a component (once for all tests of the process) and puts it into a world of scripts: no sockets, no ports, no
 * machine. Engine, host, policy and limits are those of the gateway.
 *
 * @throws {LoopgateError} ERR_COMPONENT when it cannot be used
 * @throws {ScriptError} for options that cannot be read
 * @example
 * await using component = await testComponent("dist/http_api.wasm", {
 *   network: { "127.0.0.1:7777": tcp.answers("h3110\n") },
 * });
 * const response = await component.fetch("/task", { method: "POST", body: '{"payload":"hello"}' });
 * assert.equal(await response.text(), "h3110");
 */
export async function testComponent(
  source: ComponentSource,
  options: TestComponentOptions = {},
): Promise<TestedComponent> {
  const component = await loadTestComponent(source);
  await loadLateParts();
  const name = nameOfComponent(source);
  const isHandler = roleFault(component, INCOMING_HANDLER) === undefined;
  const role = isHandler ? undefined : roleFault(component, COMMAND_RUN);
  if (role !== undefined) throw new LoopgateError("LG2005", `Cannot test "${name}": ${role}`);
  const missing = missingImportsOnce(component);
  if (missing !== undefined) throw new LoopgateError("LG2004", `Cannot test "${name}": ${missing}`);
  const path = pathOfComponent(source);
  const guest = path === undefined ? [] : [{ name: NAME, component: path }];
  const world = new TestWorld(options, {
    namesGuests: false,
    guests: { name: NAME, service: guest[0], routes: guest },
  });
  const policy = testPolicy(options.net, options.dns);
  const parts = { component, name, policy, world, options };
  return isHandler ? openHandler(parts) : openCommand(parts);
}

interface Parts {
  readonly component: CompiledComponent;
  readonly name: string;
  readonly policy: Policy;
  readonly world: TestWorld;
  readonly options: TestComponentOptions;
}

function openHandler({ component, name, policy, world, options }: Parts): TestedComponent {
  const { env = {}, args = [] } = options;
  const files = world.openFiles(world.ownMounts);
  const workload = new Workload({
    spec: {
      name: NAME,
      folder: "",
      service: undefined,
      policy,
      totals: WORKLOAD_TOTALS,
      routes: [{
        name: NAME,
        file: "",
        match: { host: "*", path: "/*", methods: undefined },
        component: name,
        env: Object.entries(env),
        args,
        policy,
        volumes: world.ownMounts,
        limits: { ...ROUTE_LIMITS, ...options.limits },
        instance: { kind: "fresh" },
      }],
    },
    componentOf: () => component,
    tools: world.tools,
    egressTools: world.egressTools,
    egress: world.egress,
    denials: world.attempts,
    onReach: (label, reach) => world.reached(label, reach),
    substituteVolume: (spec) => files.volumeOf(spec),
  });
  world.openLoopback(workload.network);
  const router = createRouter<Destination>(workload.routes.map((route) => ({ match: route.match, target: route })));
  return new TestedComponent({ world, close: () => workload.close() }, { name, router });
}

function openCommand({ component, name, policy, world, options }: Parts): TestedComponent {
  const { env = {}, args = [] } = options;
  const command = new TestCommand({ component, name, policy, world, env: Object.entries(env), args: [name, ...args] });
  return new TestedComponent({ world, close: () => command.close() }, { name, command });
}

/** What a component is: a handler that answers requests, or a command (a service is one) that runs. */
type Role = { readonly name: string } & ({ readonly router: Router<Destination> } | { readonly command: TestCommand });

/**
 * A component under test.
 *
 * @example
 * await using component = await testComponent("dist/hello.wasm");
 * const response = await component.fetch("/hello");
 */
export class TestedComponent extends TestedGuests {
  readonly #role: Role;

  /** `testComponent` makes them. */
  constructor(options: ConstructorParameters<typeof TestedGuests>[0], role: Role) {
    super(options);
    this.#role = role;
  }

  /**
   * Sends a request, as `fetch` of the web with a path in the place of a URL. Resolves when the head of the answer is there.
   *
   * @throws {ScriptError} when the guest tried what no script answers, or it is no handler
   * @example const response = await component.fetch("/users?page=2", { headers: { accept: "text/plain" } });
   */
  async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    if (!("router" in this.#role)) {
      throw new ScriptError(
        `Cannot fetch from "${this.#role.name}": it exports ${COMMAND_RUN}, expected ${INCOMING_HANDLER}`,
      );
    }
    return await this.serve(this.#role.router, input, init);
  }

  /**
   * Runs a command to its end (started once, however often this is called).
   *
   * @throws {ScriptError} when it tried what no script answers, or it is no command
   * @example assert.deepEqual(await component.run(), { kind: "completed", exitCode: 0, detail: "it returned" });
   */
  async run(): Promise<RunEnd> {
    const end = await this.world.time.during(this.#command("run").run());
    this.world.attempts.check();
    return end;
  }

  /**
   * Connects to a port of its private loopback that a service listens on; starts it where it does not run, and waits until
   * it listens.
   *
   * @throws {ScriptError} when it ends before, or is no command
   * @example
   * const client = await service.connect(7777);
   * await client.write("hello\n");
   * assert.equal(await client.readLine(), "h3110");
   */
  async connect(port: number): Promise<TcpPeer> {
    const client = await this.world.time.during(this.#command("connect to").connect(port));
    this.world.attempts.check();
    return client;
  }

  #command(verb: string): TestCommand {
    if ("command" in this.#role) return this.#role.command;
    throw new ScriptError(
      `Cannot ${verb} "${this.#role.name}": it exports ${INCOMING_HANDLER}, expected ${COMMAND_RUN}`,
    );
  }
}
