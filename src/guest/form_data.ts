/** `FormData`, from bodies and as one. */
import { Blob, File } from "./blob.ts";
import { AS_BODY, type AsBody, useForms } from "./body.ts";
import { toText } from "./convert.ts";
import { encodeForm, type FormEntry, type FormValue, parseForm } from "./form_body.ts";

/** Names with texts and files, in the order in which they came. */
export class FormData implements AsBody {
  #entries: FormEntry[] = [];

  append(name: string, value: string | Blob, filename?: string): void {
    this.#entries.push([wellFormed(name), entryValue(value, filename)]);
  }

  /** In the place of the first of this name; the others go. */
  set(name: string, value: string | Blob, filename?: string): void {
    const key = wellFormed(name);
    const entry: FormEntry = [key, entryValue(value, filename)];
    const place = this.#entries.findIndex(([other]) => other === key);
    if (place < 0) {
      this.#entries.push(entry);
      return;
    }
    this.#entries = this.#entries.filter(([other], at) => at <= place || other !== key).with(place, entry);
  }

  delete(name: string): void {
    const key = wellFormed(name);
    this.#entries = this.#entries.filter(([other]) => other !== key);
  }

  get(name: string): FormValue | null {
    const key = wellFormed(name);
    return this.#entries.find(([other]) => other === key)?.[1] ?? null;
  }

  getAll(name: string): FormValue[] {
    const key = wellFormed(name);
    return this.#entries.filter(([other]) => other === key).map(([, value]) => value);
  }

  has(name: string): boolean {
    const key = wellFormed(name);
    return this.#entries.some(([other]) => other === key);
  }

  forEach(callback: (value: FormValue, name: string, form: FormData) => void, self?: unknown): void {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries(): Generator<[name: string, value: FormValue], void, undefined> {
    for (const [name, value] of this.#entries) yield [name, value];
  }

  *keys(): Generator<string, void, undefined> {
    for (const [name] of this.#entries) yield name;
  }

  *values(): Generator<FormValue, void, undefined> {
    for (const [, value] of this.#entries) yield value;
  }

  [Symbol.iterator](): Generator<[name: string, value: FormValue], void, undefined> {
    return this.entries();
  }

  [AS_BODY](): { readonly bytes: Uint8Array; readonly type: string } {
    return encodeForm(this.#entries);
  }

  get [Symbol.toStringTag](): string {
    return "FormData";
  }
}

useForms((bytes, type) => {
  const form = new FormData();
  for (const [name, value] of parseForm(bytes, type)) form.append(name, value);
  return form;
});

function wellFormed(text: string): string {
  return toText(text).toWellFormed();
}

function entryValue(value: string | Blob, filename: string | undefined): FormValue {
  if (!(value instanceof Blob)) {
    if (filename !== undefined) throw new TypeError("Cannot add a text with a file name: expected a Blob");
    return wellFormed(value);
  }
  if (filename === undefined && value instanceof File) return value;
  return new File([value], filename ?? "blob", {
    type: value.type,
    ...(value instanceof File && { lastModified: value.lastModified }),
  });
}
