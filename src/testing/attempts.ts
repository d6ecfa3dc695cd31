/** What the guests under test tried to reach, in order, with what came of it. */
import type { CountDenials, Denial } from "../network/denial_log.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import { ScriptError } from "./script_error.ts";
import { Trace } from "./test_bytes.ts";

/** One thing that a guest tried. Plain data, for `assert.deepEqual`. */
export interface Attempt {
  /** The route's name, or "service"; only in a workload, and not for lookups. */
  readonly guest?: string;
  /** `tcp-connect`, `udp-send`, `http-request`, `resolve-addresses`; of a denial also `tcp-bind`, `create-tcp-socket`... */
  readonly operation: string;
  /** `127.0.0.1:7777`, `POST https://api.example.com/users`, `db.example.com`. */
  readonly target: string;
  /** "answered" by a script or the workload's own service, "failed" by a script, "denied" by the policy, or "unscripted". */
  readonly verdict: "answered" | "failed" | "denied" | "unscripted";
  /** Of a failure its code, of a denial the rule and the line that would allow it, of an HTTP answer its status, of a lookup its addresses. */
  readonly detail?: string;
  /** What the guest sent, as text: its first 64 KiB. Missing where nothing was. */
  readonly sent?: string;
  /** What it was sent. */
  readonly received?: string;
}

/** An attempt while it goes on. */
export interface LiveAttempt {
  verdict: Attempt["verdict"];
  detail: string | undefined;
  readonly sent: Trace;
  readonly received: Trace;
}

/** Who tried what. */
export interface AttemptStart {
  readonly label?: GuestLabel | undefined;
  readonly operation: string;
  readonly target: string;
}

interface Entry extends LiveAttempt, AttemptStart {}

/** Keeps them; is the sink of all denials. */
export class AttemptLog implements CountDenials {
  readonly #namesGuests: boolean;
  #entries: Entry[] = [];
  /** Lines to add to the test, each with the words of its attempt; told once. */
  #missing = new Map<string, string>();
  #faults: ScriptError[] = [];

  constructor(options: { readonly namesGuests: boolean }) {
    this.#namesGuests = options.namesGuests;
  }

  /** Begins one that a script answers. */
  begin(start: AttemptStart): LiveAttempt {
    const entry: Entry = { ...start, verdict: "answered", detail: undefined, sent: new Trace(), received: new Trace() };
    this.#entries.push(entry);
    return entry;
  }

  /** One that no script answers. `line` is what to add to the options of the test. */
  unscripted(start: AttemptStart, line: string): LiveAttempt {
    const entry = this.begin(start);
    entry.verdict = "unscripted";
    this.#missing.set(line, `${start.operation} ${start.target}`);
    return entry;
  }

  add(label: GuestLabel, { operation, target, rule }: Denial): void {
    const entry = this.begin({ label, operation, target });
    entry.verdict = "denied";
    entry.detail = rule;
  }

  /** A script of the test threw. */
  fault(where: string, cause: unknown): void {
    const words = cause instanceof Error ? cause.message : String(cause);
    this.#faults.push(new ScriptError(`The script of ${where} threw: ${words}`, { cause }));
  }

  /** All so far, as plain data. */
  list(): readonly Attempt[] {
    return this.#entries.map((entry) => this.#plain(entry));
  }

  /** Forgets what was told until now. */
  clear(): void {
    this.#entries = [];
  }

  /** @throws {ScriptError} when a guest tried what no script has, or a script threw, since the last call */
  check(): void {
    const [fault] = this.#faults.splice(0);
    if (fault !== undefined) throw fault;
    if (this.#missing.size === 0) return;
    const tried = [...new Set(this.#missing.values())].join(", ");
    const lines = [...this.#missing.keys()].map((line) => `\n  ${line}`).join("");
    this.#missing.clear();
    throw new ScriptError(`The guest tried what no script answers: ${tried}. Add to the options of the test:${lines}`);
  }

  #plain({ label, operation, target, verdict, detail, sent, received }: Entry): Attempt {
    const guest = this.#namesGuests && label !== undefined ? label.route ?? label.role : undefined;
    return {
      ...(guest !== undefined && { guest }),
      operation,
      target,
      verdict,
      ...(detail !== undefined && { detail }),
      ...(sent.text !== "" && { sent: sent.text }),
      ...(received.text !== "" && { received: received.text }),
    };
  }
}
