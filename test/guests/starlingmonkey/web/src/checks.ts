/** The guest of the other engine, on this one. */
export { default } from "../../../quickjs/web/src/checks.ts";
