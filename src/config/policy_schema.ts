/**
 * `net` and `dns` for editors. `policy` reads them; these patterns take all that it takes and refuse what is plainly
 * something else (a path, a user name, an unknown scheme), not a rule that only the meaning of its parts forbids.
 */
import { RULE_LENGTH_MAX } from "../policy/rule_fault.ts";

/** What no host has, written for the inside of brackets. */
const NOT_IN_HOST = "\\u0000-\\u0020\\u007f-\\u009f\\s/?#@\\\\%*:\\[\\]";
const HOST = `[^${NOT_IN_HOST}]+`;
const SCHEME = "(?:[Tt][Cc][Pp]|[Uu][Dd][Pp]|[Hh][Tt][Tt][Pp][Ss]?)://";
const PORT = "[1-9][0-9]{0,4}";
const ADDRESS_V6 = "\\[[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?\\]";

const RULE = {
  type: "string",
  maxLength: RULE_LENGTH_MAX,
  pattern:
    `^(?:${SCHEME})?(?:\\*|(?:\\*\\.)?${HOST}|[0-9.]+/[0-9]{1,2}|${ADDRESS_V6})(?::(?:\\*|${PORT}(?:-${PORT})?))?$`,
} as const;
const RULES = { type: "array", items: RULE } as const;

const NAME = {
  type: "string",
  maxLength: RULE_LENGTH_MAX,
  pattern: `^(?![0-9.]+$)(?:\\*\\.)?${HOST}$`,
} as const;

/** For descriptions of `net`, behind a sentence that says what it is without the key. */
export const RULE_LIST_NOTE = "true: public and private addresses; []: the private loopback only; " +
  'false: no network; a list of rules to allow; or { "allow": [...], "deny": [...] }. ' +
  "A rule is [scheme://]host[:port]: a host, *.suffix, an address, a prefix, public, private, link-local or *.";

/** Keywords of JSON schema for `net`. */
export const NET_JSON_SCHEMA = {
  anyOf: [
    { type: "boolean" },
    RULES,
    { type: "object", properties: { allow: RULES, deny: RULES }, additionalProperties: false },
  ],
} as const;

/** Keywords of JSON schema for `dns`. */
export const DNS_JSON_SCHEMA = { anyOf: [{ type: "boolean" }, { type: "array", items: NAME }] } as const;
