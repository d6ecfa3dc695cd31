/** `net` and `dns` of a document: what `policy` reads from them, and its faults at their places in the text. */
import type { Diagnostic } from "../base/diagnostics.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { absentLayer, type PolicyLayer } from "../policy/policy.ts";
import { contradicting, exceeding, type LayerFault } from "../policy/policy_ceiling.ts";
import { type PolicyFault, readDns, readNet } from "../policy/policy_read.ts";
import { type ConfigDocument, type Node, propertiesOf, valueOf } from "./document.ts";
import { nodeAt, RESERVED_KEYS } from "./faults.ts";
import { hideUser } from "./hidden_spans.ts";

/** A file's share of the policies. */
export interface ReadLayer {
  /** Where there are faults, all that could be read; such a file is not used. */
  readonly layer: PolicyLayer;
  readonly diagnostics: readonly Diagnostic[];
}

type PathKey = string | number;

/**
 * Reads `net` and `dns`, whatever else is wrong with the file.
 *
 * @example
 * const { layer, diagnostics } = readLayer(new ConfigDocument("a/workload.jsonc", text));
 */
export function readLayer(document: ConfigDocument): ReadLayer {
  const { file, root } = document;
  if (root === undefined) return { layer: absentLayer(file), diagnostics: [] };
  const valueAt = (key: string): unknown => {
    const value = propertiesOf(root).findLast(({ name }) => name === key)?.value;
    return value === undefined ? undefined : valueOf(value);
  };
  const net = readNet(valueAt("net"), { file });
  const dns = readDns(valueAt("dns"), { file });
  const faultsOf = (key: string, faults: readonly PolicyFault[]): readonly Diagnostic[] =>
    faults.flatMap((fault) => placed(document, root, { key, fault }));
  // What could not be read at all is no "net": false, below which a route's list would be a fault of its own.
  const isRead = net.setting.form !== "off" || net.faults.length === 0;
  return {
    layer: { net: isRead ? net.setting : absentLayer(file).net, dns: dns.setting },
    diagnostics: [...faultsOf("net", net.faults), ...faultsOf("dns", dns.faults)],
  };
}

/** What a layer asks for beyond the ceiling, and what it says in vain below its workload's. */
export function layerFaults(
  document: ConfigDocument,
  layer: PolicyLayer,
  { ceiling, workload }: { readonly ceiling: PolicyLayer | undefined; readonly workload?: PolicyLayer | undefined },
): readonly Diagnostic[] {
  const { root } = document;
  if (root === undefined) return [];
  const faults: readonly LayerFault[] = [
    ...(ceiling === undefined ? [] : exceeding(layer, ceiling)),
    ...(workload === undefined ? [] : contradicting(workload, layer)),
  ];
  return faults.flatMap(({ code, origin, message, fix }) => {
    const { offset } = nodeAt(root, pathOfKey(origin.key));
    return offset >= document.soundEnd ? [] : [document.fault(code, offset, message, fix)];
  });
}

function placed(
  document: ConfigDocument,
  root: Node,
  { key, fault }: { readonly key: string; readonly fault: PolicyFault },
): readonly Diagnostic[] {
  const path = [key, ...fault.path];
  const last = path.at(-1);
  const unknown = path.length === 2 && typeof last === "string" && last !== "allow" && last !== "deny"
    ? last
    : undefined;
  // Keys that no file may have are told already.
  if (unknown !== undefined && RESERVED_KEYS.has(unknown)) return [];
  const node = nodeAt(root, path);
  const offset = unknown === undefined
    ? fault.range === undefined ? node.offset : document.offsetInString(node, fault.range.start)
    : propertiesOf(nodeAt(root, [key])).findLast(({ name }) => name === unknown)?.key.offset ?? node.offset;
  if (offset >= document.soundEnd) return [];
  const nearest = unknown === undefined ? undefined : nearestWord(unknown, ["allow", "deny"]);
  const fix = fault.fix ?? (nearest === undefined ? undefined : `did you mean "${nearest}"?`);
  return [document.fault(fault.code, offset, hideUser(fault.message), fix && hideUser(fix))];
}

/** `net.allow[2]`, `"net": true` and `dns` as paths. */
function pathOfKey(key: string): readonly PathKey[] {
  const words = /^"([^"]+)": /.exec(key)?.[1] ?? key;
  return [...words.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
}
