/** The admin listener of a gateway that has one. */
import type { EmitEvent } from "../telemetry/events.ts";
import type { HostPort } from "../workload/spec.ts";
import { adminSource, type AdminSourceOptions } from "./admin_source.ts";
import { VERSION } from "../base/version.ts";

/** One that listens. */
export interface OpenAdmin {
  readonly address: HostPort;
  close(): Promise<void>;
}

/**
 * Opens it; undefined when nobody asked for one.
 *
 * @throws {LoopgateError} ERR_LISTEN
 */
export async function openAdmin(
  listen: HostPort | undefined,
  options: Omit<AdminSourceOptions, "version">,
  emit: EmitEvent,
): Promise<OpenAdmin | undefined> {
  if (listen === undefined) return undefined;
  // lazy: the metrics library takes longer to load than a gateway without it takes to start
  const { AdminListener } = await import("../admin/admin_listener.ts");
  const listener = new AdminListener(adminSource({ ...options, version: VERSION }), {
    host: listen.host,
    onFault: (error) => emit({ kind: "fault", where: "admin", error }),
  });
  return { address: await listener.listen(listen), close: () => listener.close() };
}
