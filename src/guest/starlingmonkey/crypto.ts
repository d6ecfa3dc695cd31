/** The engine's own. */
export const { crypto } = globalThis;
