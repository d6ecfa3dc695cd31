/**
 * Every instruction that the runtime accepts by default is understood, and what is written is accepted too; what the
 * runtime refuses stays refused. In code that is never reached operands are of any type, so each can stand alone.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ComponentError } from "../errors.ts";
import { ByteWriter } from "./byte_writer.ts";
import { instrumentModule } from "./instrument.ts";

/** A module with one of everything, and one function of this code between two `unreachable`. */
function moduleOf(code: readonly number[], is64 = false): Uint8Array {
  const out = new ByteWriter().bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const section = (id: number, ...contents: number[]): void =>
    void out.bytes(id).u32(contents.length).bytes(...contents);
  const limits = is64 ? 5 : 1;
  section(1, 1, 0x60, 0, 0);
  section(3, 1, 0);
  section(4, 1, 0x70, limits, 1, 2);
  section(5, 1, limits, 1, 2);
  section(13, 1, 0, 0);
  section(6, 1, 0x7f, 1, 0x41, 0, 0x0b);
  section(9, 1, 1, 0, 1, 0);
  section(12, 1);
  const body = [1, 1, 0x7f, 0x00, ...code, 0x00, 0x0b];
  const contents = new ByteWriter().u8(1).u32(body.length).bytes(...body);
  out.u8(10).u32(contents.length).append(contents);
  section(11, 1, 1, 1, 0);
  return out.written().slice();
}

const ZEROS = Array.from({ length: 18 }, () => 0);
/** What may follow an opcode; a zero too much is an `unreachable`. */
const IMMEDIATES: readonly (readonly number[])[] = [
  [],
  ZEROS,
  [0x40, 0x0b],
  [0x40, 0x00, 0x0b],
  [0x40, 0x19, 0x0b],
  [0x40, 0x07, 0x00, 0x0b],
  [0x40, 0x18, 0x00],
  [0x40, 0x01, 0x02, 0x00, 0x0b],
  [0x01, 0x7f],
  [0x70],
  [0x00, 0x00, 0x00],
  ...[1, 2, 3, 4].map((align) => [align, 0, 0]),
];

function opcodes(): (readonly number[])[] {
  const found: (readonly number[])[] = [];
  for (let opcode = 0; opcode < 256; opcode += 1) found.push([opcode]);
  for (const [prefix, count] of [[0xfb, 64], [0xfc, 64], [0xfd, 0x180], [0xfe, 0x80]] as const) {
    for (let opcode = 0; opcode < count; opcode += 1) {
      found.push([prefix, ...(opcode < 0x80 ? [opcode] : [(opcode & 0x7f) | 0x80, opcode >> 7])]);
    }
  }
  return found;
}

const REFUSED = (opcode: readonly number[]): boolean =>
  opcode[0] === 0xfb || opcode[0] === 0xd3 || (opcode[0] === 0xfe && (opcode[1] === 1 || opcode[1] === 2));

test("instrumentModule understands every instruction that the runtime accepts, and no other", () => {
  let accepted = 0;
  for (const is64 of [false, true]) {
    for (const opcode of opcodes()) {
      for (const immediates of IMMEDIATES) {
        const name = [...opcode, ...immediates].map((byte) => byte.toString(16)).join(" ");
        const bytes = moduleOf([...opcode, ...immediates], is64);
        const isValid = WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
        if (isValid) accepted += 1;
        for (const tracksWrites of [false, true]) {
          try {
            const { bytes: written } = instrumentModule(bytes, { tracksWrites });
            assert.equal(WebAssembly.validate(written), isValid, `${name}: was ${isValid}`);
          } catch (error) {
            assert.ok(error instanceof ComponentError, `${name}: ${String(error)}`);
            assert.ok(!isValid || (error.reason === "unsupported" && REFUSED(opcode)), `${name}: ${error.message}`);
          }
        }
      }
    }
  }
  assert.ok(accepted > 1000, `${accepted} forms are accepted`);
});

test("instrumentModule reads integers that are longer than they have to be", () => {
  const cases: (readonly number[])[] = [
    [0x20, 0x80, 0x80, 0x80, 0x80, 0x00],
    [0x10, 0x80, 0x80, 0x00],
    [0x36, 0x80, 0x00, 0x80, 0x80, 0x00],
    [0xfd, 0x8b, 0x80, 0x00, 0x00, 0x00],
    [0xfc, 0x8b, 0x00, 0x80, 0x00],
    [0x36, 0xc0, 0x00, 0x80, 0x00, 0x00],
    [0x0e, 0x81, 0x00, 0x80, 0x00, 0x00],
    [0xd0, 0xf0, 0x7f],
    [0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
  ];
  for (const code of cases) {
    const bytes = moduleOf(code);
    const isValid = WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
    const written = instrumentModule(bytes, { tracksWrites: true }).bytes;
    assert.equal(WebAssembly.validate(written), isValid, code.map((byte) => byte.toString(16)).join(" "));
  }
});
