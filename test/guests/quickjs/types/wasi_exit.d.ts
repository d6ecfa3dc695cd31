/** What test guests use beyond `types/wasi.d.ts`. */
declare module "wasi:cli/exit@0.2.10" {
  /** Never returns. */
  export function exit(status: { readonly tag: "ok" | "err" }): void;
}
