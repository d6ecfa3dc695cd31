/** `wasi:cli/environment`, as a guest sees it. */

/** The names and values that the workload's files give. */
export declare function getEnvironment(): readonly (readonly [name: string, value: string])[];
