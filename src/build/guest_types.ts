/**
 * Types of WASI for authors who import an interface itself: `import { getDirectories } from "wasi:filesystem/preopens@0.2.10"`.
 * They are made of the WIT text that guests are built against, as the engine shows it: names in camelCase, `list<u8>` as
 * `Uint8Array`, a `result` as a value or an `Error` with a `payload`; what differs is in `ENGINE_NAMES`.
 */
import type { GuestEngine } from "../config/build_definition.ts";
import { ModuleText, type WitField, type WitFunc, type WitType } from "./guest_type_text.ts";

const TOKEN = /->|%?[A-Za-z][\w-]*|[0-9][\w.-]*|_|[^\s\w]/g;

/** What an engine shows in another way than QuickJS (any number as `number`, an `option` as `T | null`), by a name of its own. */
const ENGINE_NAMES: Readonly<Record<GuestEngine, Readonly<Record<string, string>>>> = {
  quickjs: {},
  starlingmonkey: { u64: "bigint", s64: "bigint", option: "optional" },
};
const ENGINE_TITLES: Readonly<Record<GuestEngine, string>> = { quickjs: "QuickJS", starlingmonkey: "StarlingMonkey" };

/**
 * Declarations of every interface in the packages, as they are on `engine`.
 *
 * @param version what guests write in their imports, in the place of the text's own
 */
export function guestTypes(packages: Iterable<string>, version: string, engine: GuestEngine): string {
  const names = ENGINE_NAMES[engine];
  const modules = Array.from(packages, (text) => new PackageReader(text, version, names).modules());
  return `// Of WASI, as guests on ${
    ENGINE_TITLES[engine]
  } import it. Made by loopgate; it is written again when it differs.\n${modules.flat().join("\n")}`;
}

/** Reads one package of plain WIT: no comments, types before or behind their uses. */
class PackageReader {
  readonly #tokens: readonly string[];
  readonly #version: string;
  readonly #names: Readonly<Record<string, string>>;
  #at = 0;
  #package = "";

  constructor(text: string, version: string, names: Readonly<Record<string, string>>) {
    // Marks of versions and features change no type.
    this.#tokens = text.replace(/@(?:unstable|since|deprecated)\([^)]*\)/g, "").match(TOKEN) ?? [];
    this.#version = version;
    this.#names = names;
  }

  modules(): readonly string[] {
    const modules: string[] = [];
    while (this.#at < this.#tokens.length) {
      const word = this.#next();
      if (word === "package") this.#package = this.#until(";").join("").replace(/@.*$/, "");
      else if (word === "interface") modules.push(this.#interface(this.#next()));
      else this.#skipBlock();
    }
    return modules;
  }

  #interface(name: string): string {
    const module = new ModuleText(this.#path(`${this.#package}/${name}`));
    this.#expect("{");
    while (!this.#take("}")) this.#item(module);
    return module.text();
  }

  #item(module: ModuleText): void {
    const word = this.#next();
    switch (word) {
      case "use":
        return this.#use(module);
      case "type": {
        const name = this.#next();
        this.#expect("=");
        module.alias(name, this.#type());
        return this.#expect(";");
      }
      case "enum":
        return module.enumeration(this.#next(), this.#list(() => this.#next()));
      case "flags":
        return module.flags(this.#next(), this.#list(() => this.#next()));
      case "record":
        return module.record(this.#next(), this.#list(() => this.#field()));
      case "variant":
        return module.variant(this.#next(), this.#list(() => this.#case()));
      case "resource":
        return this.#resource(module, this.#next());
      default:
        this.#expect(":");
        module.func(word, this.#func());
    }
  }

  /** `use wasi:io/poll@0.2.12.{pollable, error as io-error};`, or of the same package `use poll.{pollable};` */
  #use(module: ModuleText): void {
    const path = this.#until("{").join("").replace(/\.$/, "");
    const names = this.#list(() => {
      const name = this.#next();
      return [name, this.#take("as") ? this.#next() : name] as const;
    }, false);
    this.#expect(";");
    const full = path.includes("/") ? path.replace(/@.*$/, "") : `${this.#package}/${path}`;
    module.use(this.#path(full), names);
  }

  #resource(module: ModuleText, name: string): void {
    module.openResource(name);
    if (!this.#take(";")) {
      this.#expect("{");
      while (!this.#take("}")) {
        const member = this.#next();
        if (member === "constructor") {
          module.constructors(this.#params());
          this.#expect(";");
          continue;
        }
        this.#expect(":");
        const isStatic = this.#take("static");
        module.method(member, this.#func(), isStatic);
      }
    }
    module.closeResource();
  }

  #func(): WitFunc {
    this.#expect("func");
    const params = this.#params();
    const result = this.#take("->") ? this.#type() : undefined;
    this.#expect(";");
    return { params, result };
  }

  #params(): readonly WitField[] {
    this.#expect("(");
    const params: WitField[] = [];
    while (!this.#take(")")) {
      params.push(this.#field());
      this.#take(",");
    }
    return params;
  }

  #field(): WitField {
    const name = this.#next();
    this.#expect(":");
    return { name, type: this.#type() };
  }

  #case(): { readonly name: string; readonly type?: WitType } {
    const name = this.#next();
    if (!this.#take("(")) return { name };
    const type = this.#type();
    this.#expect(")");
    return { name, type };
  }

  #type(): WitType {
    const name = this.#next();
    const args: WitType[] = [];
    if (this.#take("<")) {
      while (!this.#take(">")) {
        args.push(this.#type());
        this.#take(",");
      }
    }
    return { name: Object.hasOwn(this.#names, name) ? (this.#names[name] ?? name) : name, args };
  }

  /** Between braces, with a comma behind each but the last, or behind the last too. */
  #list<Item>(read: () => Item, isOpened = true): readonly Item[] {
    if (isOpened) this.#expect("{");
    const items: Item[] = [];
    while (!this.#take("}")) {
      items.push(read());
      this.#take(",");
    }
    return items;
  }

  #skipBlock(): void {
    this.#until("{");
    for (let depth = 1; depth > 0;) {
      const token = this.#next();
      depth += token === "{" ? 1 : token === "}" ? -1 : 0;
    }
  }

  #path(path: string): string {
    return `${path}@${this.#version}`;
  }

  /** What comes before a token; both are taken. */
  #until(end: string): readonly string[] {
    const start = this.#at;
    while (this.#next() !== end) { /* taken */ }
    return this.#tokens.slice(start, this.#at - 1);
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    const found = this.#next();
    if (found !== token) {
      throw new TypeError(
        `Cannot read ${this.#package}: there is "${found}" at token ${this.#at}, expected "${token}"`,
      );
    }
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new TypeError(`Cannot read ${this.#package}: it ends in the middle, expected more`);
    // A name that is a word of WIT too.
    return token.replace(/^%/, "");
  }
}
