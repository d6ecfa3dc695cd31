/** `loopgate explain`: what the files of a folder say about a target of the network, or a path. Nothing is run, nothing is sent. */
import { sortDiagnostics } from "../base/diagnostics_text.ts";
import { LoopgateError } from "../base/errors.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import { nearestWord } from "../base/nearest_word.ts";
import type { FileReader } from "../config/file_reader.ts";
import { loadFolder } from "../config/load_folder.ts";
import type { OwnAddresses } from "../policy/address_class.ts";
import { type ExplainTarget, explainVerdict, judgeTarget, targetWords } from "../policy/explain.ts";
import type { Policy } from "../policy/policy.ts";
import type { MountSpec } from "../volume/mount.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import type { ExplainCommand } from "./args/explain.ts";
import { coloursFor } from "./colours.ts";
import { DENIED_EXIT_CODE } from "./exit_codes.ts";
import { defaultFolder } from "./default_folder.ts";
import { explainName, judgeUnresolved } from "./explain_name.ts";
import { explainPath } from "./explain_path.ts";
import type { Terminal } from "./terminal.ts";
import { readVariables } from "./variables.ts";
import { workloadPlace } from "./workload_place.ts";

/** Where the outside comes in. */
export interface ExplainTools {
  readonly terminal: Terminal;
  readonly files: FileReader;
  readonly ownAddresses: (known: Required<Pick<OwnAddresses, "nat64" | "listeners">>) => OwnAddresses;
}

/** A guest that is asked about. */
interface Subject {
  /** Undefined: the service. */
  readonly route: string | undefined;
  readonly policy: Policy;
  readonly volumes?: readonly MountSpec[] | undefined;
}

/**
 * Prints a block for each guest; resolves to the exit code.
 *
 * @throws {LoopgateError} ERR_CONFIG with all diagnostics, ERR_USAGE for a workload or route that is not there
 */
export async function explain(command: ExplainCommand, tools: ExplainTools): Promise<number> {
  const { target } = command;
  const named = command.folder ?? await defaultFolder(tools.files);
  const { stdout } = tools.terminal;
  // What cannot be listed is told by whoever reads it.
  const { folder, files } = await workloadPlace(named, tools.files).catch(() => ({
    folder: named,
    files: tools.files,
  }));
  const { workloads, gateway, diagnostics } = await loadFolder(folder, files);
  if (diagnostics.length > 0) {
    const message = `Cannot explain "${folder}": its files have faults, expected none`;
    throw new LoopgateError("LG1000", message, { diagnostics: sortDiagnostics(diagnostics) });
  }
  const workload = findWorkload(command.workload, folder, workloads);
  const said = { ...readVariables(tools.terminal, ["listen", "admin"]), ...command.settings };
  const listeners = [said.listen ?? gateway.listen, said.admin ?? gateway.admin].flatMap((listen) => {
    const address = listen && parseIpAddress(listen.host);
    return listen === undefined || address === undefined ? [] : [{ address, port: listen.port }];
  });
  const own = tools.ownAddresses({ nat64: gateway.nat64, listeners });
  const colours = coloursFor(stdout.isColoured);
  let isAllowed = true;
  const blocks = subjectsOf(workload, command).map((subject) => {
    const { isGood, lines: [headline = "", ...rest] } = typeof target === "string"
      ? pathBlock(target, workload.name, subject)
      : networkBlock(target, { workload: workload.name, subject, own });
    isAllowed &&= isGood;
    return [(isGood ? colours.good : colours.fault)(headline), ...rest.map((line) => `  ${line}`)].join("\n");
  });
  stdout.write(`${blocks.join("\n\n")}\n`);
  return isAllowed ? 0 : DENIED_EXIT_CODE;
}

/** What is said of one guest. */
interface Block {
  readonly isGood: boolean;
  readonly lines: readonly string[];
}

function networkBlock(
  target: ExplainTarget,
  { workload, subject: { route, policy }, own }: {
    readonly workload: string;
    readonly subject: Subject;
    readonly own: OwnAddresses;
  },
): Block {
  const { host, scheme, port } = target;
  const byItself = judgeTarget(target, { policy, own });
  const name = host.kind === "name" ? { scheme, port, name: host.name } : undefined;
  const verdict = name === undefined ? byItself : judgeUnresolved(name, { policy, verdict: byItself });
  const said = explainVerdict({ workload, route }, { target: targetWords(target), verdict });
  return {
    isGood: verdict.isAllowed,
    lines: name === undefined ? said : [...said, ...explainName(name, { policy, verdict })],
  };
}

function pathBlock(path: string, workload: string, { route, volumes = [] }: Subject): Block {
  const { isThere, lines } = explainPath(path, { workload, route, volumes });
  return { isGood: isThere, lines };
}

function findWorkload(name: string, folder: string, workloads: readonly WorkloadSpec[]): WorkloadSpec {
  const found = workloads.find((workload) => workload.name === name);
  if (found !== undefined) return found;
  const names = workloads.map((workload) => workload.name);
  throw unknown(`Cannot explain "${name}": "${folder}" has no workload of that name`, name, names);
}

function subjectsOf({ name, service, routes, policy }: WorkloadSpec, command: ExplainCommand): readonly Subject[] {
  const components = routes.map((route) => ({ route: route.name, policy: route.policy, volumes: route.volumes }));
  if (command.route === undefined) {
    const own = service === undefined ? [] : [{ route: undefined, policy, volumes: service.volumes }];
    return [...own, ...components];
  }
  const asked = components.filter(({ route }) => route === command.route);
  if (asked.length > 0) return asked;
  const names = components.map(({ route }) => route);
  throw unknown(`Cannot use --route "${command.route}": "${name}" has no route of that name`, command.route, names);
}

function unknown(is: string, word: string, names: readonly string[]): LoopgateError {
  const nearest = nearestWord(word, names);
  const hint = nearest === undefined ? "" : `\nDid you mean: ${nearest}`;
  const expected = names.length === 0 ? "expected one" : `expected one of ${names.join(", ")}`;
  return new LoopgateError("LG4003", `${is}, ${expected}${hint}\nSee: loopgate help explain`);
}
