/** The sample's service, on this engine. */
import type { Service } from "loopgate/guest";
import service from "../../../../../workloads/service-tcp/src/service_leet.ts";

export default { run: () => service.run() } satisfies Service;
