/** Types of `start_bundle.mjs`, which says what they are for. */
export declare const BUNDLES: string;
export declare const MANIFEST: string;
export declare const MAIN: string;
export declare const RESOLUTION: readonly string[];
export declare function freshBundle(root: string): string | undefined;
export declare function versionOf(sources: readonly string[], read: (name: string) => Uint8Array): string;
export declare function digestOf(file: string): string;
