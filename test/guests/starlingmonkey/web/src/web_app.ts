/** The guest of the other engine, on this one. */
export { default } from "../../../quickjs/web/src/web_app.ts";
