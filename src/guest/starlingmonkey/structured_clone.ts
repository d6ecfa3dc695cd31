/** The engine's own. */
export const { structuredClone } = globalThis;
