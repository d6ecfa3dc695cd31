/** `wasi:sockets/network`, as a guest sees it. */

/** The right to use the network. */
export declare class Network implements Disposable {
  private constructor();
  [Symbol.dispose](): void;
}

/** Why a call of a socket failed; it is the payload of what is thrown. */
export type ErrorCode = string;

/** Four numbers of eight bits. */
export type Ipv4Address = readonly [number, number, number, number];

/** Eight numbers of sixteen bits. */
export type Ipv6Address = readonly [number, number, number, number, number, number, number, number];

/** Either family. */
export type IpAddress = { readonly tag: "ipv4"; readonly val: Ipv4Address } | {
  readonly tag: "ipv6";
  readonly val: Ipv6Address;
};

/** An address and a port. */
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
