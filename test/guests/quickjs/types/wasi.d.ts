/**
 * The parts of WASI 0.2 that test guests without the SDK use, as `componentize-qjs` shows them to a guest.
 * The WIT names in camelCase; `u64` is a number, `option<T>` is `T | null`, `list<u8>` is a `Uint8Array`, and the
 * error of a `result` is thrown as an object with the field `payload` (see `../lib/wit_error.ts`).
 * A resource is dropped by `[Symbol.dispose]()`; drop what came from it (its pollables, its streams) before it.
 */

declare module "wasi:io/error@0.2.10" {
  export class Error implements Disposable {
    private constructor();
    toDebugString(): string;
    [Symbol.dispose](): void;
  }
}

declare module "wasi:io/poll@0.2.10" {
  export class Pollable implements Disposable {
    private constructor();
    ready(): boolean;
    /** Waits until it is ready. */
    block(): void;
    [Symbol.dispose](): void;
  }
  /** Waits until at least one is ready; gives the places of all that are. The list must not be empty. */
  export function poll(list: readonly Pollable[]): number[];
}

declare module "wasi:io/streams@0.2.10" {
  import type { Error as IoError } from "wasi:io/error@0.2.10";
  import type { Pollable } from "wasi:io/poll@0.2.10";

  export type StreamError = { readonly tag: "closed" } | {
    readonly tag: "last-operation-failed";
    readonly val: IoError;
  };

  export class InputStream implements Disposable {
    private constructor();
    /** Up to `length` bytes, none when there are none now. @throws StreamError */
    read(length: number): Uint8Array;
    /** As `read`, but waits for the first byte. @throws StreamError */
    blockingRead(length: number): Uint8Array;
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }

  export class OutputStream implements Disposable {
    private constructor();
    /** How many bytes the next `write` may hold. @throws StreamError */
    checkWrite(): number;
    /** @throws StreamError */
    write(contents: Uint8Array): void;
    /** At most 4,096 bytes. @throws StreamError */
    blockingWriteAndFlush(contents: Uint8Array): void;
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }
}

declare module "wasi:clocks/monotonic-clock@0.2.10" {
  import type { Pollable } from "wasi:io/poll@0.2.10";
  /** Nanoseconds from an arbitrary start. */
  export function now(): number;
  /** Ready once `duration` nanoseconds have passed. */
  export function subscribeDuration(duration: number): Pollable;
}

declare module "wasi:cli/environment@0.2.10" {
  export function getEnvironment(): [name: string, value: string][];
  export function getArguments(): string[];
}

declare module "wasi:cli/stdout@0.2.10" {
  import type { OutputStream } from "wasi:io/streams@0.2.10";
  export function getStdout(): OutputStream;
}

declare module "wasi:cli/stderr@0.2.10" {
  import type { OutputStream } from "wasi:io/streams@0.2.10";
  export function getStderr(): OutputStream;
}

declare module "wasi:sockets/network@0.2.10" {
  export class Network implements Disposable {
    private constructor();
    [Symbol.dispose](): void;
  }
  export type ErrorCode =
    | "unknown"
    | "access-denied"
    | "not-supported"
    | "invalid-argument"
    | "out-of-memory"
    | "timeout"
    | "concurrency-conflict"
    | "not-in-progress"
    | "would-block"
    | "invalid-state"
    | "new-socket-limit"
    | "address-not-bindable"
    | "address-in-use"
    | "remote-unreachable"
    | "connection-refused"
    | "connection-reset"
    | "connection-aborted"
    | "datagram-too-large"
    | "name-unresolvable"
    | "temporary-resolver-failure"
    | "permanent-resolver-failure";
  export type IpAddressFamily = "ipv4" | "ipv6";
  export type Ipv4Address = readonly [number, number, number, number];
  export type Ipv6Address = readonly [number, number, number, number, number, number, number, number];
  export type IpSocketAddress =
    | { readonly tag: "ipv4"; readonly val: { readonly port: number; readonly address: Ipv4Address } }
    | {
      readonly tag: "ipv6";
      readonly val: {
        readonly port: number;
        readonly flowInfo: number;
        readonly address: Ipv6Address;
        readonly scopeId: number;
      };
    };
}

declare module "wasi:sockets/instance-network@0.2.10" {
  import type { Network } from "wasi:sockets/network@0.2.10";
  export function instanceNetwork(): Network;
}

declare module "wasi:sockets/tcp-create-socket@0.2.10" {
  import type { IpAddressFamily } from "wasi:sockets/network@0.2.10";
  import type { TcpSocket } from "wasi:sockets/tcp@0.2.10";
  /** @throws ErrorCode */
  export function createTcpSocket(family: IpAddressFamily): TcpSocket;
}

declare module "wasi:sockets/tcp@0.2.10" {
  import type { Pollable } from "wasi:io/poll@0.2.10";
  import type { InputStream, OutputStream } from "wasi:io/streams@0.2.10";
  import type { IpSocketAddress, Network } from "wasi:sockets/network@0.2.10";

  /** Every method but `subscribe` throws an `ErrorCode`. */
  export class TcpSocket implements Disposable {
    private constructor();
    startBind(network: Network, address: IpSocketAddress): void;
    finishBind(): void;
    startConnect(network: Network, address: IpSocketAddress): void;
    finishConnect(): [InputStream, OutputStream];
    startListen(): void;
    finishListen(): void;
    accept(): [TcpSocket, InputStream, OutputStream];
    localAddress(): IpSocketAddress;
    remoteAddress(): IpSocketAddress;
    setListenBacklogSize(value: number): void;
    shutdown(what: "receive" | "send" | "both"): void;
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }
}

declare module "wasi:http/types@0.2.10" {
  import type { InputStream, OutputStream } from "wasi:io/streams@0.2.10";

  export type Method =
    | { readonly tag: "get" | "head" | "post" | "put" | "delete" | "connect" | "options" | "trace" | "patch" }
    | { readonly tag: "other"; readonly val: string };
  export type ErrorCode = { readonly tag: string; readonly val?: unknown };

  export class Fields implements Disposable {
    constructor();
    static fromList(entries: readonly (readonly [name: string, value: Uint8Array])[]): Fields;
    get(name: string): Uint8Array[];
    entries(): [name: string, value: Uint8Array][];
    [Symbol.dispose](): void;
  }
  export class IncomingRequest implements Disposable {
    private constructor();
    method(): Method;
    pathWithQuery(): string | null;
    authority(): string | null;
    headers(): Fields;
    /** Once only. */
    consume(): IncomingBody;
    [Symbol.dispose](): void;
  }
  export class IncomingBody implements Disposable {
    private constructor();
    /** Once only. */
    stream(): InputStream;
    [Symbol.dispose](): void;
  }
  export class OutgoingResponse implements Disposable {
    constructor(headers: Fields);
    setStatusCode(status: number): void;
    /** Once only. */
    body(): OutgoingBody;
    [Symbol.dispose](): void;
  }
  export class OutgoingBody implements Disposable {
    private constructor();
    /** Once only. */
    write(): OutputStream;
    static finish(body: OutgoingBody, trailers: Fields | null): void;
    [Symbol.dispose](): void;
  }
  export class ResponseOutparam implements Disposable {
    private constructor();
    static set(
      param: ResponseOutparam,
      response: { readonly tag: "ok"; readonly val: OutgoingResponse } | {
        readonly tag: "err";
        readonly val: ErrorCode;
      },
    ): void;
    [Symbol.dispose](): void;
  }
}
