/** Where a request of `wasi:http` is connected to: judged again for each connection, and a name resolved once for it. */
import { type IpAddress, isLoopback, LOOPBACK_V4, LOOPBACK_V6, type SocketAddress } from "../../base/ip_address.ts";
import { untilReady } from "../../base/waitable.ts";
import type { GuestNetwork } from "../../network/guest_network.ts";
import type { HttpFailure } from "../../network/http_failure_table.ts";
import type { DialOutcome, HttpTarget } from "../../network/http_message.ts";
import type { LookupOutcome, Resolver } from "../../network/resolver.ts";
import type { SocketErrorCode } from "../../network/socket_error.ts";
import type { OwnAddresses } from "../../policy/address_class.ts";
import { targetWords } from "../../policy/explain.ts";
import { type Host, isLocalhost, parseHost } from "../../policy/host_name.ts";
import { judgeAddress, judgeAnswers } from "../../policy/judge.ts";
import type { Policy } from "../../policy/policy.ts";
import type { Verdict } from "../../policy/verdict.ts";

/** What a dialler needs. */
export interface HttpDiallerOptions {
  /** The one of the moment. */
  readonly policy: () => Policy;
  readonly own: () => OwnAddresses;
  readonly resolver: Pick<Resolver, "lookup">;
  /** Whose turn its lookups take. */
  readonly workload: string;
  /** A side of the private loopback for the connections to it. */
  readonly loopback: GuestNetwork;
  /** Reports what the answers of a name decided. */
  readonly deny: (target: string, verdict: Verdict) => void;
}

/** Of one client. Its targets are those of `judgeRequest`, in their one spelling; nothing is trusted for that. */
export class HttpDialler {
  readonly #options: HttpDiallerOptions;

  constructor(options: HttpDiallerOptions) {
    this.#options = options;
  }

  async dial(target: HttpTarget, signal: AbortSignal): Promise<DialOutcome> {
    const host = parseHost(target.host);
    if (host === undefined) return { failed: { tag: "HTTP-request-URI-invalid" } };
    const loopback = loopbackAddresses(host);
    if (loopback !== undefined) return await this.#dialLoopback(loopback, target.port, signal);
    return host.kind === "address"
      ? this.#dialAddress(target, host.address)
      : await this.#dialName(target, host.name, signal);
  }

  /** What is said now of a connection to `address` that was opened for the target; undefined: it is no target. */
  judgeConnection({ scheme, host: text, port }: HttpTarget, { address }: SocketAddress): Verdict | undefined {
    const { policy, own } = this.#options;
    const host = parseHost(text);
    if (host === undefined) return undefined;
    const context = { policy: policy(), own: own() };
    if (host.kind === "address") return judgeAddress({ scheme, port, address }, context);
    return judgeAnswers({ scheme, port, name: host.name }, { ...context, answers: [address] });
  }

  #dialAddress(target: HttpTarget, address: IpAddress): DialOutcome {
    const { scheme, port } = target;
    const { policy, own } = this.#options;
    const verdict = judgeAddress({ scheme, port, address }, { policy: policy(), own: own() });
    if (verdict.isAllowed) return { addresses: [{ address, port }] };
    return this.#denied(target, { kind: "address", address }, verdict);
  }

  async #dialName(target: HttpTarget, name: string, signal: AbortSignal): Promise<DialOutcome> {
    const { policy, own, resolver, workload } = this.#options;
    const { scheme, port } = target;
    const lookup = resolver.lookup(name, workload);
    const cancel = (): void => lookup.cancel();
    signal.addEventListener("abort", cancel);
    let outcome: LookupOutcome | undefined;
    while ((outcome = lookup.outcome()) === undefined) await untilReady(lookup);
    signal.removeEventListener("abort", cancel);
    if (outcome.kind !== "answers") return { failed: dnsFailure(outcome) };
    const verdict = judgeAnswers({ scheme, port, name }, { policy: policy(), own: own(), answers: outcome.addresses });
    if (verdict.isAllowed) return { addresses: verdict.addresses.map((address) => ({ address, port })) };
    return this.#denied(target, { kind: "name", name }, verdict);
  }

  #denied({ scheme, port }: HttpTarget, host: Host, verdict: Verdict): DialOutcome {
    this.#options.deny(targetWords({ scheme, host, port }), verdict);
    return { failed: { tag: "HTTP-request-denied" } };
  }

  /** One after the other, as a client of localhost tries them. */
  async #dialLoopback(addresses: readonly IpAddress[], port: number, signal: AbortSignal): Promise<DialOutcome> {
    let failed: HttpFailure = { tag: "connection-refused" };
    for (const address of addresses) {
      const socket = this.#options.loopback.createTcpSocket(address.family);
      if (typeof socket === "string") return { failed: { tag: "connection-limit-reached" } };
      const giveUp = (): void => socket.end("reset");
      signal.addEventListener("abort", giveUp);
      const error = socket.startConnect({ address, port });
      if (error === undefined) await untilReady(socket);
      signal.removeEventListener("abort", giveUp);
      const outcome = error ?? socket.finishConnect();
      // The connection lives on by its streams, which are the client's from here.
      socket.drop();
      if (typeof outcome === "object") return { connection: outcome };
      failed = loopbackFailure(outcome);
      if (signal.aborted) break;
    }
    return { failed };
  }
}

/** Whether a target of `judgeRequest` is on the private loopback. */
export function isPrivateTarget(target: HttpTarget): boolean {
  const host = parseHost(target.host);
  return host !== undefined && loopbackAddresses(host) !== undefined;
}

function loopbackAddresses(host: Host): readonly IpAddress[] | undefined {
  if (host.kind === "address") return isLoopback(host.address) ? [host.address] : undefined;
  return isLocalhost(host.name) ? [LOOPBACK_V4, LOOPBACK_V6] : undefined;
}

function loopbackFailure(code: SocketErrorCode): HttpFailure {
  if (code === "connection-refused") return { tag: "connection-refused" };
  return { tag: code === "timeout" ? "connection-timeout" : "connection-terminated" };
}

/** WIT has room for what a server said; which server said what is the operator's. */
function dnsFailure(outcome: Exclude<LookupOutcome, { kind: "answers" }>): HttpFailure {
  if (outcome.kind === "timeout") return { tag: "DNS-timeout" };
  return { tag: "DNS-error", val: { rcode: undefined, infoCode: undefined } };
}
