/**
 * How a host class implements a WIT interface: the typed interface comes from preview2-shim's declarations,
 * and one mapped type says what the engine allows beyond them.
 *
 * The declarations are written for synchronous hosts and for classes nobody but the host can construct, so a plain
 * `implements` fails three times: a blocking method may not return a promise, a resource in a signature is the
 * declared class and not ours, and a private constructor cannot be implemented. `HostSide` maps all three away and
 * keeps everything else, so a missing method, a wrong result or a wrong parameter is an error of the type checker.
 *
 * @example A resource
 * ```ts
 * import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-io-poll";
 *
 * export class Pollable extends HostResource implements HostSide<Declared.Pollable> {
 *   // WIT ready: func() -> bool
 *   ready(): boolean { ... }
 *   // WIT block: func()
 *   block(): MaybeLate<void> { ... }
 * }
 * ```
 *
 * @example An interface: its functions, and its classes with their static functions and public constructors
 * ```ts
 * export const POLL_INTERFACE = { poll, Pollable } satisfies HostInterface<typeof Declared>;
 * ```
 */
import type { BlockingName, DescriptorName } from "./suspending.ts";

/** What a blocking method may return: its value now, or a promise of it (the guest is suspended meanwhile). */
export type Maybe<T> = T | Promise<T>;

/** As `Maybe`, for what guests wait for all the time: see `ReadyWait`. */
export type MaybeLate<T> = T | Late<T>;

/** A value that comes later, for one who listens; a promise is one too. Nobody is told within `then`. */
export interface Late<T> {
  then(onValue: (value: T) => void, onError: (error: unknown) => void): void;
}

/**
 * A declared type of preview2-shim as the host provides it: an instance of a resource, a record, a function, a value.
 * `L` names members that may also answer late, in interfaces where the usual names say nothing (`DescriptorMember`).
 */
export type HostSide<T, L = never> = T extends Plain ? T
  : T extends (...args: infer A) => infer R ? HostFunction<A, HostSide<R, L>, L>
  : T extends readonly unknown[] ? HostSides<T, L>
  : { readonly [K in keyof T]: HostMember<K, T[K], L> };

/**
 * A declared interface (`typeof` of its module) as the host provides it. The declarations are of WASI 0.2.3; what is
 * newer or unstable is added at the check: `satisfies HostInterface<typeof Declared> & { exitWithCode(...): never }`.
 */
export type HostInterface<M, L = never> = { readonly [K in keyof M]: HostItem<K, M[K], L> };

/** Members of `descriptor` that may wait for the disk: a stream has functions of the same names, and those may not. */
export type DescriptorMember = CamelCase<FunctionLabel<DescriptorName>>;

/** Values that mean the same on both sides. */
type Plain = string | number | bigint | boolean | symbol | null | undefined | void | ArrayBufferView;

/** Element by element; tuples stay tuples, and a host may answer with a list it goes on owning. */
type HostSides<A extends readonly unknown[], L> = { readonly [K in keyof A]: HostSide<A[K], L> };

/**
 * Written as a method, because only methods are compared by their parameters in both directions: a host class takes
 * its own `InputStream` where any provider of the declared one could be passed. The engine checks the class at run time.
 */
type HostFunction<A extends readonly unknown[], R, L> = { call(...args: HostSides<A, L>): R }["call"];

type HostMember<K, F, L> = K extends SuspendingMember | L
  ? F extends (...args: infer A) => infer R ? HostFunction<A, MaybeLate<HostSide<R, L>>, L> : HostSide<F, L>
  : HostSide<F, L>;

/** Functions first: a function type also has a `prototype`, a class is never callable. */
type HostItem<K, I, L> = I extends (...args: never) => unknown ? HostMember<K, I, L>
  : I extends { readonly prototype: infer P }
    ? HostStatics<I, L> & HostConstructor<I> & { readonly prototype: HostSide<P, L> }
  : HostSide<I, L>;

type HostStatics<C, L> = { readonly [K in Exclude<keyof C, "prototype">]: HostMember<K, C[K], L> };

/** A WIT constructor is public; a private one says that guests cannot construct it, so the host is free. */
type HostConstructor<C> = C extends new (...args: infer A) => infer I ? { new (...args: GivenTo<A>): HostSide<I> }
  : unknown;

/** Constructors are compared in one direction only, so their count and plain parameters are checked, resources are not. */
type GivenTo<A extends readonly unknown[]> = { [K in keyof A]: A[K] extends Plain ? A[K] : never };

/** `block`, `blockingRead`, ...: WASI uses none of these names for a function that does not block. */
type SuspendingMember = CamelCase<FunctionLabel<BlockingName>>;

type FunctionLabel<N extends string> = N extends `${string}#[method]${string}.${infer L}` ? L
  : N extends `${string}#${infer L}` ? L
  : never;

type CamelCase<S extends string> = S extends `${infer H}-${infer T}` ? `${H}${Capitalize<CamelCase<T>>}` : S;
