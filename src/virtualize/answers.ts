/** What a stub answers: for each function of an interface a value that says no, a new handle, or a trap. */
import { casesOf, childrenOf } from "../component/abi_layout.ts";
import type { FuncType, ResourceType, ValueType } from "../component/types.ts";

/** A value of a result, as far as it is not all zero (false, 0, "", none, no elements, the first case). */
export type StubValue =
  | { readonly kind: "zero" }
  /** Of a result its error, with this case where it is an enum or variant. */
  | { readonly kind: "err"; readonly errorCase: number }
  /** A list of strings, or of pairs of them. */
  | { readonly kind: "texts"; readonly items: readonly (string | readonly [string, string])[] };

/** What one function does, after it has let go of the handles that it was given. */
export type Answer =
  | { readonly kind: "value"; readonly value: StubValue }
  /** A new handle, or a result with one. */
  | { readonly kind: "handle"; readonly resource: ResourceType; readonly isInResult: boolean }
  /** Bytes of a generator with a seed. */
  | { readonly kind: "random"; readonly form: "bytes" | "number" | "pair" }
  /** It cannot be called with sense, or nothing says no in its result. */
  | { readonly kind: "trap" };

/** What is given instead of what would be denied. */
export interface FixedAnswers {
  /** Of `wasi:cli/environment`. */
  readonly env?: readonly (readonly [string, string])[];
  readonly args?: readonly string[];
  /** Of all of `wasi:random`. */
  readonly randomSeed?: bigint;
}

/** Cases of errors that say "denied", the best first; names of WASI 0.2. */
const DENIALS: readonly string[] = [
  "permanent-resolver-failure",
  "access-denied",
  "HTTP-request-denied",
  "not-permitted",
  "access",
  "forbidden",
  "denied",
  "unsupported",
  "not-supported",
  "unavailable",
  "unknown",
  "other",
];

/** Where another case comes first: `permanent-resolver-failure` is about names, and of all sockets the codes are one type. */
const NAME_LOOKUP = "wasi:sockets/ip-name-lookup";

/** What the stub of an interface knows of resources. */
export interface StubResources {
  /** Whether it defines this one. */
  readonly isOwn: (resource: ResourceType) => boolean;
  /** Whether it can make a handle of this one, since another stub lets it. */
  readonly isMadeForIt: (resource: ResourceType) => boolean;
  /** Whether another stub makes handles of this one of its own. */
  readonly isMadeElsewhere: (resource: ResourceType) => boolean;
}

/** Which answer each function of an interface gives; `bareName` is the interface without its version. */
export function answersOf(
  bareName: string,
  functions: readonly { readonly name: string; readonly type: FuncType }[],
  options: StubResources & { readonly fixed: FixedAnswers },
): ReadonlyMap<string, Answer> {
  const answers = new Map(functions.map(({ name, type }) => [name, plainAnswer(bareName, name, type, options)]));
  const reachable = reachableResources(functions, answers, options);
  for (const { name, type } of functions) {
    // Nobody can have a handle of a resource that is never made, so nobody can call this.
    const needsMore = type.params.some((param) =>
      (param.type.kind === "borrow" || param.type.kind === "own") && options.isOwn(param.type.resource) &&
      !options.isMadeElsewhere(param.type.resource) && !reachable.has(param.type.resource)
    );
    if (needsMore) answers.set(name, { kind: "trap" });
  }
  return answers;
}

function plainAnswer(
  bareName: string,
  name: string,
  { result }: FuncType,
  { isOwn, isMadeForIt, fixed }: StubResources & { readonly fixed: FixedAnswers },
): Answer {
  // It never returns, so that nothing else may follow.
  if (bareName === "wasi:cli/exit") return TRAP;
  if (bareName.startsWith("wasi:random/")) return randomAnswer(name, fixed);
  if (bareName === "wasi:cli/environment") {
    if (name === "get-environment") return { kind: "value", value: { kind: "texts", items: fixed.env ?? [] } };
    if (name === "get-arguments") return { kind: "value", value: { kind: "texts", items: fixed.args ?? [] } };
  }
  if (result === null) return ZERO;
  if (result.kind === "own") {
    const { resource } = result;
    return isOwn(resource) || isMadeForIt(resource) ? { kind: "handle", resource, isInResult: false } : TRAP;
  }
  if (result.kind === "result") {
    const { ok } = result;
    if (bareName === "wasi:http/types" && HTTP_BUILDER.test(name)) {
      if (ok === null) return ZERO;
      if (ok.kind === "own" && isOwn(ok.resource)) return { kind: "handle", resource: ok.resource, isInResult: true };
    }
    return errorAnswer(bareName, result.err);
  }
  return isZeroAValue(result) ? ZERO : TRAP;
}

/** A request can be put together, so that its guest comes to the point where it is denied. */
const HTTP_BUILDER = /\.(?:set|set-[a-z-]+|append|delete|from-list|body)$/;
const ZERO: Answer = { kind: "value", value: { kind: "zero" } };
const TRAP: Answer = { kind: "trap" };

/** Random bytes that are no random bytes must be asked for by name: a guest makes keys of them. */
function randomAnswer(name: string, { randomSeed }: FixedAnswers): Answer {
  if (randomSeed === undefined) return TRAP;
  if (name.endsWith("-bytes")) return { kind: "random", form: "bytes" };
  if (name.endsWith("-u64")) return { kind: "random", form: "number" };
  return name === "insecure-seed" ? { kind: "random", form: "pair" } : TRAP;
}

function errorAnswer(bareName: string, err: ValueType | null): Answer {
  const cases = err === null
    ? []
    : err.kind === "enum"
    ? err.names.map((each) => ({ name: each, type: null }))
    : casesOf(err);
  if (err === null || cases.length === 0) {
    return err === null || isZeroAValue(err) ? { kind: "value", value: { kind: "err", errorCase: 0 } } : TRAP;
  }
  const preferred = bareName === NAME_LOOKUP ? DENIALS : DENIALS.slice(1);
  const fits = (at: number): boolean => {
    const type = cases[at]?.type;
    return type === null || (type !== undefined && isZeroAValue(type));
  };
  const wanted = [...preferred.map((each) => cases.findIndex(({ name }) => name === each)), ...cases.keys()];
  const errorCase = wanted.find((at) => at >= 0 && fits(at));
  return errorCase === undefined ? TRAP : { kind: "value", value: { kind: "err", errorCase } };
}

/** Whether a value of nothing but zero bytes is one of this type: no handle is 0. */
function isZeroAValue(type: ValueType): boolean {
  if (type.kind === "own" || type.kind === "borrow") return false;
  if (type.kind === "record" || type.kind === "tuple") return childrenOf(type).every(isZeroAValue);
  const [first] = casesOf(type);
  return first === undefined || first.type === null || isZeroAValue(first.type);
}

/** How many handles one may need for the next; what needs more is taken for out of reach. Stops a file of long chains from costing a round each. */
const CHAIN_MAX = 16;

/** Resources of the stub of which a guest can have a handle. */
function reachableResources(
  functions: readonly { readonly name: string; readonly type: FuncType }[],
  answers: ReadonlyMap<string, Answer>,
  { isOwn, isMadeElsewhere }: StubResources,
): ReadonlySet<ResourceType> {
  const reachable = new Set<ResourceType>();
  const isCallable = ({ params }: FuncType): boolean =>
    params.every(({ type }) =>
      (type.kind !== "borrow" && type.kind !== "own") || !isOwn(type.resource) || isMadeElsewhere(type.resource) ||
      reachable.has(type.resource)
    );
  for (let round = 0, before = -1; round < CHAIN_MAX && before !== reachable.size; round++) {
    before = reachable.size;
    for (const { name, type } of functions) {
      const answer = answers.get(name);
      if (answer?.kind === "handle" && isCallable(type)) reachable.add(answer.resource);
    }
  }
  return reachable;
}
