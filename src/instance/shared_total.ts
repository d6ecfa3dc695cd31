/**
 * What all workloads of a process hold of one thing: places, stacks, pages. Each has a part of its own, which no neighbour
 * can take; the rest is shared, first come, first served. So a workload that has nothing gets its first instance however
 * much the others ask for.
 */

/** Own parts have this of everything at most, or there would be nothing to share; past it each is smaller. */
const OWN_SHARE_MAX = 1 / 2;

/** What one workload holds. */
export interface Share {
  readonly held: number;
  /** Its own part. */
  readonly own: number;
}

interface OpenShare {
  held: number;
  own: number;
  wanted: number;
}

/** The total of one thing. */
export class SharedTotal {
  readonly max: number;
  /** Of those that want a part of their own. */
  readonly #shares = new Set<OpenShare>();
  #wanted = 0;
  #own = 0;
  #held = 0;
  /** What is held beyond own parts. */
  #shared = 0;

  constructor(max: number) {
    this.max = max;
  }

  get held(): number {
    return this.#held;
  }

  /** A workload that is to have `wanted` whatever the others hold. */
  open(wanted: number): Share {
    const share: OpenShare = { held: 0, own: 0, wanted };
    if (wanted > 0) this.#shares.add(share);
    this.#want(wanted);
    return share;
  }

  /** It has no part of its own any more; what it holds it still has to give back. Idempotent. */
  close(share: Share): void {
    const open = share as OpenShare;
    if (!this.#shares.delete(open)) return;
    this.#setOwn(open, 0);
    this.#want(-open.wanted);
  }

  /** False when there is not so much left. */
  take(share: Share, count: number): boolean {
    const open = share as OpenShare;
    const held = open.held + count;
    const more = beyond(held, open.own) - beyond(open.held, open.own);
    // The second alone would do, if nobody had held more than today's rest before the last workload came.
    if (this.#held + count > this.max || (more > 0 && this.#shared + more > this.max - this.#own)) return false;
    open.held = held;
    this.#held += count;
    this.#shared += more;
    return true;
  }

  give(share: Share, count: number): void {
    const open = share as OpenShare;
    const before = beyond(open.held, open.own);
    open.held -= count;
    this.#held -= count;
    this.#shared += beyond(open.held, open.own) - before;
  }

  #want(more: number): void {
    this.#wanted += more;
    const ownMax = this.max * OWN_SHARE_MAX;
    const scale = this.#wanted > ownMax ? ownMax / this.#wanted : 1;
    for (const share of this.#shares) this.#setOwn(share, Math.floor(share.wanted * scale));
  }

  #setOwn(share: OpenShare, own: number): void {
    this.#shared += beyond(share.held, own) - beyond(share.held, share.own);
    this.#own += own - share.own;
    share.own = own;
  }
}

function beyond(held: number, own: number): number {
  return held > own ? held - own : 0;
}
