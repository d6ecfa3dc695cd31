/** The guest of the other engine, on this one. */
import type { Service } from "loopgate/guest";
import service from "../../../quickjs/web/src/echo_service.ts";

export default { run: () => service.run() } satisfies Service;
