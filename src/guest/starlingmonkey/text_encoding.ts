/** The engine's own. */
export const { TextDecoder, TextEncoder } = globalThis;
