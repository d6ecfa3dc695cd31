// Requests and names, which no sample uses: what test guests import beside `types/wasi.d.ts`.
declare module "wasi:http/types@0.2.10" {
  import type { Pollable } from "wasi:io/poll@0.2.10";
  import type { Result } from "wasi:test/result";

  export type Scheme = { readonly tag: "HTTP" | "HTTPS" } | { readonly tag: "other"; readonly val: string };
  /** Setters throw where WIT has a `result`. */
  export class OutgoingRequest implements Disposable {
    constructor(headers: Fields);
    body(): OutgoingBody;
    setMethod(method: Method): void;
    setPathWithQuery(path: string | null): void;
    setScheme(scheme: Scheme | null): void;
    setAuthority(authority: string | null): void;
    [Symbol.dispose](): void;
  }
  export class RequestOptions implements Disposable {
    constructor();
    setConnectTimeout(duration: number | null): void;
    setFirstByteTimeout(duration: number | null): void;
    setBetweenBytesTimeout(duration: number | null): void;
    [Symbol.dispose](): void;
  }
  export class FutureIncomingResponse implements Disposable {
    private constructor();
    subscribe(): Pollable;
    get(): Result<Result<IncomingResponse, ErrorCode>, null> | null;
    [Symbol.dispose](): void;
  }
  export class IncomingResponse implements Disposable {
    private constructor();
    status(): number;
    headers(): Fields;
    consume(): IncomingBody;
    [Symbol.dispose](): void;
  }
}

declare module "wasi:test/result" {
  export type Result<T, E> = { readonly tag: "ok"; readonly val: T } | { readonly tag: "err"; readonly val: E };
}

declare module "wasi:http/outgoing-handler@0.2.10" {
  import type { FutureIncomingResponse, OutgoingRequest, RequestOptions } from "wasi:http/types@0.2.10";
  /** @throws ErrorCode */
  export function handle(request: OutgoingRequest, options: RequestOptions | null): FutureIncomingResponse;
}

declare module "wasi:sockets/ip-name-lookup@0.2.10" {
  import type { Pollable } from "wasi:io/poll@0.2.10";
  import type { Network } from "wasi:sockets/network@0.2.10";
  export type IpAddress = { readonly tag: "ipv4" | "ipv6"; readonly val: readonly number[] };
  export class ResolveAddressStream implements Disposable {
    private constructor();
    /** @throws ErrorCode */
    resolveNextAddress(): IpAddress | null;
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }
  /** @throws ErrorCode */
  export function resolveAddresses(network: Network, name: string): ResolveAddressStream;
}
