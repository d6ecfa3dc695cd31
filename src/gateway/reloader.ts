/**
 * Keeps what is served the same as what the files say: from parts that may have changed to workloads that are added,
 * replaced, removed, or kept because the change has faults.
 *
 * Readings are serial: one reads, the next one waits, so each holds its routes against settled others. What a reading
 * came to is then applied by the workloads' slots side by side: a service that takes a minute to be ready does not keep
 * the other workloads from changing. Contents decide, not times: a reading with the fingerprint of the last one changes nothing.
 *
 * A fault that the watch finds may be the middle of a change (a folder that is being copied, a file that is written in
 * place), so it is told only when a second reading came to the same; what is sound is put to use at once.
 */
import type { Clock } from "../base/clock.ts";
import type { Diagnostic } from "../base/diagnostics.ts";
import { LoopgateError } from "../base/errors.ts";
import { joinPath } from "../config/file_reader.ts";
import { GATEWAY_NAME, type LoadedGateway } from "../config/gateway_file.ts";
import type { EmitEvent } from "../telemetry/events.ts";
import type { StandingFaults } from "../telemetry/standing_faults.ts";
import {
  type FolderReadingOptions,
  readShared,
  readWorkload,
  type SharedReading,
  type WorkloadReading,
} from "./folder_reading.ts";
import { type FolderWatch, SHARED } from "./folder_watch.ts";
import type { LeftOutWorkload } from "./left_out.ts";
import { type Pace, pacedBy, pauseFor, UNPACED } from "./pace.ts";
import type { FirstReading } from "./read_folder.ts";
import type { KnownReading, Manner, ReloadOutcome } from "./reload_readings.ts";
import { keptText, laterKeys, sharedFile } from "./reload_text.ts";
import type { GatewaySpec } from "../workload/spec.ts";
import type { WorkloadSet } from "./workload_set.ts";
import type { WorkloadVersion } from "./workload_version.ts";

/** Between two readings of something that looks broken. */
const PATIENCE_MS = 100;
/** So often; then what is still changing is told as it is. */
const PATIENCE_READINGS_MAX = 20;

/** Of a change that concerns more workloads than this, so many are replaced at a time: each has two versions in memory meanwhile. */
const REPLACING_MAX = 16;

/** What a reloader needs. */
export interface ReloaderOptions {
  readonly reading: FolderReadingOptions;
  /** What is served already. */
  readonly first: FirstReading;
  /** The reloader changes them; whoever closes the gateway closes them. */
  readonly workloads: WorkloadSet;
  readonly clock: Clock;
  readonly emit: EmitEvent;
  /** Whose last change was told to be kept out. */
  readonly faults: StandingFaults;
  /** Told of an operator's file that is used from now on. */
  readonly onOperator: (gateway: GatewaySpec) => void;
}

type Applied = Promise<ReloadOutcome | undefined>;

/** One for a gateway. */
export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #known = new Map<string, KnownReading>();
  /** Fingerprints of what is served. */
  readonly #served = new Map<string, string>();
  readonly #applying = new Set<Applied>();
  readonly #closing = Promise.withResolvers<void>();
  #watch: FolderWatch | undefined;
  #operator: LoadedGateway;
  #operatorFingerprint: string;
  /** The same for workloads. */
  #workloadsFingerprint: string;
  /** Of the last reading of the shared part, which may have had faults. */
  #sharedFingerprint: string;
  #reading: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ReloaderOptions) {
    const { first } = options;
    this.#options = options;
    this.#operator = first.operator;
    this.#operatorFingerprint = this.#sharedFingerprint = first.fingerprint;
    this.#workloadsFingerprint = first.workloadsFingerprint;
    for (const [name, { leftOut, ...part }] of first.parts) {
      const fingerprint = this.#fingerprintOf(part.fingerprint);
      this.#known.set(name, { fingerprint, isTied: false, didFail: false });
      if (part.version !== undefined) this.#served.set(name, fingerprint);
      if (leftOut !== undefined) this.#tellLeftOut(name, leftOut);
    }
  }

  /** Tells the watch what there is to watch, from now on after every reading too. */
  async follow(watch: FolderWatch): Promise<void> {
    const { first } = this.#options;
    this.#watch = watch;
    await this.#follow(SHARED, first.files);
    for (const [name, { files }] of first.parts) await this.#follow(name, files);
  }

  /** Reads the parts again, and puts to use what has changed; resolves when they are read. It never rejects. */
  async changed(parts: ReadonlySet<string>): Promise<void> {
    try {
      // What is put to use goes on by itself (`#own`): others may change meanwhile.
      void await this.#inTurn(() => this.#scan(parts, { isPatient: true, isRetrying: false }));
    } catch (error) {
      this.#options.emit({ kind: "fault", where: "reload", error });
    }
  }

  /** Reads everything again, and resolves when every change is served or refused. A service that did not start is tried again. */
  async reload(): Promise<readonly ReloadOutcome[]> {
    const applied = await this.#inTurn(() => {
      const parts = new Set([SHARED, ...this.#known.keys()]);
      return this.#scan(parts, { isPatient: false, isRetrying: true });
    });
    return (await Promise.all(applied)).filter((outcome) => outcome !== undefined);
  }

  /** Lets nothing change any more; resolves when nothing of it runs. The slots are to be closed beside it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.resolve();
    await this.#reading;
    await Promise.allSettled(this.#applying);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#reading.then(work);
    this.#reading = done.catch(() => {
      // Told to whoever asked for it; the next one starts all the same.
    });
    return done;
  }

  async #scan(parts: ReadonlySet<string>, manner: Manner): Promise<readonly Applied[]> {
    const applied: Applied[] = [];
    const names = new Set(parts);
    let listed: ReadonlySet<string> | undefined;
    if (names.delete(SHARED)) {
      const shared = await this.#readShared(manner);
      const kept = this.#takeShared(shared, names);
      if (kept !== undefined) applied.push(this.#own(Promise.resolve(kept)));
      if (shared.kind === "unreadable") return applied;
      listed = new Set(shared.names);
      for (const name of listed) if (!this.#known.has(name)) names.add(name);
      for (const name of this.#known.keys()) if (!listed.has(name)) names.add(name);
    }
    // Whatever they tie with may have gone.
    for (const [name, { isTied }] of this.#known) if (isTied) names.add(name);
    const readings = await this.#readAll([...names].toSorted(), manner);
    const pace = readings.size > REPLACING_MAX ? pacedBy(REPLACING_MAX) : UNPACED;
    for (const [name, reading] of readings) {
      const outcome = this.#apply(name, reading, { ...manner, pace });
      if (outcome !== undefined) applied.push(this.#own(outcome));
      const isGone = reading.kind === "absent" && (reading.isGone || listed?.has(name) === false);
      await this.#follow(name, isGone ? undefined : reading.files);
      if (isGone) this.#known.delete(name);
    }
    return applied;
  }

  /** What the shared part's change means for the workloads, whose names are added; the outcome that is to be told, if any. */
  #takeShared(shared: SharedReading, names: Set<string>): ReloadOutcome | undefined {
    const { fingerprint, diagnostics } = shared;
    if (fingerprint === this.#sharedFingerprint) return undefined;
    this.#sharedFingerprint = fingerprint;
    if (diagnostics.length > 0 || shared.kind === "unreadable") return this.#kept(undefined, diagnostics);
    if (fingerprint === this.#operatorFingerprint) return this.#takenBack(undefined);
    const isOfListener = shared.workloadsFingerprint === this.#workloadsFingerprint;
    try {
      if (!isOfListener) this.#options.workloads.useOperator(shared.operator);
    } catch (error) {
      if (!(error instanceof LoopgateError)) throw error;
      return this.#kept(undefined, [], error.message);
    }
    this.#operator = shared.operator;
    this.#operatorFingerprint = fingerprint;
    this.#options.onOperator(shared.operator.gateway);
    this.#options.faults.mend(undefined);
    if (isOfListener) return this.#replacedOperator("the listener's certificates, for connections from now on");
    this.#workloadsFingerprint = shared.workloadsFingerprint;
    for (const name of this.#known.keys()) names.add(name);
    const later = laterKeys(this.#options.first.operator.gateway, shared.operator.gateway);
    return this.#replacedOperator(later, later !== undefined);
  }

  async #readShared({ isPatient }: Manner): Promise<SharedReading> {
    const { reading } = this.#options;
    let shared = await readShared(reading);
    const readingsMax = isPatient ? PATIENCE_READINGS_MAX : 1;
    for (let readings = 1; readings < readingsMax && !this.#isClosed; readings++) {
      if (shared.diagnostics.length === 0 || shared.fingerprint === this.#sharedFingerprint) break;
      await this.#pause();
      const { fingerprint } = shared;
      shared = await readShared(reading);
      if (shared.fingerprint === fingerprint) break;
    }
    if (shared.kind === "read") await this.#follow(SHARED, shared.files);
    return shared;
  }

  async #readAll(names: readonly string[], { isPatient }: Manner): Promise<ReadonlyMap<string, WorkloadReading>> {
    const readings = new Map<string, WorkloadReading>();
    let left = names;
    for (let round = 1; left.length > 0 && !this.#isClosed; round++) {
      const suspects: string[] = [];
      for (const name of left) {
        const before = readings.get(name)?.fingerprint ?? this.#bareFingerprint(name);
        readings.delete(name);
        const reading = await this.#readOne(name, { names, readings });
        readings.set(name, reading);
        if (reading.kind !== "sound" && reading.fingerprint !== before) suspects.push(name);
      }
      if (!isPatient || suspects.length === 0 || round >= PATIENCE_READINGS_MAX) break;
      await this.#pause();
      left = suspects;
    }
    return readings;
  }

  /** Of the others that are read too, those count that were read already: a route may move from one to another. */
  async #readOne(
    name: string,
    { names, readings }: { readonly names: readonly string[]; readonly readings: ReadonlyMap<string, WorkloadReading> },
  ): Promise<WorkloadReading> {
    const settled = [...this.#options.workloads.wantedBeside(name)].filter(({ name: other, isLeftOut }) => {
      const kind = readings.get(other)?.kind;
      // What is held for one that is left out is held until it is known to be sound, or gone.
      return !names.includes(other) || kind === "faulty" || (isLeftOut && kind === undefined);
    });
    const read = [...readings.values()].flatMap((each) => (each.kind === "sound" ? [each.version.spec] : []));
    const others = [...settled, ...read];
    return await readWorkload(name, { ...this.#options.reading, operator: this.#operator, others });
  }

  /** Undefined when nothing has changed. */
  #apply(
    name: string,
    reading: WorkloadReading,
    { isRetrying, pace }: Manner & { readonly pace: Pace },
  ): Applied | undefined {
    if (this.#isClosed) return undefined;
    const fingerprint = this.#fingerprintOf(reading.fingerprint);
    const before = this.#known.get(name);
    if (before?.fingerprint === fingerprint && !(isRetrying && before.didFail)) return undefined;
    const isTied = reading.kind === "faulty" && reading.isTied;
    const known = { fingerprint, isTied, didFail: false };
    this.#known.set(name, known);
    switch (reading.kind) {
      case "absent":
        return this.#remove(name);
      case "faulty":
        this.#options.workloads.keepOut(name, reading.claims);
        return Promise.resolve(this.#kept(name, reading.diagnostics));
      case "sound":
        return pace(() => this.#replace(name, reading.version, known));
    }
  }

  async #replace(name: string, version: WorkloadVersion, known: KnownReading): Applied {
    // It had to wait, and something newer came.
    if (this.#isClosed || this.#known.get(name) !== known) return undefined;
    const { workloads, emit, faults } = this.#options;
    const slot = workloads.slot(name);
    // A change was taken back that was never served.
    if (this.#served.get(name) === known.fingerprint && !slot.isChanging) return this.#takenBack(name);
    const outcome = await slot.replace(version);
    if (outcome.kind === "superseded") return undefined;
    if (outcome.kind === "kept") {
      known.didFail = true;
      return this.#kept(name, [], outcome.reason);
    }
    this.#served.set(name, known.fingerprint);
    faults.mend(name);
    emit({ kind: "reload", workload: name, outcome: outcome.kind });
    return { workload: name, outcome: outcome.kind, diagnostics: [] };
  }

  async #remove(name: string): Applied {
    this.#served.delete(name);
    const fault = this.#options.faults.mend(name);
    if (!(await this.#options.workloads.remove(name)) && fault === undefined) return undefined;
    this.#options.emit({ kind: "reload", workload: name, outcome: "removed" });
    return { workload: name, outcome: "removed", diagnostics: [] };
  }

  /** The files are as what is served: nothing to do, and whoever was told of a fault is told that it has gone. */
  #takenBack(workload: string | undefined): undefined {
    const fault = this.#options.faults.mend(workload);
    const which = workload === undefined ? { file: fault?.file ?? GATEWAY_NAME } : { workload };
    if (fault) this.#options.emit({ kind: "reload", ...which, outcome: "unchanged", detail: "the fault has gone" });
  }

  /** The operator's file is in use, as far as `detail` says; what becomes of workloads by it is told of each. */
  #replacedOperator(detail = "all of it is used from now on", needsRestart = false): ReloadOutcome {
    const later = needsRestart && { needsRestart };
    this.#options.emit({ kind: "reload", file: GATEWAY_NAME, outcome: "replaced", ...later, detail });
    return { file: GATEWAY_NAME, outcome: "replaced", detail, diagnostics: [] };
  }

  #tellLeftOut(workload: string, { diagnostics }: LeftOutWorkload): void {
    this.#options.faults.stand({ workload, state: "left-out", detail: keptText(diagnostics), diagnostics });
    for (const fault of diagnostics) this.#options.emit({ kind: "left-out", workload, fault });
  }

  #kept(workload: string | undefined, diagnostics: readonly Diagnostic[], reason?: string): ReloadOutcome {
    const { workloads, faults, emit, reading: { folder } } = this.#options;
    // Its files may ask for more than the operator gives now, and that is why it is kept.
    if (workload !== undefined) workloads.cut(workload, this.#operator);
    const detail = reason ?? keptText(diagnostics);
    const state = workload === undefined || workloads.current(workload) !== undefined ? "kept" : "left-out";
    const which = workload === undefined ? { file: sharedFile(folder, diagnostics) } : { workload };
    faults.stand({ ...which, state, detail, diagnostics });
    emit({ kind: "reload", ...which, outcome: state, detail });
    return { ...which, outcome: state, detail, diagnostics };
  }

  #own(applied: Applied): Applied {
    const owned = applied.catch((error: unknown) => {
      this.#options.emit({ kind: "fault", where: "reload", error });
      return undefined;
    }).finally(() => this.#applying.delete(owned));
    this.#applying.add(owned);
    return owned;
  }

  #follow(part: string, files: readonly string[] | undefined): Promise<void> | undefined {
    const { folder } = this.#options.reading;
    return this.#watch?.follow(part, files && { folder: part === SHARED ? folder : joinPath(folder, part), files });
  }

  /** What is the same under another operator's file is another version: policies and limits differ. */
  #fingerprintOf(reading: string): string {
    return `${this.#workloadsFingerprint} ${reading}`;
  }

  /** The last reading's own, if it was under the same operator's file. */
  #bareFingerprint(name: string): string | undefined {
    const known = this.#known.get(name)?.fingerprint;
    const start = this.#fingerprintOf("");
    return known?.startsWith(start) === true ? known.slice(start.length) : undefined;
  }

  /** A while, or up to `close`. */
  async #pause(): Promise<void> {
    await pauseFor(PATIENCE_MS, { clock: this.#options.clock, until: this.#closing.promise });
  }
}
