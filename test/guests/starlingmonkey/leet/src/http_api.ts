/** The sample's handler, on this engine. */
export { default } from "../../../../../workloads/service-tcp/src/http_api.ts";
