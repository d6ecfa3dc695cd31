/**
 * `HostSide` is checked by the type checkers: each line marked as an error has to be one. The bodies run too, so that
 * the run-time list of blocking functions is compared with the names that the types use.
 */
import type * as DeclaredHttp from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type * as DeclaredPoll from "@bytecodealliance/preview2-shim/interfaces/wasi-io-poll";
import type * as DeclaredStreams from "@bytecodealliance/preview2-shim/interfaces/wasi-io-streams";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pollable } from "./io/poll.ts";
import type { InputStream, OutputStream } from "./io/streams.ts";
import { SUSPENDING } from "./suspending.ts";
import { WIT_SIGNATURES } from "./wit_signatures.ts";
import type { HostInterface, HostSide } from "./types.ts";

type DeclaredInput = HostSide<DeclaredStreams.InputStream>;
type DeclaredOutput = HostSide<DeclaredStreams.OutputStream>;
type DeclaredFields = HostInterface<typeof DeclaredHttp>["Fields"];
type DeclaredRequest = HostInterface<typeof DeclaredHttp>["OutgoingRequest"];

const late = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(1));

test("HostSide lets blocking functions return promises, and only them", () => {
  const blocking: Pick<DeclaredInput, "blockingRead"> = { blockingRead: late };
  // @ts-expect-error read does not block
  const plain: Pick<DeclaredInput, "read"> = { read: late };
  // @ts-expect-error the promise is of the declared result
  const wrong: Pick<DeclaredInput, "blockingRead"> = { blockingRead: () => Promise.resolve("text") };
  assert.equal([blocking, plain, wrong].length, 3);
});

test("HostSide keeps names, results and parameters of the declaration", () => {
  // @ts-expect-error subscribe is missing
  const partial: DeclaredInput = {
    read: () => new Uint8Array(),
    blockingRead: late,
    skip: () => 0n,
    blockingSkip: () => 0n,
  };
  // @ts-expect-error the result is a number of bytes
  const result: Pick<DeclaredInput, "skip"> = { skip: () => new Uint8Array() };
  // @ts-expect-error the parameter is a u64
  const parameter: Pick<DeclaredInput, "skip"> = { skip: (len: string) => BigInt(len) };
  assert.equal([partial, result, parameter].length, 3);
});

test("HostSide takes our own class where the declaration has its own", () => {
  const ours: Pick<DeclaredOutput, "splice"> = { splice: (src: InputStream) => src.skip(1n) };
  // @ts-expect-error an output stream is no input stream
  const other: Pick<DeclaredOutput, "splice"> = { splice: (src: OutputStream) => src.checkWrite() };
  assert.equal([ours, other].length, 2);
});

test("HostInterface checks functions, static functions and public constructors", () => {
  const whole: HostInterface<typeof DeclaredPoll> = { poll: () => Promise.resolve(new Uint32Array(1)), Pollable };
  // @ts-expect-error the class is missing
  const classless: HostInterface<typeof DeclaredPoll> = { poll: () => new Uint32Array(1) };
  class Listless {
    readonly size: number;
    constructor(size: number) {
      this.size = size;
    }
  }
  // @ts-expect-error no static fromList, and guests construct fields without arguments
  const fields: DeclaredFields = Listless;
  // @ts-expect-error the constructor takes headers alone
  const request: DeclaredRequest = Listless as new (
    headers: object,
    size: number,
  ) => HostSide<DeclaredHttp.OutgoingRequest>;
  assert.equal([whole, classless, fields, request].length, 4);
});

test("SUSPENDING names interface and function in the form of the engine", () => {
  const known = new Set(
    Object.entries(WIT_SIGNATURES).flatMap(([name, functions]) =>
      Object.keys(functions).map((each) => `${name}#${each}`)
    ),
  );
  for (const name of SUSPENDING) assert.ok(known.has(name), name);
  const others = [...SUSPENDING].filter((name) => !name.startsWith("wasi:filesystem/types#[method]descriptor."));
  assert.equal(others.length, 8);
  for (const name of others) assert.match(name, /^wasi:io\/(poll|streams)#(poll$|\[method\][a-z-]+\.block)/, name);
});
