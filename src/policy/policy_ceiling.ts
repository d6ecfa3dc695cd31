/** What a file asks for beyond the operator's ceiling, and what it says in vain: configuration faults with their place. */
import type { FaultCode } from "../base/fault_codes.ts";
import { escapeText } from "../base/escape_text.ts";
import { parentsOf } from "./host_name.ts";
import { ceilingBook, type DnsName, type DnsSetting, type PolicyLayer, type PolicyOrigin } from "./policy.ts";
import { isRuleCovered } from "./policy_cover.ts";

/** A rule or name that never has an effect as it stands. */
export interface LayerFault {
  readonly code: FaultCode;
  readonly origin: PolicyOrigin;
  readonly message: string;
  readonly fix: string;
}

/**
 * Every rule of `layer` to allow, and every name of its `dns`, that the ceiling does not have or that it denies
 * wholly. What a file does not say it does not ask for: the default is cut without a word.
 *
 * @example
 * exceeding(workload, ceiling).map(({ message }) => message);
 */
export function exceeding(layer: PolicyLayer, ceiling: PolicyLayer): LayerFault[] {
  const book = ceilingBook(ceiling);
  const faults: LayerFault[] = [];
  for (const { rule, text, origin } of layer.net.allow ?? []) {
    const key = ceiling.net.key;
    if (!isRuleCovered(rule, book.allow)) {
      const fix = `add it to "${key}" in ${ceiling.net.file}, or remove it here`;
      faults.push(fault(origin, text, { is: `"${key}" of ${ceiling.net.file} has no such rule`, fix }));
    } else if (isRuleCovered(rule, book.deny)) {
      faults.push(fault(origin, text, { is: `"${key}" of ${ceiling.net.file} denies it`, fix: "remove it here" }));
    }
  }
  const { dns } = book;
  if (dns.form !== "on") faults.push(...exceedingNames(layer.dns, dns));
  return faults;
}

/** A route's list below a workload with `"net": false`: no list brings a network back. */
export function contradicting(workload: PolicyLayer, route: PolicyLayer): LayerFault[] {
  const { form, file, key } = route.net;
  if (workload.net.form !== "off" || form === "absent" || form === "off") return [];
  return [{
    code: "LG3004",
    origin: { file, key },
    message:
      `Cannot use "${key}": "${workload.net.key}" of ${workload.net.file} is false, expected a workload with a network`,
    fix: `write "${workload.net.key}": [] in ${workload.net.file}, or remove "${key}" here`,
  }];
}

function exceedingNames(asked: DnsSetting, ceiling: DnsSetting): LayerFault[] {
  const is = `"${ceiling.key}" of ${ceiling.file} has no such name`;
  const fix = `add it to "${ceiling.key}" in ${ceiling.file}, or remove it here`;
  if (asked.form === "on") {
    const said = `"${ceiling.key}" of ${ceiling.file} is not true`;
    return [fault({ file: asked.file, key: asked.key }, "true", { is: said, fix: "list the names that are needed" })];
  }
  const [names, suffixes] = [false, true].map((isSuffix) =>
    new Set(ceiling.names.filter((one) => one.isSuffix === isSuffix).map(({ name }) => name))
  );
  const has = ({ name, isSuffix }: DnsName): boolean =>
    (isSuffix ? suffixes?.has(name) : names?.has(name)) === true ||
    parentsOf(name).some((parent) => suffixes?.has(parent) === true);
  return asked.names.filter((name) => !has(name)).map(({ name, isSuffix, origin }) =>
    fault(origin, `${isSuffix ? "*." : ""}${name}`, { is, fix })
  );
}

function fault(
  origin: PolicyOrigin,
  text: string,
  { is, fix }: { readonly is: string; readonly fix: string },
): LayerFault {
  return {
    code: "LG3003",
    origin,
    message: `Cannot use "${escapeText(text)}": ${is}, expected no more than the ceiling`,
    fix,
  };
}
