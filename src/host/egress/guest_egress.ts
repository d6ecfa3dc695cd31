/**
 * The way to the outside of one component (of a route) or of one service, shared by its instances and by nobody else:
 * what its sockets may reach, its HTTP client, the names it may look up and the grants that came of them. Everything
 * is judged by `policy` with the one policy of that guest; what is judged is what is dialled.
 */
import { formatIpAddress, type IpAddress, type SocketAddress } from "../../base/ip_address.ts";
import type { Clock } from "../../base/clock.ts";
import type { EgressDecision, GuestAccess, GuestRole } from "../../network/access.ts";
import type { Egress, GuestHttpClient } from "../../network/egress.ts";
import type { GuestNetwork } from "../../network/guest_network.ts";
import { HttpClient, type HttpClientOptions } from "../../network/http_client.ts";
import type { HttpRequest, HttpTarget, PendingExchange } from "../../network/http_message.ts";
import type { Resolver } from "../../network/resolver.ts";
import type { TlsTrust } from "../../network/tls_trust.ts";
import type { WorkloadNetwork } from "../../network/workload_network.ts";
import type { OwnAddresses } from "../../policy/address_class.ts";
import { denialLine, targetWords } from "../../policy/explain.ts";
import { GrantTable } from "../../policy/grant_table.ts";
import { type Host, parseHost } from "../../policy/host_name.ts";
import { deniedByOff, judgeAddress } from "../../policy/judge.ts";
import { type Authority, judgeRequest } from "../../policy/judge_authority.ts";
import { filterAnswers, judgeLookup, judgeRemoved } from "../../policy/judge_lookup.ts";
import type { Policy } from "../../policy/policy.ts";
import type { Verdict } from "../../policy/verdict.ts";
import type { GuestLabel } from "../../telemetry/events.ts";
import type { LiveCounters } from "../../telemetry/live_counters.ts";
import { HttpDialler, isPrivateTarget } from "./http_dialler.ts";
import type { LookupSlots } from "./lookup_slots.ts";
import { NameLookup } from "./name_lookup.ts";

/** What all guests of a gateway share on their way out. Nothing in it is a guest's. */
export interface EgressTools {
  /** Of this machine and gateway, as they are now. */
  readonly own: () => OwnAddresses;
  readonly resolver: Pick<Resolver, "lookup">;
  readonly trust: TlsTrust;
  /** This gateway's name in CDN-Loop. */
  readonly cdnId: string;
}

/** Whose way out it is, and what it shares with the others of its workload. */
export interface GuestEgressOptions {
  readonly tools: EgressTools;
  /** Until `setPolicy`. */
  readonly policy: Policy;
  readonly role: GuestRole;
  readonly label: GuestLabel;
  readonly network: WorkloadNetwork;
  /** Of the workload. */
  readonly lookups: LookupSlots;
  /** Where a judged address is connected to by wasi:http; see `Egress`. */
  readonly egress: Egress | undefined;
  readonly clock: Clock;
  readonly counters: LiveCounters;
}

/** A request as a guest made it; its target is judged here. */
export interface EgressRequest extends Omit<HttpRequest, "host" | "port"> {
  readonly authority: string;
}

/** What comes of a request: it is under way, or it is not sent and why. */
export type SendOutcome = PendingExchange | "malformed" | "denied";

/** What comes of a question: answers, now or later, or why there are none. */
export type ResolveOutcome = NameLookup | "malformed" | "denied" | "busy";

/** Lives as long as its workload. */
export class GuestEgress {
  /** What the sockets of its instances may reach. */
  readonly access: GuestAccess;
  readonly #options: GuestEgressOptions;
  readonly #grants: GrantTable;
  readonly #client: GuestHttpClient;
  readonly #dialler: HttpDialler;
  /** Lookups under way, by their question. */
  readonly #lookups = new Map<NameLookup, string>();
  /** The client's own side of the private loopback. */
  readonly #loopback: GuestNetwork;
  #policy: Policy;

  constructor(options: GuestEgressOptions) {
    this.#options = options;
    const { tools, network, role, label, egress, clock, counters } = options;
    this.#policy = options.policy;
    this.#grants = new GrantTable({ clock });
    this.access = new CurrentAccess(() => this.#policy, (remote, protocol) => this.#decide(remote, protocol));
    this.#loopback = network.openGuest(role, label);
    const dialler = new HttpDialler({
      policy: () => this.#policy,
      own: tools.own,
      resolver: tools.resolver,
      workload: network.workload,
      loopback: this.#loopback,
      deny: (target, verdict) => this.#deny("http-request", target, verdict),
    });
    this.#dialler = dialler;
    const clientOptions: HttpClientOptions = {
      dial: (target, signal) => dialler.dial(target, signal),
      stillAllowed: (target, address) => dialler.judgeConnection(target, address)?.isAllowed === true,
      trust: tools.trust,
      cdnId: tools.cdnId,
      slots: network.slotsFor(label),
      isPrivate: isPrivateTarget,
      clock,
      counters,
      ...(egress?.locate !== undefined && { locate: egress.locate }),
    };
    this.#client = egress?.openHttpClient?.(clientOptions, label) ?? new HttpClient(clientOptions);
  }

  /** Judges and sends. The body is disposed of when it is not sent. */
  send({ authority, ...request }: EgressRequest): SendOutcome {
    const { tools } = this.#options;
    const { scheme } = request;
    const verdict = judgeRequest({ scheme, authority }, { policy: this.#policy, own: tools.own() });
    if (verdict.kind === "malformed" || verdict.kind === "denied") {
      request.body?.dispose();
      if (verdict.kind === "malformed") return verdict.kind;
      this.#deny("http-request", targetWords({ scheme, ...verdict.authority }), verdict.verdict);
      return verdict.kind;
    }
    const { port } = verdict.authority;
    return this.#client.send({ ...request, host: hostText(verdict.authority), port });
  }

  /** `resolve-addresses`. */
  resolve(text: string): ResolveOutcome {
    const { tools, lookups, network } = this.#options;
    const verdict = judgeLookup(text, { policy: this.#policy });
    switch (verdict.kind) {
      case "malformed":
        return "malformed";
      case "denied":
        this.#deny("resolve-addresses", nameWords(parseHost(text)), verdict.verdict);
        return "denied";
      case "answered":
        return new NameLookup({ addresses: verdict.addresses });
      case "resolve": {
        const { name } = verdict;
        const release = lookups.take();
        if (release === undefined) return "busy";
        const lookup = new NameLookup({
          lookup: tools.resolver.lookup(name, network.workload),
          release: () => {
            release();
            this.#lookups.delete(lookup);
          },
          judge: (answers, ttlS) => this.#judgeAnswers(name, answers, ttlS),
        });
        this.#lookups.set(lookup, name);
        return lookup;
      }
    }
  }

  /**
   * From here on everything is judged by `policy`. What is open and not allowed by it any more ends now: TCP connections
   * are reset, UDP peers dropped, requests end with `HTTP-request-denied` and lookups with the code of a denied one;
   * grants of names that may not be looked up any more are forgotten. Each is told as a denial. The rest goes on.
   */
  setPolicy(policy: Policy): void {
    this.#policy = policy;
    this.#grants.retain((name) => judgeLookup(name, { policy }).kind === "resolve");
    for (const [lookup, name] of this.#lookups) {
      const verdict = judgeLookup(name, { policy });
      if (verdict.kind !== "denied") continue;
      this.#deny("resolve-addresses", name, verdict.verdict);
      lookup.deny();
    }
    this.#client.recheck((target, address) => this.#isStillAllowed(target, address));
    if (policy.off !== undefined) this.#loopback.release("reset");
    this.#options.network.recheck(this.access);
  }

  /** Its guest ended, and the next one starts from nothing: what was granted and what is kept open is that one's no more. */
  reset(): void {
    this.#grants.clear();
    this.#client.reset();
  }

  /** Ends every request, connection and grant. Idempotent. */
  close(): void {
    this.#client.destroy();
    this.#grants.clear();
    this.#loopback.release("reset");
  }

  #decide(remote: SocketAddress, protocol: "tcp" | "udp"): EgressDecision {
    const { tools } = this.#options;
    const policy = this.#policy;
    const { address, port } = remote;
    const grantedNames = this.#grants.namesOf(address);
    const verdict = judgeAddress({ scheme: protocol, address, port }, { policy, own: tools.own(), grantedNames });
    const { isAllowed, decision } = verdict;
    return { isAllowed, rule: denialLine(verdict), ...(decision !== undefined && { decision }) };
  }

  #judgeAnswers(name: string, answers: readonly IpAddress[], ttlS: number): readonly IpAddress[] {
    const context = { policy: this.#policy, own: this.#options.tools.own() };
    const addresses = filterAnswers(answers, context);
    if (addresses.length > 0) this.#grants.add(name, addresses, { ttlS });
    else this.#deny("resolve-addresses", name, judgeRemoved(answers, context));
    return addresses;
  }

  #isStillAllowed(target: HttpTarget, address: SocketAddress | undefined): boolean {
    const { scheme, host, port } = target;
    const context = { policy: this.#policy, own: this.#options.tools.own() };
    const verdict = judgeRequest({ scheme, authority: `${host}:${port}` }, context);
    if (verdict.kind === "malformed") return false;
    const denied = verdict.kind === "denied"
      ? verdict.verdict
      : address && this.#dialler.judgeConnection(target, address);
    if (denied === undefined || denied.isAllowed) return true;
    this.#deny("http-request", targetWords({ scheme, ...verdict.authority }), denied);
    return false;
  }

  #deny(operation: string, target: string, verdict: Verdict): void {
    const { network, label } = this.#options;
    const { decision = "no-rule" } = verdict;
    network.deny(label, { operation, target, rule: denialLine(verdict), decision });
  }
}

/** What the policy of the moment says. One object for all instances: `WorkloadNetwork.recheck` knows them by it. */
class CurrentAccess implements GuestAccess {
  readonly decide: GuestAccess["decide"];
  readonly #policy: () => Policy;

  constructor(policy: () => Policy, decide: GuestAccess["decide"]) {
    this.#policy = policy;
    this.decide = decide;
  }

  get off(): string | undefined {
    const policy = this.#policy();
    return policy.off === undefined ? undefined : denialLine(deniedByOff(policy));
  }
}

/** As a target of the client has it: without a port, an IPv6 address in brackets. */
function hostText({ host }: Authority): string {
  if (host.kind === "name") return host.name;
  const text = formatIpAddress(host.address);
  return host.address.family === "ipv6" ? `[${text}]` : text;
}

function nameWords(host: Host | undefined): string {
  if (host === undefined) return "";
  return host.kind === "name" ? host.name : formatIpAddress(host.address);
}
