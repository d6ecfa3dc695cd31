/** URLs, for an engine without them. */
export { URL, URLSearchParams } from "whatwg-url-minimum";
