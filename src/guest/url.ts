/** URLs, for an engine without them. (On StarlingMonkey the build takes `native.ts` in place of this file.) */
export { URL, URLSearchParams } from "whatwg-url-minimum";
