/** What a guest may ask to have resolved: a domain name, or an address in any spelling. */
import { domainToASCII } from "node:url";
import { formatIpAddress, parseAnySpelling } from "../base/ip_address.ts";

/** RFC 1035 section 2.3.4, without the root's dot. */
const NAME_LENGTH_MAX = 253;
/** Letters, digits, hyphens inside, and the underscore that service names use. */
const LABEL = /^(?:[a-z0-9_]|[a-z0-9_][a-z0-9_-]{0,61}[a-z0-9_])$/;
/** What a URL, a port, a zone or a user name would bring in; `domainToASCII` decodes or cuts some of these. */
const NOT_IN_A_NAME = /[\s\0-\x20\x7f/\\?#@%:[\]<>^|"`{}]/;

/**
 * The name in its ASCII form (UTS-46, lower case, no trailing dot), or the address in its canonical one.
 * undefined when it is neither: a URL, a name with a port, an empty or too long label.
 */
export function parseLookupName(text: string): string | undefined {
  const address = parseAnySpelling(text);
  if (address !== undefined) return formatIpAddress(address);
  if (text === "" || text.length > 4 * NAME_LENGTH_MAX || NOT_IN_A_NAME.test(text)) return undefined;
  const ascii = domainToASCII(text);
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  const labels = name.split(".");
  // A last label of digits is an address gone wrong (RFC 3696 section 2): 1.2.3.4.5, 256.0.0.1.
  if (name.length > NAME_LENGTH_MAX || /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) return undefined;
  return labels.every((label) => LABEL.test(label)) ? name : undefined;
}
