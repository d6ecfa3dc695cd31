/** The world of one component or workload under test: its scripts, its time, its randomness, and the record of what happened. */
import { systemClock } from "../base/clock.ts";
import { formatIpAddress } from "../base/ip_address.ts";
import { type GuestPaths, GuestStacks } from "../build/guest_stacks.ts";
import type { EgressTools } from "../host/egress/guest_egress.ts";
import { type GuestTools, openGuestTools } from "../instance/guest_tools.ts";
import type { Egress } from "../network/egress.ts";
import type { Reach } from "../network/guest_network.ts";
import { TlsTrust } from "../network/tls_trust.ts";
import type { WorkloadNetwork } from "../network/workload_network.ts";
import type { MountSpec } from "../volume/mount.ts";
import type { GatewayEvent, GuestLabel } from "../telemetry/events.ts";
import { LiveCounters } from "../telemetry/live_counters.ts";
import { AttemptLog, type LiveAttempt } from "./attempts.ts";
import { type HttpScripts, HttpTable } from "./http_script.ts";
import { type NameScript, ScriptedResolver } from "./name_script.ts";
import { missingLine, type NetworkEntry, type NetworkScripts, NetworkTable, targetText } from "./network_script.ts";
import { ScriptError } from "./script_error.ts";
import { ScriptedEgress } from "./scripted_egress.ts";
import { ScriptedHttpClient } from "./scripted_http_client.ts";
import { openScriptedLoopback } from "./scripted_loopback.ts";
import { type FileContents, TestFiles } from "./test_files.ts";
import { seededBytes } from "./test_random.ts";
import { TestTime, type TimeMode } from "./test_time.ts";

/** What a test says of the world around its guests. */
export interface WorldOptions {
  /**
   * Who stands behind which address, by `host:port` (TCP) and `udp://host:port`. On 127.0.0.1 it is the private loopback.
   *
   * @example network: { "127.0.0.1:7777": tcp.answers("h3110\n"), "udp://192.0.2.53:53": udp.drops() }
   */
  readonly network?: NetworkScripts;
  /**
   * What answers outgoing requests, by URL, with a method before it or `*` at its end where wanted. The policy is asked first.
   *
   * @example http: { "GET https://api.example.com/users/*": (request) => Response.json({ url: request.url }) }
   */
  readonly http?: HttpScripts;
  /**
   * What names resolve to; names in `network` and `http` have addresses without it. The policy (`dns`) is asked first.
   *
   * @example names: { "db.example.com": ["192.0.2.7"], "gone.example.com": names.notFound() }
   */
  readonly names?: Readonly<Record<string, NameScript>>;
  /**
   * "jumps" (the default): while the test waits for an answer and all guests wait for time, it goes to the next timer at once.
   * "stands": only `advance` moves it.
   *
   * @example time: "stands"
   */
  readonly time?: TimeMode;
  /**
   * What the wall clock says at the start. Default: 2026-01-01T00:00:00Z.
   *
   * @example now: "2030-06-01T12:00:00Z"
   */
  readonly now?: string | Date;
  /**
   * The same seed gives the same random bytes. Default: 0.
   *
   * @example seed: "the third order"
   */
  readonly seed?: number | string;
  /**
   * Files by their path as guests see them. Whatever guests have mounted is memory with these in it; a component alone has
   * all of them below "/", which it may write to. Without it a component has no files.
   *
   * @example files: { "/data/config.json": '{"greeting":"hi"}' }
   */
  readonly files?: FileContents;
  /**
   * Scripts that no guest needs are no fault: for scripts that several tests share. Default: false.
   *
   * @example allowUnused: true
   */
  readonly allowUnused?: boolean;
}

/** A line that a guest wrote to stdout or stderr. */
export interface OutputLine {
  /** The route's name, or "service"; only in a workload. */
  readonly guest?: string;
  /** Where it was written to. */
  readonly stream: "stdout" | "stderr";
  /** Without its line break. */
  readonly line: string;
}

/** Of a component alone: room for what a test writes down. */
const OWN_MOUNT: MountSpec = {
  kind: "memory",
  path: "/",
  isShared: true,
  limits: { bytesMax: 64 * 1024 * 1024, filesMax: 10_000 },
};
const NOW_DEFAULT = "2026-01-01T00:00:00Z";

/** Made by `testComponent` and `testWorkload`. */
export class TestWorld {
  readonly time: TestTime;
  readonly attempts: AttemptLog;
  readonly tools: GuestTools;
  readonly egressTools: EgressTools;
  readonly egress: Egress;
  /** What the gateway answered by itself, and why answers broke off. */
  readonly failures: string[] = [];
  readonly events: GatewayEvent[] = [];
  readonly #options: WorldOptions;
  readonly #namesGuests: boolean;
  readonly #guests: GuestPaths;
  readonly #stacks = new GuestStacks();
  readonly #table: NetworkTable;
  readonly #http: HttpTable;
  readonly #resolver: ScriptedResolver;
  /** Begun at a connect, taken by whoever accepts it. */
  readonly #untaken = new Map<NetworkEntry, LiveAttempt[]>();
  #files: TestFiles | undefined;
  #caller: GuestLabel | undefined;
  /** Sides of the loopback that are the test's own. */
  readonly #own = new Set<GuestLabel>();
  #hasScriptedLoopback = false;

  /** @throws {ScriptError} for scripts that cannot be read */
  constructor(
    options: WorldOptions,
    { namesGuests, guests }: { readonly namesGuests: boolean; readonly guests: GuestPaths },
  ) {
    this.#options = options;
    this.#guests = guests;
    this.#namesGuests = namesGuests;
    const now = new Date(options.now ?? NOW_DEFAULT).getTime();
    if (Number.isNaN(now)) {
      throw new ScriptError(
        `Cannot start at "${String(options.now)}": it is no date, expected one such as "${NOW_DEFAULT}"`,
      );
    }
    this.time = new TestTime({ mode: options.time ?? "jumps", wallMs: now });
    this.attempts = new AttemptLog({ namesGuests });
    this.#resolver = new ScriptedResolver(options.names ?? {}, this.attempts);
    this.#table = new NetworkTable(options.network ?? {}, this.#resolver);
    this.#http = new HttpTable(options.http ?? {});
    for (const host of this.#http.hosts) {
      if (/[^0-9.]/.test(host) && !host.startsWith("[")) this.#resolver.addressesOf(host);
    }
    this.tools = openGuestTools({
      clock: this.time.clock,
      // How long a guest computes is no matter of the test's time: an endless loop has to end.
      computeClock: systemClock,
      randomBytes: seededBytes(options.seed ?? 0),
      counters: new LiveCounters(),
      emit: (event) => this.events.push(event),
      onLimit: () => {},
    });
    this.time.watch(this.tools.turns);
    this.egressTools = {
      own: () => ({ listeners: [], interfaces: [] }),
      resolver: this.#resolver,
      trust: new TlsTrust(),
      cdnId: "loopgate-test",
    };
    const { time, attempts } = this;
    const outside = new ScriptedEgress({ table: this.#table, attempts, time, caller: () => this.#caller });
    const http = { table: this.#http, resolver: this.#resolver, attempts, time };
    this.egress = {
      dial: (dial) => outside.dial(dial),
      openUdp: (open) => outside.openUdp(open),
      openHttpClient: (client, label) => new ScriptedHttpClient(client, label, http),
    };
  }

  /** Puts the scripts of the private loopback there; what nobody answers is told. For a component alone. */
  openLoopback(network: WorkloadNetwork): void {
    const guest = network.openGuest("service", { workload: network.workload, role: "service" });
    this.own(guest.label);
    this.#hasScriptedLoopback = true;
    openScriptedLoopback(guest, {
      entries: this.#table.onLoopback,
      time: this.time,
      attempts: this.attempts,
      takeAttempt: (entry) => this.#untaken.get(entry)?.shift(),
    });
  }

  /** What stands at the mounts of the guests. @throws {ScriptError} for a file that none of them has */
  openFiles(mounts: readonly MountSpec[]): TestFiles {
    const wallMs = (): number => this.time.clock.wallMs();
    return this.#files = new TestFiles(this.#options.files ?? {}, { mounts, wallMs });
  }

  /** The mounts of a component alone. */
  get ownMounts(): readonly MountSpec[] {
    return this.#options.files === undefined ? [] : [OWN_MOUNT];
  }

  /** All files as they are now. */
  files(): Readonly<Record<string, string>> {
    return this.#files?.list() ?? {};
  }

  /** What this label does is the test's doing, and no attempt of a guest. */
  own(label: GuestLabel): void {
    this.#own.add(label);
  }

  /** A workload has a loopback of its own. @throws {ScriptError} when scripts stand on it */
  refuseLoopback(): void {
    const [entry] = this.#table.onLoopback;
    if (entry === undefined) return;
    throw new ScriptError(
      `Cannot script network["${entry.key}"]: the workload's own service is on its loopback, expected a target outside, or testComponent`,
    );
  }

  /** For `WorkloadNetworkOptions.onReach`. */
  reached(label: GuestLabel, { protocol, remote, where }: Reach): void {
    this.#caller = label;
    if (where === "outside" || this.#own.has(label)) return;
    const operation = protocol === "tcp" ? "tcp-connect" : "udp-send";
    const target = targetText(formatIpAddress(remote.address), remote.port);
    const start = { label, operation, target };
    const entry = this.#table.find(protocol, remote);
    if (entry === undefined && where === "refused" && this.#hasScriptedLoopback) {
      this.attempts.unscripted(start, missingLine(protocol, target));
      return;
    }
    const attempt = this.attempts.begin(start);
    if (where === "refused") {
      attempt.verdict = "failed";
      attempt.detail = "connection-refused";
    } else if (entry !== undefined) {
      const untaken = this.#untaken.get(entry) ?? [];
      this.#untaken.set(entry, untaken);
      untaken.push(attempt);
    }
  }

  /** Lines so far; stacks in them lead to the guests' sources. */
  lines(): readonly OutputLine[] {
    return this.events.flatMap((event) => {
      if (event.kind !== "guest-output") return [];
      const { stream, guest } = event;
      const line = this.#stacks.inLine(event.line, guest, [this.#guests]);
      return [{ ...(this.#namesGuests && { guest: guest.route ?? guest.role }), stream, line }];
    });
  }

  /** @throws {ScriptError} for scripts that nobody needed */
  checkUsed(): void {
    if (this.#options.allowUnused === true) return;
    const unused = [...this.#table.unused, ...this.#http.unused, ...this.#resolver.unused];
    if (unused.length === 0) return;
    const denied = this.attempts.list().find(({ verdict }) => verdict === "denied");
    const why = denied === undefined
      ? ""
      : ` (denied was: ${denied.operation} ${denied.target}: ${denied.detail ?? ""})`;
    throw new ScriptError(
      `No guest needed ${
        unused.join(", ")
      }${why}, expected each script to be used: remove it, or write allowUnused: true`,
    );
  }
}
