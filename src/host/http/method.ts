/** `wasi:http/types.method` of what stands in a request line. */
import type { Method } from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";

/** Methods are case-sensitive (RFC 9110 section 9.1): "get" is another method than GET. */
const STANDARD_METHODS: ReadonlyMap<string, Method> = new Map([
  ["GET", { tag: "get" }],
  ["HEAD", { tag: "head" }],
  ["POST", { tag: "post" }],
  ["PUT", { tag: "put" }],
  ["DELETE", { tag: "delete" }],
  ["CONNECT", { tag: "connect" }],
  ["OPTIONS", { tag: "options" }],
  ["TRACE", { tag: "trace" }],
  ["PATCH", { tag: "patch" }],
]);

/** The variant of a method's name. */
export function methodOf(name: string): Method {
  return STANDARD_METHODS.get(name) ?? { tag: "other", val: name };
}

/** What stands in a request line for a variant. */
export function methodName(method: Method): string {
  return method.tag === "other" ? method.val : method.tag.toUpperCase();
}
