/** The outside world of a test: connections that a script answers, over the same pipes as the private loopback's. */
import { formatIpAddress, ipv4Address, ipv6Address, type SocketAddress } from "../base/ip_address.ts";
import type { EgressProtocol } from "../network/access.ts";
import { ByteBudget } from "../network/byte_budget.ts";
import type { DialEgressOptions, EgressAttempt, EgressUdp, OpenUdpOptions } from "../network/egress.ts";
import { CONNECT_TIMEOUT_MS } from "../network/loopback.ts";
import { type LoopbackEnd, openLoopbackConnection } from "../network/loopback_connection.ts";
import type { SocketErrorCode } from "../network/socket_error.ts";
import type { EndKind, TcpConnection } from "../network/tcp_connection.ts";
import { TcpOptions } from "../network/tcp_options.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { AttemptLog, LiveAttempt } from "./attempts.ts";
import { missingLine, type NetworkEntry, type NetworkTable, targetText } from "./network_script.ts";
import { runTalk } from "./run_talk.ts";
import { bytesOf } from "./test_bytes.ts";
import type { TestTime } from "./test_time.ts";

/** What the outside is made of. */
export interface ScriptedEgressOptions {
  readonly table: NetworkTable;
  readonly attempts: AttemptLog;
  readonly time: TestTime;
  /** Who is about to dial: `onReach` of the workload's network said so. */
  readonly caller: () => GuestLabel | undefined;
}

const IN_FLIGHT_BYTES_MAX = 64 * 1024 * 1024;
/** The guest's own address outside, of RFC 5737 and RFC 3849. */
const OWN_V4 = ipv4Address(198, 51, 100, 254);
const OWN_V6 = ipv6Address([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xfe]);
const OWN_PORT = 50_000;

/** Gives `dial` and `openUdp` of an `Egress`. */
export class ScriptedEgress {
  readonly #options: ScriptedEgressOptions;
  readonly #budget = new ByteBudget(IN_FLIGHT_BYTES_MAX);

  constructor(options: ScriptedEgressOptions) {
    this.#options = options;
  }

  dial(dial: DialEgressOptions): EgressAttempt {
    const { time, attempts, caller } = this.#options;
    const { attempt, entry } = this.#begin("tcp", dial.remote, caller());
    if (entry === undefined) return new ScriptedAttempt(dial, { delayMs: 0, outcome: "connection-refused" });
    const { script, key } = entry;
    if (script.kind === "tcp-failure") {
      attempt.verdict = "failed";
      attempt.detail = script.code === "never" ? "timeout" : script.code;
      const outcome = script.code === "never" ? "timeout" : script.code;
      return new ScriptedAttempt(dial, {
        delayMs: script.code === "never" ? CONNECT_TIMEOUT_MS : script.delayMs,
        outcome,
      });
    }
    if (script.kind !== "tcp") throw new TypeError(`Cannot dial "${key}": its script is for UDP, expected one for TCP`);
    const outcome = (): TcpConnection => {
      const { client, server } = this.#open(dial);
      const where = `network["${key}"]`;
      void runTalk({ connection: server, script, where, delayMs: 0, time, attempts, attempt });
      return client;
    };
    return new ScriptedAttempt(dial, { delayMs: script.delayMs, outcome });
  }

  openUdp(open: OpenUdpOptions): EgressUdp {
    const label = this.#options.caller();
    const send = (data: Uint8Array): void => {
      const { attempt, entry } = this.#begin("udp", open.remote, label);
      attempt.sent.add(data);
      if (entry === undefined || entry.script.kind === "tcp" || entry.script.kind === "tcp-failure") return;
      if (entry.script.kind === "udp-failure") {
        const { code } = entry.script;
        attempt.verdict = "failed";
        attempt.detail = code;
        queueMicrotask(() => open.onFailed(code));
        return;
      }
      for (const reply of this.#answer(entry, data)) {
        attempt.received.add(reply);
        queueMicrotask(() => open.onDatagram(reply));
      }
    };
    let isEnded = false;
    return {
      unsentBytes: 0,
      send: (data) => send(new Uint8Array(data)),
      optionsChanged: () => {},
      end: () => {
        if (!isEnded) queueMicrotask(open.onReleased);
        isEnded = true;
      },
    };
  }

  #answer({ script, key }: NetworkEntry, data: Uint8Array): readonly Uint8Array[] {
    if (script.kind !== "udp") return [];
    try {
      return script.answer(data).map(bytesOf);
    } catch (error) {
      this.#options.attempts.fault(`network["${key}"]`, error);
      return [];
    }
  }

  #begin(
    protocol: EgressProtocol,
    remote: SocketAddress,
    label: GuestLabel | undefined,
  ): { readonly attempt: LiveAttempt; readonly entry: NetworkEntry | undefined } {
    const { table, attempts } = this.#options;
    const entry = table.find(protocol, remote);
    const operation = protocol === "tcp" ? "tcp-connect" : "udp-send";
    const target = entry?.target ?? targetText(formatIpAddress(remote.address), remote.port);
    const start = { label, operation, target };
    if (entry !== undefined) return { attempt: attempts.begin(start), entry };
    return { attempt: attempts.unscripted(start, missingLine(protocol, target)), entry };
  }

  #open({ remote, options, onReleased }: DialEgressOptions): { client: LoopbackEnd; server: LoopbackEnd } {
    const local = { address: remote.address.family === "ipv4" ? OWN_V4 : OWN_V6, port: OWN_PORT };
    const ends = openLoopbackConnection({
      budget: this.#budget,
      clientAddress: local,
      serverAddress: remote,
      clientOptions: options,
      serverOptions: new TcpOptions(),
      onEnded: () => {},
    });
    ends.client.onReleased = onReleased;
    return ends;
  }
}

/** A connect on its way. */
class ScriptedAttempt implements EgressAttempt {
  readonly #options: DialEgressOptions;
  #outcome: TcpConnection | SocketErrorCode | undefined;
  #cancelTimer: () => void;
  #isAbandoned = false;

  constructor(
    options: DialEgressOptions,
    script: { readonly delayMs: number; readonly outcome: SocketErrorCode | (() => TcpConnection) },
  ) {
    this.#options = options;
    const settle = (): void => this.#settle(typeof script.outcome === "string" ? script.outcome : script.outcome());
    this.#cancelTimer = options.clock.startTimer(script.delayMs, settle);
    if (script.delayMs > 0) return;
    // As on a network, the outcome is never there at once; but no time passes for it.
    this.#cancelTimer();
    queueMicrotask(() => void (this.#outcome ?? settle()));
  }

  outcome(): TcpConnection | SocketErrorCode | undefined {
    return this.#outcome;
  }

  abandon(how: EndKind): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    this.#cancelTimer();
    if (typeof this.#outcome === "object") {
      this.#outcome.end(how);
      return;
    }
    this.#outcome ??= "connection-aborted";
    this.#options.onReleased();
  }

  revoke(): void {
    if (typeof this.#outcome === "object") this.#outcome.end("reset");
    else this.#settle("access-denied");
  }

  #settle(outcome: TcpConnection | SocketErrorCode): void {
    this.#cancelTimer();
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#options.onOutcome();
  }
}
