/** Types of `deno_v8_flags.mjs`, which says what they are for. */
export declare const DENO_V8_FLAGS: string;
