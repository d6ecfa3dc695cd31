/**
 * Random core modules, of a number: loops of all shapes with stores, calls, branches with and without values, code that is never
 * reached, and exceptions of both kinds. What they do depends on exported globals: `left` (passes and deep calls until they end),
 * `seed` (what branches take their choice from) and `h`; `n` counts their instructions, a part of them at least.
 */

/** Exceptions in a module: no module may have both kinds. */
type Exceptions = "none" | "modern" | "legacy";

/** What a branch to a label brings along: types of values. Innermost last. */
type Labels = readonly (readonly string[])[];

const OFFSETS = [0, 0, 0, 1, 8, 112, 239, 240, 241, 256, 480, 4095, 4096, 8184];
const ADDED = [0, 1, 3, 8, 100, 230, 239, 240, 247, 4090, 4096, -1, -4, -12, -239, -240, -4096];
const CONSTANTS = [0, 4000, 4095, 8191, 12_280, 65_532, 131_068];
const RESULTS: readonly (readonly string[])[] = [[], [], ["i32"], ["i64"], ["i32", "i64"]];
const LOCALS = ["$p", "$q", "$i"];
/** Stores stay in the memories, mostly. */
const INSIDE = "(i32.const 0x1ffff)";
const NESTING_MAX = 5;
const STATEMENTS_MAX = 30;

const SHUFFLE = "(global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))";
const NO_VALUES: readonly string[] = [];

/** As many instructions as are counted. */
const work = (nops: number): string =>
  `(global.set $n (i64.add (global.get $n) (i64.const ${4 + nops}))) ${"(nop) ".repeat(nops)}`;
/** One of the numbers below `of`, of the seed. */
const chosen = (of: number): string => `(i32.rem_u (i32.shr_u (global.get $seed) (i32.const 8)) (i32.const ${of}))`;
const seldom = (of: number): string => `${SHUFFLE} (i32.eqz ${chosen(of)})`;

/** The text of the module of a number. */
export function randomProgram(number: number): string {
  return new RandomProgram(number).text();
}

class RandomProgram {
  #state: number;
  readonly #exceptions: Exceptions;
  /** Of the function that is being written. */
  #results: readonly string[] = [];
  #callee = "$leaf";
  #statementsLeft = 0;

  constructor(number: number) {
    this.#state = Math.imul(number, 0x9e3779b1) >>> 0;
    this.#below(2);
    this.#exceptions = this.#one<Exceptions>(["none", "none", "none", "modern", "legacy"]);
  }

  text(): string {
    const functions = [this.#function("$inner", "$outer"), this.#function("$outer", "$inner")].join("\n");
    return `(type $t (func)) (tag $e) (memory (export "m") 3) (memory $other (export "other") 3)
      (table 3 funcref) (elem (i32.const 0) $leaf $looping) (elem declare func $leaf $looping)
      (data (i32.const 4080) "abcdefghijklmnopqrstuvwxyz0123456789") (data (i32.const 0) "xyz")
      (global $n (export "n") (mut i64) (i64.const 0)) (global $left (export "left") (mut i32) (i32.const 0))
      (global $seed (export "seed") (mut i32) (i32.const 0)) (global $h (export "h") (mut i32) (i32.const 0))
      (func $leaf ${work(3)}) (func $looping (local $i i32) (loop $l ${work(2)}
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3)))))
      ${
      RESULTS.slice(2).map((types) => `(func ${leafOf(types)} (result ${types.join(" ")}) ${constants(types)})`).join(
        "",
      )
    }
      ${functions} (func (export "run") (call $outer) ${SHUFFLE} (call $outer))`;
  }

  /** The function, and one around it without parameters and results. */
  #function(name: string, callee: string): string {
    this.#callee = callee;
    this.#statementsLeft = STATEMENTS_MAX;
    this.#results = this.#one(RESULTS);
    const types = this.#results;
    const result = types.length > 0 ? `(result ${types.join(" ")})` : "";
    return `(func ${name}_own (param $p i32) ${result} (local $q i32) (local $i i32)
        (local.set $q (i32.and (global.get $h) ${INSIDE})) ${this.#statements([types], 6)} ${constants(types)})
      (func ${name} ${this.#below(2) === 0 ? "" : work(70)}
        (call ${name}_own (i32.const ${this.#one([0, 1, 4088, 4095, 65_530])})) ${"(drop) ".repeat(types.length)})`;
  }

  #below(count: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.#state / 2 ** 32 * count);
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  /** One of the texts, of which no other is made. */
  #any(makers: readonly (() => string)[]): string {
    return this.#one(makers)();
  }

  #local(): string {
    return this.#one(LOCALS);
  }

  #moved(): string {
    const local = this.#local();
    return `(local.tee ${local} (i32.and (i32.add (local.get ${local}) (i32.const ${this.#below(9000)})) ${INSIDE}))`;
  }

  #value(): string {
    return this.#any([
      () => `(local.get ${this.#local()})`,
      () => `(i32.const ${this.#below(1000)})`,
      () => "(global.get $h)",
      () => `(i32.load8_u (i32.and (local.get ${this.#local()}) ${INSIDE}))`,
      () => this.#moved(),
    ]);
  }

  #address(): string {
    const added = (): string => `(i32.const ${this.#one(ADDED)})`;
    return this.#any([
      () => `(local.get ${this.#local()})`,
      () => `(i32.add (local.get ${this.#local()}) ${added()})`,
      () => `(i32.add (i32.add (local.get ${this.#local()}) ${added()}) ${added()})`,
      () => `(i32.add ${added()} (local.get ${this.#local()}))`,
      () => `(i32.const ${this.#one(CONSTANTS)})`,
      () => this.#moved(),
    ]);
  }

  #store(): string {
    const memory = this.#below(5) === 0 ? "$other" : "";
    const at = `${memory} offset=${this.#one(OFFSETS)} ${this.#address()}`;
    return this.#any([
      () => `(i32.store ${at} ${this.#value()})`,
      () => `(i32.store8 ${at} ${this.#value()})`,
      () => `(i64.store ${at} (i64.extend_i32_u ${this.#value()}))`,
      () => `(v128.store ${at} (v128.const i32x4 1 2 3 4))`,
      () => `(drop (i32.atomic.rmw.xor (i32.and ${this.#address()} (i32.const 0x1fffc)) ${this.#value()}))`,
    ]);
  }

  #set(): string {
    return `(local.set ${this.#local()} (i32.and ${this.#value()} ${INSIDE}))`;
  }

  /** Ends the function when it has run for long. */
  #guard(): string {
    return `(global.set $left (i32.sub (global.get $left) (i32.const 1)))
      (if (i32.le_s (global.get $left) (i32.const 0)) (then (return ${constants(this.#results)})))`;
  }

  /** A label, near ones more often. */
  #label(labels: Labels): number {
    return this.#below(this.#below(2) === 0 ? labels.length : Math.min(3, labels.length));
  }

  /** What may stand where control never comes. */
  #unreached(): string {
    return this.#one([
      "",
      "",
      "(i32.store)",
      "(drop)",
      "(i32.store offset=4 (local.get $p) (i32.const 1))",
      "(loop (br 0))",
    ]);
  }

  /** Neither branches nor calls: what may lead to the inner of two loops. */
  #plain(): string {
    const makers = [() => work(this.#below(30)), () => this.#store(), () => this.#set()];
    return Array.from({ length: this.#below(3) }, () => this.#any(makers)).join(" ");
  }

  #statements(labels: Labels, countMax = 4): string {
    return Array.from({ length: this.#below(countMax + 1) }, () => this.#statement(labels)).join("\n");
  }

  #statement(labels: Labels): string {
    this.#statementsLeft -= 1;
    const isLeaf = labels.length > NESTING_MAX || this.#statementsLeft <= 0 || this.#below(5) < 2;
    if (!isLeaf) return this.#any(this.#nests(labels));
    return this.#any(
      this.#below(3) === 0 ? this.#jumps(labels) : this.#below(3) === 0 ? this.#calls() : this.#simple(),
    );
  }

  #simple(): readonly (() => string)[] {
    return [
      () => work(this.#below(this.#one([5, 20, 100, 400]))),
      () => `(global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get ${this.#local()})))`,
      () => this.#set(),
      () => this.#store(),
      () => this.#store(),
      () => `(table.set (i32.const 2) (ref.func $leaf))`,
    ];
  }

  #calls(): readonly (() => string)[] {
    return [
      () => "(call $leaf)",
      () => "(call $looping)",
      () => `(call_indirect (type $t) (i32.const ${this.#below(2)}))`,
      () => `${this.#guard()} (call ${this.#callee})`,
      () => `(memory.fill ${this.#address()} (i32.const 7) (i32.const ${this.#below(600)}))`,
      () => `(memory.copy ${this.#address()} (local.get $p) (i32.const ${this.#below(600)}))`,
      () => `(drop (memory.grow (i32.const ${this.#below(2)})))`,
      () => {
        const tails = [
          "call $leaf",
          "call $looping",
          "call_indirect (type $t) (i32.const 0)",
          "call_ref $t (ref.func $looping)",
        ];
        const tail = this.#results.length === 0 ? this.#one(tails) : `call ${leafOf(this.#results)}`;
        return `${seldom(10)} (if (then (return_${tail}) ${this.#unreached()}))`;
      },
    ];
  }

  #jumps(labels: Labels): readonly (() => string)[] {
    const label = this.#label(labels);
    const types = valuesOf(labels, label);
    const values = constants(types);
    const same = labels.map((_, at) => at).filter((at) => valuesOf(labels, at).join() === types.join());
    return [
      () => `${seldom(3)} (if (then ${values} (br ${label + 1}) ${this.#unreached()}))`,
      () => `${SHUFFLE} ${values} (br_if ${label} (i32.eqz ${chosen(3)})) ${"(drop) ".repeat(types.length)}`,
      () =>
        `${seldom(3)} (if (then ${values} (br_table ${this.#one(same) + 1} ${this.#one(same) + 1} ${label + 1} ${
          chosen(4)
        })))`,
      () => `${seldom(20)} (if (then (return ${constants(this.#results)}) ${this.#unreached()}))`,
      () => `(block ${seldom(2)} (br_if 0) ${values} (br ${label + 1}) ${this.#unreached()})`,
      () =>
        types.length > 0
          ? work(2)
          : `${seldom(2)} (if (then (drop (br_on_null ${label + 1} (table.get (i32.const 2))))))`,
      () => this.#exceptions === "none" ? work(1) : `${seldom(6)} (if (then (throw $e)))`,
    ];
  }

  #nests(labels: Labels): readonly (() => string)[] {
    const inner = (...added: Labels): string => this.#statements([...labels, ...added]);
    const one = NO_VALUES;
    const again = (label: number): string => `${SHUFFLE} (br_if ${label} ${chosen(3)})`;
    const loops = [
      () => `(loop ${work(this.#below(90))} ${this.#guard()} ${inner(one)} ${this.#one(["", again(0)])})`,
      () => `(local.set $i (loop (result i32) ${this.#guard()} ${inner(one)} ${again(0)} ${this.#value()}))`,
      () =>
        `${this.#value()} (loop (param i32) (local.set $i) ${this.#guard()} ${
          inner(["i32"])
        } ${SHUFFLE} ${this.#value()}
        (br_if 0 (i32.eqz ${chosen(3)})) (drop))`,
      () => this.#forked(labels),
      () => this.#forked(labels),
      () =>
        `(loop ${this.#plain()} (loop ${this.#plain()} (loop ${this.#guard()} ${inner(one, one, one)} ${again(1)} ${
          again(2)
        } ${again(0)})))`,
    ];
    const blocks = [
      () => `(block ${inner(one)})`,
      () => `(local.set $i (block (result i32) ${inner(["i32"])} ${this.#value()}))`,
      () => `${SHUFFLE} (if ${chosen(2)} (then ${inner(one)}) (else ${inner(one)}))`,
      () => `${SHUFFLE} (if ${chosen(2)} (then ${inner(one)}))`,
    ];
    return [...loops, ...blocks, ...this.#handlers(inner)];
  }

  /** Two loops of which the inner one goes on with itself, or with the outer one. */
  #forked(labels: Labels): string {
    const around = [...labels, NO_VALUES, NO_VALUES];
    const label = this.#label(around);
    const end = this.#any([
      () => "",
      () => `${SHUFFLE} (br_if 0 ${chosen(2)})`,
      () => `(br ${this.#below(2)}) ${this.#unreached()}`,
      () => `${constants(valuesOf(around, label))} (br ${label})`,
      () => `(return ${constants(this.#results)})`,
      () => `${SHUFFLE} (br_table 0 1 ${chosen(3)})`,
    ]);
    const between = this.#below(8) === 0 ? "(block)" : "";
    const behind = this.#below(8) === 0 ? this.#plain() : "";
    return `(loop ${this.#plain()} ${between} (loop ${this.#plain()} ${this.#guard()} ${work(this.#below(9))}
      ${this.#statements(around)} ${SHUFFLE} (br_if 1 ${chosen(3)}) ${this.#plain()} ${end}) ${behind})`;
  }

  #handlers(inner: (...added: Labels) => string): readonly (() => string)[] {
    const one = NO_VALUES;
    const thrown = `${seldom(3)} (if (then (throw $e)))`;
    switch (this.#exceptions) {
      case "none":
        return [];
      case "modern":
        return [
          () => `(block (try_table (catch_all 0) ${inner(one, one)}))`,
          () => `(loop $again ${this.#guard()} (try_table (catch $e $again) ${inner(one, one)} ${thrown}))`,
        ];
      case "legacy":
        return [
          () => `try ${inner(one)} catch $e ${inner(one)} catch_all ${inner(one)} end`,
          () => `try try ${inner(one, one)} ${thrown} delegate 0 catch_all ${inner(one)} end`,
          () =>
            `try try ${inner(one, one)} throw $e catch $e ${inner(one, one)} ${
              seldom(2)
            } (if (then (rethrow 1))) end catch_all end`,
        ];
    }
  }
}

/** The types of a label's values; 0 is the innermost. */
function valuesOf(labels: Labels, label: number): readonly string[] {
  return labels[labels.length - 1 - label] ?? [];
}

function constants(types: readonly string[]): string {
  return types.map((type, index) => `(${type}.const ${7 + index})`).join(" ");
}

/** A function without parameters that gives these. */
function leafOf(types: readonly string[]): string {
  return `$leaf_${types.join("_")}`;
}
