/** Request methods of routes. A method is case-sensitive (RFC 9110 section 9.1). */

/** What `methods` of a route can name. CONNECT is no route's: the gateway is no proxy and answers it with 501. */
export const ROUTE_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE"] as const;

/**
 * Whether a route answers a method. A route for GET answers HEAD as well: every server supports both (RFC 9110
 * section 9.1), and HEAD is GET without the body (section 9.3.2). The guest is told HEAD, as it was sent.
 */
export function answersMethod(methods: readonly string[] | undefined, method: string): boolean {
  if (methods === undefined) return true;
  return methods.includes(method) || (method === "HEAD" && methods.includes("GET"));
}

/** Whether two routes name a method in common. The HEAD that a GET implies is none: a route that names HEAD has it. */
export function shareMethod(first: readonly string[] | undefined, second: readonly string[] | undefined): boolean {
  if (first === undefined || second === undefined) return true;
  return first.some((method) => second.includes(method));
}

/** The value of an Allow field (RFC 9110 section 10.2.1) for the routes of one path, in the order of the table above. */
export function allowedMethods(routes: readonly (readonly string[])[]): readonly string[] {
  const named = new Set(routes.flat());
  if (named.has("GET")) named.add("HEAD");
  const rank = (method: string): number => {
    const index = (ROUTE_METHODS as readonly string[]).indexOf(method);
    return index < 0 ? ROUTE_METHODS.length : index;
  };
  return [...named].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
