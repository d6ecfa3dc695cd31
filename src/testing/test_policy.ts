/** `net` and `dns` as options of a test: what `workload.jsonc` would say. */
import { makePolicy, type Policy } from "../policy/policy.ts";
import { readDns, readNet } from "../policy/policy_read.ts";
import { ScriptError } from "./script_error.ts";

/** As in `workload.jsonc`. */
export type NetOption = boolean | readonly string[] | {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
};

const FILE = "workload.jsonc";

/** @throws {ScriptError} with what `loopgate` would say of the file */
export function testPolicy(net: NetOption | undefined, dns: boolean | readonly string[] | undefined): Policy {
  const [netRead, dnsRead] = [readNet(net, { file: FILE }), readDns(dns, { file: FILE })];
  const [fault] = [...netRead.faults, ...dnsRead.faults];
  if (fault !== undefined) {
    throw new ScriptError(fault.fix === undefined ? fault.message : `${fault.message} (${fault.fix})`);
  }
  return makePolicy({ workload: { net: netRead.setting, dns: dnsRead.setting } });
}
