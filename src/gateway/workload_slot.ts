/**
 * The place of one workload in a running gateway, through all of its versions.
 *
 * - `current`: the one that the router leads to; there is one, or none before the first and after the last.
 * - a candidate: a newer version that is made and whose service starts, on a network of its own. It becomes the current
 *   one when it is ready, and is destroyed when it fails or when a still newer one comes: the latest wins.
 * - those that drain: former current ones. They get no new requests; those inside finish, up to the drain limit, with
 *   their service beside them. While there are `DRAINING_MAX` of them, a candidate waits: a swap never cuts a request,
 *   and edits that come faster than requests end do not fill the memory.
 *
 * Every step that took time asks whether it is still the latest one before it goes on.
 */
import type { MountSpec } from "../volume/mount.ts";
import type { Workload, WorkloadPolicies } from "../workload/workload.ts";
import type { WorkloadVersion } from "./workload_version.ts";

/** Versions that may drain at a time. Each holds a service and what its requests hold. */
const DRAINING_MAX = 4;

/** What became of a version. */
export type ReplaceOutcome =
  | { readonly kind: "added" | "replaced" }
  /** It cannot serve, and what was served before still is. */
  | { readonly kind: "kept"; readonly reason: string }
  /** A newer one came, or the gateway is being closed. */
  | { readonly kind: "superseded" };

/** What a slot does with a workload. */
export type SlotWorkload = Pick<
  Workload,
  "start" | "untilStarted" | "adoptPolicies" | "cutVolumes" | "sendAwayWaiting" | "drain" | "close"
>;

/** What a slot needs. */
export interface WorkloadSlotOptions<Made extends SlotWorkload> {
  /** Makes what can be started. */
  readonly make: (version: WorkloadVersion) => Made;
  /** The current version is another one: the router has to know before this returns. */
  readonly onSwapped: () => void;
  /** How long a former version may finish what is inside. */
  readonly drainMs: number;
  /** Nothing of the workload is left, and nothing is on its way. */
  readonly onEmpty: () => void;
}

interface Live<Made> {
  readonly version: WorkloadVersion;
  readonly workload: Made;
}

/** Owns all versions of one workload. */
export class WorkloadSlot<Made extends SlotWorkload = Workload> {
  readonly #options: WorkloadSlotOptions<Made>;
  readonly #draining = new Map<Made, Promise<void>>();
  #current: Live<Made> | undefined;
  #candidate: Live<Made> | undefined;
  /** The latest version, while it is on its way in. */
  #asked: WorkloadVersion | undefined;
  /** Calls of `replace` that have not ended. */
  #replacing = 0;
  /** Counts what was asked for; whoever has another number than this is not the latest. */
  #turn = 0;
  #isClosed = false;

  constructor(options: WorkloadSlotOptions<Made>) {
    this.#options = options;
  }

  /** What the router leads to. */
  get current(): Made | undefined {
    return this.#current?.workload;
  }

  /** What is served, or is to be: the version that others have to get along with. */
  get wanted(): WorkloadVersion | undefined {
    return this.#asked ?? this.#current?.version;
  }

  /** Former versions that have not ended. */
  get drainingCount(): number {
    return this.#draining.size;
  }

  /** A version is on its way in. */
  get isChanging(): boolean {
    return this.#replacing > 0;
  }

  /** Puts the first version in, which serves at once; `start` is up to the caller. For the start of a gateway. */
  open(version: WorkloadVersion): Made {
    const workload = this.#options.make(version);
    this.#current = { version, workload };
    return workload;
  }

  /** Resolves when the version serves, or never will. */
  async replace(version: WorkloadVersion): Promise<ReplaceOutcome> {
    this.#replacing++;
    this.#asked = version;
    try {
      return await this.#replace(version);
    } finally {
      this.#replacing--;
      if (this.#asked === version) this.#asked = undefined;
      this.#tellEmpty();
    }
  }

  /** Takes the workload out of the router; the requests inside finish. Resolves to whether there was one. */
  async remove(): Promise<boolean> {
    this.#turn++;
    this.#asked = undefined;
    await this.#dropCandidate();
    if (this.#current === undefined) return false;
    this.#swap(undefined);
    return true;
  }

  /** The operator's file has changed: it holds for what drains as well, which nothing replaces any more. */
  recheckDraining(): void {
    for (const workload of this.#draining.keys()) workload.adoptPolicies(this.#current?.version.spec);
  }

  /** What serves and what drains is judged by these from now on. */
  adoptPolicies(policies: WorkloadPolicies): void {
    this.#current?.workload.adoptPolicies(policies);
    for (const workload of this.#draining.keys()) workload.adoptPolicies(policies);
  }

  /** No version has volumes any more that are not allowed. */
  cutVolumes(isAllowed: (mount: MountSpec) => boolean): void {
    for (const { workload } of this.#all()) workload.cutVolumes(isAllowed);
  }

  /** Every version sends away who waits; who runs may finish. */
  sendAwayWaiting(): void {
    for (const { workload } of this.#all()) workload.sendAwayWaiting();
  }

  /** Ends all versions; resolves when nothing of them is left. Idempotent. */
  async close(): Promise<void> {
    this.#turn++;
    this.#isClosed = true;
    const all = this.#all().map(({ workload }) => workload.close());
    this.#candidate = undefined;
    await Promise.all([...all, ...this.#draining.values()]);
  }

  async #replace(version: WorkloadVersion): Promise<ReplaceOutcome> {
    const turn = ++this.#turn;
    await this.#dropCandidate();
    while (this.#draining.size >= DRAINING_MAX && turn === this.#turn) await Promise.race(this.#draining.values());
    if (turn !== this.#turn || this.#isClosed) return { kind: "superseded" };
    const workload = this.#options.make(version);
    const next: Live<Made> = { version, workload };
    // Without another one that serves there is nothing to wait for: requests do that by themselves.
    if (this.#current === undefined) {
      this.#swap(next);
      workload.start();
      return { kind: "added" };
    }
    this.#candidate = next;
    workload.start();
    const fault = await workload.untilStarted();
    if (this.#candidate !== next) return { kind: "superseded" };
    this.#candidate = undefined;
    if (fault === undefined) {
      this.#swap(next);
      return { kind: "replaced" };
    }
    await workload.close();
    return { kind: "kept", reason: fault };
  }

  #swap(next: Live<Made> | undefined): void {
    const former = this.#current;
    this.#current = next;
    this.#options.onSwapped();
    for (const each of [...(former === undefined ? [] : [former.workload]), ...this.#draining.keys()]) {
      each.adoptPolicies(next?.version.spec);
    }
    if (former === undefined) return;
    const { workload } = former;
    const drained = workload.drain(this.#options.drainMs).then(() => {
      this.#draining.delete(workload);
      this.#tellEmpty();
    });
    this.#draining.set(workload, drained);
  }

  #tellEmpty(): void {
    const isEmpty = this.#current === undefined && this.#replacing === 0 && this.#draining.size === 0;
    if (isEmpty) this.#options.onEmpty();
  }

  async #dropCandidate(): Promise<void> {
    const candidate = this.#candidate;
    this.#candidate = undefined;
    await candidate?.workload.close();
  }

  #all(): readonly { readonly workload: Made }[] {
    const live = [this.#current, this.#candidate].filter((each) => each !== undefined);
    return [...live, ...[...this.#draining.keys()].map((workload) => ({ workload }))];
  }
}
