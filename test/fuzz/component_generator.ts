/**
 * Components out of a list of numbers: each decision takes the next one, so that any list is some component, mostly
 * well-formed and often valid, and shrinking the list shrinks the component. Indices miss their range now and then.
 */

// tidy: long because one generator has to know all index spaces at once
const PREAMBLE: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
const CORE_PREAMBLE: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** One decision in so many is a wrong index or byte. */
const FAULT_RATE = 200;

/** What is known of something that is exported, imported or in an index space. */
type Sort = "func" | "type" | "component" | "instance" | "core module";

interface Known {
  readonly sort: Sort;
  /** Of types: what they describe. */
  readonly describes?: "value" | "func" | "resource" | "instance" | "component";
  readonly exports?: readonly Item[];
  readonly imports?: readonly Item[];
  /** Of function types, and functions of them: the core export of `LIBC` that fits. */
  readonly lifts?: string;
}

interface Item {
  readonly name: string;
  readonly known: Known;
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

function text(value: string): number[] {
  const bytes = [...new TextEncoder().encode(value)];
  return [...leb(bytes.length), ...bytes];
}

function section(id: number, body: readonly number[]): number[] {
  return [id, ...leb(body.length), ...body];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

/** (memory "m"), realloc "r", and functions of a few signatures. */
const LIBC: readonly number[] = [
  ...CORE_PREAMBLE,
  ...section(
    1,
    vector([[0x60, 0, 0], [0x60, 1, 0x7f, 0], [0x60, 0, 1, 0x7f], [0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f]]),
  ),
  ...section(3, vector([[0], [1], [2], [3]])),
  ...section(5, [1, 0, 1]),
  ...section(
    7,
    vector([
      [...text("f0"), 0, 0],
      [...text("f1"), 0, 1],
      [...text("f2"), 0, 2],
      [...text("r"), 0, 3],
      [...text("m"), 2, 0],
    ]),
  ),
  ...section(10, vector([[3, 0, 0, 0x0b], [3, 0, 0, 0x0b], [3, 0, 0, 0x0b], [3, 0, 0, 0x0b]])),
];

/** Imports "x" "f0" and "x" "m". */
const USER: readonly number[] = [
  ...CORE_PREAMBLE,
  ...section(1, vector([[0x60, 0, 0]])),
  ...section(2, vector([[...text("x"), ...text("f0"), 0, 0], [...text("x"), ...text("m"), 2, 0, 1]])),
];

const CORE_NAMES: readonly string[] = ["f0", "f1", "f2", "r", "m"];
const SORT_BYTES: Readonly<Record<Sort, readonly number[]>> = {
  func: [1],
  type: [3],
  component: [4],
  instance: [5],
  "core module": [0, 0x11],
};

class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  get isUsedUp(): boolean {
    return this.#next >= this.#numbers.length;
  }

  /** 0 .. bound - 1; 0 when the list is used up. */
  below(bound: number): number {
    const value = this.#numbers[this.#next] ?? 0;
    this.#next += 1;
    return bound <= 1 ? 0 : value % bound;
  }

  isFault(): boolean {
    return this.below(FAULT_RATE) === FAULT_RATE - 1;
  }

  /** An index below `length`, seldom one that is not. */
  index(length: number): number {
    return this.isFault() ? length + this.below(3) : this.below(length);
  }

  of<T>(items: readonly T[], otherwise: T): T {
    return items[this.below(items.length)] ?? otherwise;
  }
}

class ComponentBuilder {
  readonly #choices: Choices;
  readonly #depth: number;
  readonly #outer: ComponentBuilder | null;
  readonly #bytes: number[] = [];
  readonly #known: Record<Sort, Known[]> = { func: [], type: [], component: [], instance: [], "core module": [] };
  /** Core functions and memories by their names in `LIBC`, "" when of another origin. */
  readonly #coreFuncs: string[] = [];
  #memories = 0;
  /** Core instances: whether they are of `LIBC`. */
  readonly #coreInstances: boolean[] = [];
  readonly #modules: boolean[] = [];
  readonly imports: Item[] = [];
  readonly exports: Item[] = [];

  constructor(choices: Choices, depth: number, outer: ComponentBuilder | null) {
    this.#choices = choices;
    this.#depth = depth;
    this.#outer = outer;
  }

  build(): number[] {
    const type = (): number[] => section(7, [1, ...this.#type()]);
    const always: readonly (() => number[])[] = [type, type, () => this.#module(), () => this.#nested()];
    const core = (): number[] => section(2, [1, ...this.#coreInstance()]);
    const alias = (): number[] => section(6, [1, ...this.#alias()]);
    const canon = (): number[] => section(8, [1, ...this.#canon()]);
    for (let left = 2 + this.#choices.below(24); left > 0 && !this.#choices.isUsedUp; left -= 1) {
      const steps = [...always];
      if (this.#known.type.length > 0) steps.push(() => section(10, [1, ...this.#import()]));
      if (this.#someSorts().length > 0) steps.push(() => section(11, [1, ...this.#export()]));
      if (this.#known.component.length > 0) steps.push(() => section(5, [1, ...this.#instance()]));
      if (this.#modules.length > 0) steps.push(core);
      if (this.#aliasKinds().length > 0) steps.push(alias, alias);
      if (this.#coreFuncs.length + this.#known.func.length > 0) steps.push(canon, canon);
      this.#bytes.push(...this.#choices.of(steps, type)());
    }
    return [...PREAMBLE, ...this.#bytes];
  }

  #add(known: Known): void {
    this.#known[known.sort].push(known);
  }

  /** The index of something of `sort`; of a type that describes `what` when there is one. */
  #pick(sort: Sort, what?: Known["describes"]): number {
    const items = this.#known[sort];
    const fitting = items.flatMap((item, index) => what === undefined || item.describes === what ? [index] : []);
    return fitting.length === 0 || this.#choices.isFault()
      ? this.#choices.index(items.length)
      : this.#choices.of(fitting, 0);
  }

  #has(sort: Sort, what: Known["describes"]): boolean {
    return this.#known[sort].some((item) => item.describes === what);
  }

  #name(prefix: string, used: readonly Item[]): string {
    const choices = this.#choices;
    if (choices.isFault()) {
      return choices.of(["", "A", "a b", "[method]t.x", "[constructor]t", "a:b/c@1.0.0", "é"], "a");
    }
    return choices.below(3) === 0 ? `ns:${prefix}/i${used.length}` : `${prefix}${used.length}`;
  }

  #valueUse(): number[] {
    const choices = this.#choices;
    const isIndex = this.#has("type", "value") && choices.below(3) === 0;
    return isIndex ? leb(this.#pick("type", "value")) : [0x7f - choices.below(13)];
  }

  #type(): number[] {
    const choices = this.#choices;
    const use = (): number[] => this.#valueUse();
    const label = (index: number): number[] => text(choices.isFault() ? "x" : `x${index}`);
    const many = <T>(make: (index: number) => T): T[] =>
      Array.from({ length: 1 + choices.below(3) }, (_, index) => make(index));
    const value = (bytes: number[]): number[] => {
      this.#add({ sort: "type", describes: "value" });
      return bytes;
    };
    const kinds: readonly (() => number[])[] = [
      () => value([0x72, ...vector(many((index) => [...label(index), ...use()]))]),
      () =>
        value([0x71, ...vector(many((index) => [...label(index), ...(choices.below(2) ? [1, ...use()] : [0]), 0]))]),
      () => value([0x70, ...use()]),
      () => value([0x6f, ...vector(many(use))]),
      () => value([0x6d + choices.below(2), ...vector(many(label))]),
      () => value([0x6b, ...use()]),
      () => value([0x6a, 1, ...use(), 0]),
      () =>
        this.#has("type", "resource")
          ? value([0x69 - choices.below(2), ...leb(this.#pick("type", "resource"))])
          : value([0x7f]),
      () => this.#funcType(many),
      () => this.#funcType(many),
      () => this.#resourceType(),
      () => this.#instanceType(),
    ];
    return choices.of(kinds, () => value([0x7f]))();
  }

  #funcType(many: <T>(make: (index: number) => T) => T[]): number[] {
    const choices = this.#choices;
    const simple = choices.of(["f0", "f1", "f2", ""], "");
    this.#add({ sort: "type", describes: "func", lifts: simple });
    if (simple !== "") {
      const params = simple === "f1" ? vector([[...text("a"), 0x79]]) : [0];
      return [0x40, ...params, ...(simple === "f2" ? [0, 0x79] : [1, 0])];
    }
    const params = vector(many((index) => [...text(`p${index}`), ...this.#valueUse()]));
    return [0x40, ...params, ...(choices.below(2) === 0 ? [1, 0] : [0, ...this.#valueUse()])];
  }

  #resourceType(): number[] {
    const destructor = this.#coreFuncs.indexOf("f1");
    this.#add({ sort: "type", describes: "resource" });
    return [0x3f, 0x7f, ...(destructor >= 0 && this.#choices.below(2) === 0 ? [1, ...leb(destructor)] : [0])];
  }

  /** An instance or component type with a resource, a type and functions over them. */
  #instanceType(): number[] {
    const choices = this.#choices;
    const exports: Item[] = [];
    const declarations: number[][] = [];
    const add = (item: Item, bytes: number[]): void => {
      exports.push(item);
      declarations.push([4, 0, ...text(item.name), ...bytes]);
    };
    if (choices.below(2) === 0) add({ name: "r", known: { sort: "type", describes: "resource" } }, [3, 1]);
    const hasResource = exports.length > 0;
    declarations.push([1, 0x40, ...(hasResource ? [0] : vector([[...text("a"), 0x79]])), 1, 0]);
    const functionType = hasResource ? 1 : 0;
    for (let left = choices.below(3); left > 0; left -= 1) {
      add({ name: `f${left}`, known: { sort: "func" } }, [1, ...leb(choices.isFault() ? 9 : functionType)]);
    }
    const isComponent = choices.below(4) === 0;
    this.#add({ sort: "type", describes: isComponent ? "component" : "instance", exports, imports: [] });
    return [isComponent ? 0x41 : 0x42, ...vector(declarations)];
  }

  #import(): number[] {
    const choices = this.#choices;
    const name = this.#name("n", this.imports);
    const sorts: (Sort | "eq")[] = ["type", "eq"];
    if (this.#has("type", "func")) sorts.push("func", "func");
    if (this.#has("type", "instance")) sorts.push("instance", "instance");
    if (this.#has("type", "component") && this.#outer !== null) sorts.push("component");
    const sort = choices.of(sorts, "eq");
    const [known, description] = this.#describe(sort);
    this.imports.push({ name, known });
    this.#add(known);
    return [0, ...text(name), ...description];
  }

  #describe(sort: Sort | "eq"): [Known, number[]] {
    if (sort === "func") return [{ sort, lifts: "" }, [1, ...leb(this.#pick("type", "func"))]];
    if (sort === "type" || sort === "core module") return [{ sort: "type", describes: "resource" }, [3, 1]];
    if (sort === "eq") {
      const index = this.#pick("type");
      return [this.#known.type[index] ?? { sort: "type", describes: "value" }, [3, 0, ...leb(index)]];
    }
    const index = this.#pick("type", sort);
    const { exports = [], imports = [] } = this.#known.type[index] ?? {};
    return [{ sort, exports, imports }, [sort === "instance" ? 5 : 4, ...leb(index)]];
  }

  #someSorts(): readonly Sort[] {
    return (["func", "type", "instance", "component", "core module"] as const).filter((sort) =>
      this.#known[sort].length > 0
    );
  }

  #someSort(): Sort {
    return this.#choices.of(this.#someSorts(), "func");
  }

  #export(): number[] {
    const name = this.#name("e", this.exports);
    const sort = this.#someSort();
    const index = this.#pick(sort);
    const known = this.#known[sort][index] ?? { sort };
    this.exports.push({ name, known });
    this.#add(known);
    return [0, ...text(name), ...SORT_BYTES[sort], ...leb(index), 0];
  }

  #module(): number[] {
    const isLibc = this.#choices.below(3) > 0;
    this.#add({ sort: "core module" });
    this.#modules.push(isLibc);
    return section(1, isLibc ? LIBC : USER);
  }

  #coreInstance(): number[] {
    const choices = this.#choices;
    if (choices.below(5) === 0) {
      this.#coreInstances.push(false);
      return [
        1,
        ...vector([
          ...(this.#coreFuncs.length > 0 ? [[...text("f0"), 0, ...leb(choices.index(this.#coreFuncs.length))]] : []),
          ...(this.#memories > 0 ? [[...text("m"), 2, ...leb(choices.index(this.#memories))]] : []),
        ]),
      ];
    }
    const module = choices.index(this.#modules.length);
    const libc = this.#coreInstances.indexOf(true);
    // Without a libc a user cannot have its imports; it is tried nonetheless, seldom.
    if (libc < 0 && this.#modules[module] === false && !choices.isFault()) {
      this.#coreInstances.push(false);
      return [1, 0];
    }
    const args = libc >= 0 ? [1, ...text("x"), 0x12, ...leb(libc)] : [0];
    this.#coreInstances.push(this.#modules[module] ?? false);
    return [0, ...leb(module), ...args];
  }

  #aliasKinds(): readonly ("export" | "outer" | "core")[] {
    const kinds: ("export" | "outer" | "core")[] = [];
    if (this.#known.instance.some((item) => (item.exports ?? []).length > 0)) kinds.push("export");
    if (this.#outerSorts().length > 0) kinds.push("outer");
    if (this.#coreInstances.includes(true)) kinds.push("core", "core");
    return kinds;
  }

  #outerSorts(): readonly ("type" | "component" | "core module")[] {
    return (["type", "component", "core module"] as const).filter((sort) =>
      this.#outer !== null && this.#outer.#known[sort].length > 0
    );
  }

  #alias(): number[] {
    const choices = this.#choices;
    const kind = choices.of(this.#aliasKinds(), "core");
    if (kind === "export") {
      const instance = this.#pick("instance");
      const items = this.#known.instance[instance]?.exports ?? [];
      const { name, known } = choices.of<Item>(items, { name: "r", known: { sort: "type", describes: "resource" } });
      this.#add(known);
      return [...SORT_BYTES[known.sort], 0, ...leb(instance), ...text(name)];
    }
    if (kind === "outer" && this.#outer !== null) {
      const sort = choices.of(this.#outerSorts(), "type");
      const items = this.#outer.#known[sort];
      const index = choices.index(items.length);
      this.#add(items[index] ?? { sort });
      if (sort === "core module") this.#modules.push(this.#outer.#modules[index] ?? false);
      return [...SORT_BYTES[sort], 2, ...leb(choices.isFault() ? 3 : 1), ...leb(index)];
    }
    const name = choices.isFault() ? "nothing" : choices.of(CORE_NAMES, "f0");
    const libc = this.#coreInstances.indexOf(true);
    if (name === "m") this.#memories += 1;
    else this.#coreFuncs.push(name);
    return [
      0,
      name === "m" ? 2 : 0,
      1,
      ...leb(libc >= 0 ? libc : choices.index(this.#coreInstances.length)),
      ...text(name),
    ];
  }

  #canon(): number[] {
    const choices = this.#choices;
    const options: number[][] = [];
    if (this.#memories > 0 && choices.below(4) > 0) {
      options.push([3, ...leb(choices.index(this.#memories))]);
      const realloc = this.#coreFuncs.indexOf("r");
      if (realloc >= 0 && choices.below(3) > 0) options.push([4, ...leb(realloc)]);
    }
    if (choices.below(3) === 0) options.push([choices.below(3)]);
    const type = this.#pick("type", "func");
    const core = this.#coreFuncs.indexOf(this.#known.type[type]?.lifts ?? "");
    if (choices.below(2) === 0 && (core >= 0 || choices.isFault())) {
      this.#add({ sort: "func" });
      return [0, 0, ...leb(Math.max(core, 0)), ...vector(options), ...leb(type)];
    }
    this.#coreFuncs.push("");
    if (this.#known.func.length > 0 && choices.below(2) === 0) {
      return [1, 0, ...leb(this.#pick("func")), ...vector(options)];
    }
    return [choices.isFault() ? 4 : 2 + choices.below(2), ...leb(this.#pick("type", "resource"))];
  }

  #nested(): number[] {
    if (this.#depth === 0) return section(0, text("x"));
    const builder = new ComponentBuilder(this.#choices, this.#depth - 1, this);
    const bytes = builder.build();
    this.#add({ sort: "component", imports: builder.imports, exports: builder.exports });
    return section(4, bytes);
  }

  #instance(): number[] {
    const choices = this.#choices;
    if (this.#known.component.length === 0 || choices.below(3) === 0) {
      const items = Array.from({ length: choices.below(3) }, (_, at) => {
        const sort = this.#someSort();
        const index = this.#pick(sort);
        return { name: `o${at}`, known: this.#known[sort][index] ?? { sort }, index };
      });
      this.#add({ sort: "instance", exports: items });
      return [
        1,
        ...vector(items.map(({ name, known, index }) => [0, ...text(name), ...SORT_BYTES[known.sort], ...leb(index)])),
      ];
    }
    const component = this.#pick("component");
    const { imports = [], exports = [] } = this.#known.component[component] ?? {};
    const args = imports.filter(() => !choices.isFault()).map(({ name, known }) => [
      ...text(name),
      ...SORT_BYTES[known.sort],
      ...leb(this.#pick(known.sort, known.describes)),
    ]);
    this.#add({ sort: "instance", exports });
    return [0, ...leb(component), ...vector(args)];
  }
}

/** The component that `numbers` decide on. */
export function generateComponent(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(new ComponentBuilder(new Choices(numbers), 3, null).build());
}
