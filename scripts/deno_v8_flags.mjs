/**
 * Flags of V8 for a gateway on Deno, as docs/deployment.md has them: it rests without giving its heap away, and keeps the
 * objects of requests young. In JavaScript, since the launcher runs on any Node.
 */
export const DENO_V8_FLAGS = "--no-memory-reducer,--no-allocation-site-pretenuring";
