/** What the files of a folder say, checked and with defaults filled in. `config` makes it, `workload` and `gateway` use it. */

import type { RouteMatch } from "../router/route_match.ts";

export interface RouteSpec {
  /** The file's name without `.route.jsonc`; unique in its workload. */
  readonly name: string;
  readonly file: string;
  readonly match: RouteMatch;
  /** Path of the component's file. */
  readonly component: string;
  /** The workload's environment with the route's over it. */
  readonly env: readonly (readonly [string, string])[];
  readonly args: readonly string[];
}

export type RestartPolicy = "never" | "on-failure" | "always";

export interface ServiceSpec {
  readonly component: string;
  readonly env: readonly (readonly [string, string])[];
  readonly args: readonly string[];
  /** The loopback port whose listener makes the service ready; undefined: ready at once. */
  readonly readyTcpPort: number | undefined;
  readonly restart: RestartPolicy;
}

/** What a workload's guests reach: nothing, the private loopback, or also the outside by the default policy of network.md. */
export type NetworkAccess = "none" | "loopback" | "default";

export interface WorkloadSpec {
  /** The folder's name. */
  readonly name: string;
  readonly folder: string;
  readonly service: ServiceSpec | undefined;
  readonly routes: readonly RouteSpec[];
  readonly network: NetworkAccess;
}
