/**
 * How a host class implements a WIT interface: the typed interface comes from preview2-shim's declarations,
 * and one mapped type says what the engine allows beyond them.
 */

/** What a blocking method may return: its value now, or a promise of it (the guest is suspended meanwhile). */
export type Maybe<T> = T | Promise<T>;
