/** `wasi:http/types.fields`: headers and trailers as guests see them. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";
import { headerError } from "./error_code.ts";
import type { FieldEntries } from "./exchange.ts";
import { fieldBudgetOf } from "./field_budget.ts";
import { isFieldValue, isForbiddenField, isToken } from "./field_grammar.ts";
import { type FieldLine, FieldStore } from "./field_store.ts";

/** How a `fields` resource comes to be. */
export interface FieldsOptions {
  readonly context: HttpContext;
  /** The message whose fields these are; they are then immutable, and dropped before it. */
  readonly parent?: HostResource;
}

/** The resource `fields`, alias `headers`, alias `trailers`. */
export class Fields extends HostResource implements HostSide<Declared.Fields> {
  readonly #context: HttpContext;
  readonly #store: FieldStore;
  readonly #isMutable: boolean;
  #isTaken = false;

  constructor(store: FieldStore, options: FieldsOptions) {
    const { context: { counters }, parent } = options;
    super(parent === undefined ? { counters } : { counters, parent });
    this.#context = options.context;
    this.#store = store;
    this.#isMutable = options.parent === undefined;
  }

  /** Whose fields these are; what is made of them belongs to the same guest. */
  get context(): HttpContext {
    return this.#context;
  }

  // WIT constructor()
  static create(context: HttpContext): Fields {
    return new Fields(FieldStore.mutable(fieldBudgetOf(context)), { context });
  }

  // WIT from-list: static func(entries: list<tuple<field-name,field-value>>) -> result<fields, header-error>
  static fromList(context: HttpContext, entries: FieldEntries): Fields {
    for (const [name, value] of entries) {
      assertName(name);
      assertValue(value);
    }
    const fields = Fields.create(context);
    try {
      for (const [name, value] of entries) fields.#store.append(name, value.slice());
    } catch (trap) {
      fields[Symbol.dispose]();
      throw trap;
    }
    return fields;
  }

  // WIT get: func(name: field-name) -> list<field-value>
  get(name: string): Uint8Array[] {
    return isToken(name) ? this.#store.get(name.toLowerCase()) : [];
  }

  // WIT has: func(name: field-name) -> bool
  has(name: string): boolean {
    return isToken(name) && this.#store.has(name.toLowerCase());
  }

  // WIT set: func(name: field-name, value: list<field-value>) -> result<_, header-error>
  set(name: string, value: readonly Uint8Array[]): void {
    assertName(name);
    for (const one of value) assertValue(one);
    this.#assertMutable();
    this.#store.replace(name, value.map((one) => one.slice()));
  }

  // WIT delete: func(name: field-name) -> result<_, header-error>
  delete(name: string): void {
    assertName(name);
    this.#assertMutable();
    this.#store.delete(name.toLowerCase());
  }

  // WIT append: func(name: field-name, value: field-value) -> result<_, header-error>
  append(name: string, value: Uint8Array): void {
    assertName(name);
    assertValue(value);
    this.#assertMutable();
    this.#store.append(name, value.slice());
  }

  // WIT entries: func() -> list<tuple<field-name,field-value>>
  entries(): FieldEntries {
    return this.#store.entries;
  }

  // WIT clone: func() -> fields
  clone(): Fields {
    return new Fields(this.#store.copy(fieldBudgetOf(this.#context)), { context: this.#context });
  }

  /**
   * The guest gave these fields away (`constructor(headers: headers)`, `finish`): the resource is gone, its list
   * belongs to the caller, who releases it. Fields that were somebody's child leave a copy to share.
   */
  take(): FieldStore {
    const store = this.#isMutable ? this.#store : FieldStore.received([...this.#store.entries]);
    this.#isTaken = this.#isMutable;
    this[Symbol.dispose]();
    return store;
  }

  protected override onDrop(): void {
    if (this.#isMutable && !this.#isTaken) this.#store.release();
  }

  #assertMutable(): void {
    if (!this.#isMutable) throw headerError("immutable");
  }
}

/** What of a message from outside its guest may see: fields of the connection end at the gateway. */
export function visibleFields(received: FieldEntries): FieldStore {
  const lines: FieldLine[] = [];
  for (const line of received) {
    if (!isForbiddenField(line[0])) lines.push(line);
  }
  return FieldStore.received(lines);
}

/** Checks in wasmtime's order: the name, whether it is forbidden, the value, and only then whether it may change. */
function assertName(name: string): void {
  if (!isToken(name)) throw headerError("invalid-syntax");
  if (isForbiddenField(name.toLowerCase())) throw headerError("forbidden");
}

function assertValue(value: Uint8Array): void {
  if (!isFieldValue(value)) throw headerError("invalid-syntax");
}
