/** The one decision about connections to the outside. Pure: what it needs of the machine comes in. */
import type { SocketAddress } from "../base/ip_address.ts";
import type { EgressDecision, NetworkAccess } from "../network/access.ts";
import { type AddressClass, classifyAddress, type OwnAddresses } from "./address_class.ts";

/** What the decision depends on besides the address. */
export interface DecideTcpOptions {
  readonly access: NetworkAccess;
  readonly own: OwnAddresses;
}

const VERDICTS: Readonly<Record<AddressClass, { readonly isAllowed: boolean; readonly rule: string }>> = {
  public: { isAllowed: true, rule: 'default: allow ["public", "private"]' },
  private: { isAllowed: true, rule: 'default: allow ["public", "private"]' },
  "link-local": { isAllowed: false, rule: 'default: allow ["public", "private"], and this is link-local' },
  never: { isAllowed: false, rule: "never reachable" },
  // A guest's loopback is the private network; should one get here, it must not become the machine's.
  loopback: { isAllowed: false, rule: "loopback is the private network, never the machine" },
};

/**
 * Whether a guest may open a TCP connection to `remote`.
 *
 * @example
 * decideTcp(remote, { access: "default", own: { listeners: [], interfaces: [] } }).isAllowed
 */
export function decideTcp(remote: SocketAddress, { access, own }: DecideTcpOptions): EgressDecision {
  if (access === "none") return { isAllowed: false, rule: '"net": false' };
  if (access === "loopback") return { isAllowed: false, rule: '"net": [] (the private loopback only)' };
  const verdict = classifyAddress(remote, own);
  const { isAllowed, rule } = VERDICTS[verdict.class];
  return { isAllowed, rule: `${rule} (${verdict.reason})` };
}
