/** What the names of the outside world resolve to in a test. */
import { ALWAYS_READY } from "../base/waitable.ts";
import { formatIpAddress, type IpAddress, ipv4Address, parseAnySpelling } from "../base/ip_address.ts";
import type { LookupOutcome, PendingLookup } from "../network/resolver.ts";
import { parseHost } from "../policy/host_name.ts";
import type { AttemptLog } from "./attempts.ts";
import { ScriptError } from "./script_error.ts";

/** Addresses, or how the lookup fails. */
export type NameScript = readonly string[] | { readonly kind: "name-failure"; readonly outcome: LookupOutcome };

/** Long enough for any test. */
const TTL_S = 3_600;
/** RFC 5737: addresses for documentation, which the policy calls public. */
const OWN_NETS: readonly (readonly [number, number, number])[] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
const HOSTS_OF_NET = 254;

/** What makes scripts of names: see `names`. */
export interface NameScriptMakers {
  /** There is no such name: `name-unresolvable`. */
  notFound(): NameScript;
  /** Servers do not answer, or cannot say: `temporary-resolver-failure`. */
  fails(): NameScript;
}

/**
 * Scripts for the `names` option, beside plain lists of addresses.
 *
 * @example
 * names: { "db.example.com": ["192.0.2.7"], "gone.example.com": names.notFound() }
 */
export const names: NameScriptMakers = {
  notFound(): NameScript {
    return { kind: "name-failure", outcome: { kind: "not-found" } };
  },
  fails(): NameScript {
    return { kind: "name-failure", outcome: { kind: "failed", reason: "the script says so" } };
  },
};

/** A resolver whose servers are a script. */
export class ScriptedResolver {
  readonly #outcomes = new Map<string, LookupOutcome>();
  readonly #unused = new Map<string, string>();
  /** Names that stand in other scripts: each has an address of its own. */
  readonly #own = new Map<string, IpAddress>();
  readonly #attempts: AttemptLog;
  #isQuiet = false;

  constructor(scripts: Readonly<Record<string, NameScript>>, attempts: AttemptLog) {
    this.#attempts = attempts;
    for (const [key, script] of Object.entries(scripts)) {
      const host = parseHost(key);
      if (host?.kind !== "name") {
        throw new ScriptError(`Cannot script names["${key}"]: it is no name, expected one such as "db.example.com"`);
      }
      this.#outcomes.set(host.name, outcomeOf(key, script));
      this.#unused.set(host.name, `names["${key}"]`);
    }
  }

  /** Keys that nobody asked for. */
  get unused(): readonly string[] {
    return [...this.#unused.values()];
  }

  /** The addresses of a name that another script speaks of: its own in `names`, or one that is made for it. */
  addressesOf(name: string): readonly IpAddress[] {
    const outcome = this.#outcomes.get(name);
    if (outcome !== undefined) return outcome.kind === "answers" ? outcome.addresses : [];
    const known = this.#own.get(name);
    if (known !== undefined) return [known];
    const at = this.#own.size;
    const net = OWN_NETS[Math.floor(at / HOSTS_OF_NET)];
    if (net === undefined) throw new ScriptError(`Cannot script "${name}": ${at} names have addresses, expected fewer`);
    const made = ipv4Address(net[0], net[1], net[2], 1 + (at % HOSTS_OF_NET));
    this.#own.set(name, made);
    return [made];
  }

  /** Lookups that begin while `run` runs are part of something else: they are no attempts of their own, and any name resolves. */
  quietly<T>(run: () => T): T {
    this.#isQuiet = true;
    try {
      return run();
    } finally {
      this.#isQuiet = false;
    }
  }

  lookup(name: string): PendingLookup {
    this.#unused.delete(name);
    return new AnsweredLookup(this.#isQuiet ? this.#ownOutcome(name) : this.#ask(name));
  }

  #ask(name: string): LookupOutcome {
    const start = { operation: "resolve-addresses", target: name };
    if (!this.#outcomes.has(name) && !this.#own.has(name)) {
      this.#attempts.unscripted(start, `names: { "${name}": ["192.0.2.1"] }`);
      return { kind: "not-found" };
    }
    const outcome = this.#ownOutcome(name);
    const attempt = this.#attempts.begin(start);
    if (outcome.kind === "answers") {
      attempt.detail = outcome.addresses.map(formatIpAddress).join(" ");
    } else {
      attempt.verdict = "failed";
      attempt.detail = outcome.kind;
    }
    return outcome;
  }

  #ownOutcome(name: string): LookupOutcome {
    return this.#outcomes.get(name) ?? { kind: "answers", addresses: this.addressesOf(name), ttlS: TTL_S };
  }
}

function outcomeOf(key: string, script: NameScript): LookupOutcome {
  if ("kind" in script) return script.outcome;
  const addresses = script.map((text) => {
    const address = parseAnySpelling(text);
    if (address === undefined) {
      throw new ScriptError(`Cannot script names["${key}"]: "${text}" is no address, expected one such as "192.0.2.7"`);
    }
    return address;
  });
  return addresses.length === 0 ? { kind: "not-found" } : { kind: "answers", addresses, ttlS: TTL_S };
}

class AnsweredLookup implements PendingLookup {
  readonly #outcome: LookupOutcome;
  constructor(outcome: LookupOutcome) {
    this.#outcome = outcome;
  }
  outcome(): LookupOutcome {
    return this.#outcome;
  }
  isReady(): boolean {
    return true;
  }
  onReady(wake: () => void): () => void {
    return ALWAYS_READY.onReady(wake);
  }
  cancel(): void {}
}
