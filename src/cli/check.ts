/** `loopgate check`: all faults of a folder, or what it would serve. */
import type { Clock } from "../base/clock.ts";
import { diagnosticsText } from "../base/diagnostics_text.ts";
import { escapeText } from "../base/escape_text.ts";
import { roughByteSize } from "../base/quantity.ts";
import type { FileReader } from "../config/file_reader.ts";
import { type CheckedWorkload, checkFolder, type GuestFacts, type PolicyFacts } from "../gateway/check_folder.ts";
import type { CheckCommand } from "./args/check.ts";
import { type Colours, coloursFor } from "./colours.ts";
import { defaultFolder } from "./default_folder.ts";
import { OPERATOR_EXIT_CODE } from "./exit_codes.ts";
import { mountText } from "./served_text.ts";
import type { Terminal } from "./terminal.ts";
import { asItIs, shownDiagnostic, workloadPlace } from "./workload_place.ts";

/** Where the outside comes in. */
export interface CheckTools {
  /** Certificates end. */
  readonly clock: Pick<Clock, "wallMs">;
  readonly terminal: Terminal;
  readonly files: FileReader;
}

/**
 * Prints it; resolves to the exit code.
 *
 * @throws {LoopgateError} ERR_CONFIG when the folder itself cannot be read
 */
export async function check({ folder, isJson }: CheckCommand, { terminal, files, clock }: CheckTools): Promise<number> {
  const named = folder ?? await defaultFolder(files);
  // What cannot be listed is told by whoever reads it.
  const place = await workloadPlace(named, files).catch(() => ({ folder: named, files, shown: asItIs }));
  const nowMs = clock.wallMs();
  const { faults: found, warnings, workloads } = await checkFolder(place.folder, place.files, { nowMs });
  const faults = found.map((fault) => shownDiagnostic(fault, place.shown));
  const { stdout, stderr } = terminal;
  const isGood = faults.length === 0;
  if (isJson) stdout.write(`${JSON.stringify({ ok: isGood, faults, warnings, workloads })}\n`);
  else if (isGood) stdout.write(checkedText(workloads, coloursFor(stdout.isColoured)));
  else stderr.write(diagnosticsText(faults, coloursFor(stderr.isColoured)));
  if (!isJson) {
    const colours = coloursFor(stderr.isColoured);
    for (const { name, detail } of warnings) {
      stderr.write(`${colours.warn("warn")} certificate ${colours.strong(escapeText(name))} ${escapeText(detail)}\n`);
    }
  }
  return isGood ? 0 : OPERATOR_EXIT_CODE;
}

/** A block for each workload, and a line that all is well. */
export function checkedText(workloads: readonly CheckedWorkload[], colours: Colours): string {
  const blocks = workloads.map(({ name, guests }) => [colours.strong(name), ...guests.flatMap(guestText)].join("\n"));
  const count = workloads.length === 1 ? "1 workload" : `${workloads.length} workloads`;
  return `${[...blocks, colours.good(`${count}, no fault`)].join("\n\n")}\n`;
}

/** As much of a digest as tells two files apart at a glance; `--json` has all of it. */
const DIGEST_LENGTH = 12;

function guestText({ route, match, component, facts, policy, volumes }: GuestFacts): readonly string[] {
  const what = match === undefined
    ? "service"
    : `route ${route}: ${match.methods?.join(",") ?? "any"} ${match.host === "*" ? "" : match.host}${match.path}`;
  const { bytes, sha256, memoryBytesMin } = facts;
  return [
    `  ${escapeText(what)}`,
    `    ${escapeText(component)}, ${roughByteSize(bytes)}, sha256 ${sha256.slice(0, DIGEST_LENGTH)}, ` +
    `${roughByteSize(memoryBytesMin)} of memory from the start`,
    ...networkText(facts.needs, policy).map((line) => `    ${escapeText(line)}`),
    ...volumes.map((volume) => `    volume: ${mountText(volume)}`),
  ];
}

/** What it may ask for, beside what it may have. */
function networkText(needs: readonly string[], policy: PolicyFacts): readonly string[] {
  const isAsking = needs.some((need) => need === "http" || need === "tcp" || need === "udp");
  const lines: string[] = [];
  if (!isAsking) lines.push("network: it imports none");
  else if (!policy.isOn) lines.push('network: off ("net": false), and it imports some');
  else lines.push(`network: ${rulesText(policy)}`);
  if (needs.includes("names")) {
    const names = policy.dns === true ? "all" : policy.dns.length === 0 ? "none" : policy.dns.join(", ");
    lines.push(`names: ${policy.isOn ? names : "none"}`);
  }
  return lines;
}

function rulesText({ allow, deny }: PolicyFacts): string {
  const [own = [], ceiling] = allow;
  // No rule is about the loopback: what the operator allows and who denies what changes nothing of it.
  if (own.length === 0) return "the private loopback alone";
  const below = ceiling === undefined ? "" : `, as far as the operator allows ${ceiling.join(", ") || "nothing"}`;
  return `the private loopback, ${own.join(", ")}${below}${deny.length === 0 ? "" : `, but not ${deny.join(", ")}`}`;
}
