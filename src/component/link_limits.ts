/** The bounds of linking. Each names what it stops; all are far above the largest real components. */

/**
 * Steps of linking in total: a definition, a declaration, an exported item or a node of a compared type is one. Stops
 * bombs of few bytes: n components of which each instantiates the one before twice make 2^n instances, and so do
 * instance types that export two of the type before. A handler in JavaScript with all of WASI takes about 15,000; the
 * bound is reached in under a second.
 */
export const LINK_STEPS_MAX = 500_000;

/** Component instances inside each other, and types elaborated inside each other: the linker recurses for them. */
export const LINK_DEPTH_MAX = 100;

/** Component instances: each has handle tables of its own. Composed applications have up to some hundred. */
export const COMPONENT_INSTANCES_MAX = 1000;

/** Core instances: each costs memory in the runtime at every instantiation, and a process has some 16,000 memories. */
export const CORE_INSTANCES_MAX = 1000;

/** Lowered functions and resource built-ins: each becomes a JavaScript function of every instance, made in one go. Composed applications have some hundred. */
export const BUILTINS_MAX = 4_000;

/** Resource types after linking: each exported or imported one becomes a class or a tag. */
export const RESOURCES_MAX = 10_000;

/** Imports and exports of the root, functions inside interfaces included. */
export const ROOT_ITEMS_MAX = 50_000;

/**
 * Nodes of one value or function type after every shared part is written out: a pair of pairs of pairs, 60 definitions
 * long, has 2^60, and lifting code follows them all. The largest type of WASI has about 100.
 */
export const TYPE_NODES_MAX = 20_000;

/** Type nodes over all functions that cross a component's boundary: lifting code is made for each. */
export const FUNCTION_TYPE_NODES_MAX = 1_000_000;

/** How deep a value type nests: lifting a value recurses. */
export const TYPE_DEPTH_MAX = 100;
