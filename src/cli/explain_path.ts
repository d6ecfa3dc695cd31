/** What a guest finds at a path: a volume, or nothing. */
import { escapeText } from "../base/escape_text.ts";
import type { MountSpec } from "../volume/mount.ts";
import { mountText } from "./served_text.ts";

/** Whose path it is. */
export interface PathSubject {
  readonly workload: string;
  /** Undefined: the service. */
  readonly route: string | undefined;
  readonly volumes: readonly MountSpec[];
}

/** What is found. */
export interface ExplainedPath {
  readonly isThere: boolean;
  readonly lines: readonly string[];
}

/**
 * Lines as those of `explainVerdict`.
 *
 * @example
 * // allowed to read: /site/index.html for the component of route page of shop
 * // by: /site (folder public, read only)
 */
export function explainPath(path: string, { workload, route, volumes }: PathSubject): ExplainedPath {
  const who = route === undefined ? `the service of ${workload}` : `the component of route ${route} of ${workload}`;
  const about = `${escapeText(path)} for ${escapeText(who)}`;
  // The innermost of nested ones is what a walk meets last.
  const [mount] = volumes.filter((each) => isWithin(path, each.path)).toSorted((a, b) => b.path.length - a.path.length);
  if (mount === undefined) {
    const paths = volumes.map((each) => each.path).join(", ");
    const by = volumes.length === 0 ? "it has no volumes" : `its volumes are ${escapeText(paths)}`;
    // A route's or a service's own volumes stand in place of the workload's.
    const where = route === undefined
      ? 'of "service" in workload.jsonc, or of the workload where that has none'
      : `in ${escapeText(route)}.route.jsonc, or in workload.jsonc where that has none`;
    return {
      isThere: false,
      lines: [`denied: ${about}`, `by: ${by}`, `to allow: add a volume to "volumes" ${where} (docs/volumes.md)`],
    };
  }
  const isWritable = mount.kind === "memory" || mount.isWritable;
  return {
    isThere: true,
    lines: [`allowed to ${isWritable ? "read and write" : "read"}: ${about}`, `by: ${mountText(mount)}`],
  };
}

function isWithin(path: string, mount: string): boolean {
  return path === mount || path.startsWith(mount === "/" ? mount : `${mount}/`);
}
