/** What forms, blobs, clones and digests do, as rows of `web_checks.ts`. */
import type { Check } from "./web_checks.ts";

const hex = (data: ArrayBuffer): string =>
  Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, "0")).join("");
const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

const MULTIPART = [
  "--x",
  'Content-Disposition: form-data; name="a"',
  "",
  "1",
  "--x",
  'content-disposition: form-data; name="file"; filename="é %22q%22.bin"',
  "Content-Type: application/x-thing",
  "",
  "\u0000line\r\n--y\r\nend",
  "--x",
  'content-disposition: form-data; name="a"',
  "",
  "",
  "--x--",
  "",
].join("\r\n");

async function fields(form: FormData): Promise<unknown> {
  const list: unknown[] = [];
  for (const [name, value] of form) {
    list.push(
      typeof value === "string" ? [name, value] : [name, value.name, value.type, value.size, await value.text()],
    );
  }
  return list;
}

const form = (body: string, type: string): Promise<FormData> =>
  new Response(body, { headers: { "content-type": type } }).formData();

async function roundTrip(given: FormData): Promise<unknown> {
  const request = new Request("https://a.example/", { method: "POST", body: given });
  const type = request.headers.get("content-type") ?? "";
  return [/^multipart\/form-data; ?boundary=/.test(type), await fields(await request.formData())];
}

function sample(): FormData {
  const given = new FormData();
  given.append("text", "a\nb\r\nc\rd");
  given.append('n"a\nme', "ü");
  given.append("file", new File(["one", text("two"), new Blob(["three"])], 'f"ü.txt', { type: "Text/Plain" }));
  given.append("blob", new Blob(["--"], { type: "" }));
  given.append("named", new Blob(["x"]), "name.bin");
  return given;
}

/** Throws what is not the same in an engine's own way, so only that it throws is compared. */
async function throws(run: () => unknown): Promise<boolean> {
  try {
    await run();
    return false;
  } catch {
    return true;
  }
}

class Point {
  readonly x = 1;
  get far(): number {
    return 2;
  }
}

const KEY = { name: "HMAC", hash: "SHA-256" } as const;
const key = (usages: KeyUsage[]): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", text("secret"), KEY, false, usages);

/** Rows by their names. */
export const FORM_CHECKS: Readonly<Record<string, Check>> = {
  "FormData of a multipart body": async () => fields(await form(MULTIPART, "multipart/form-data; boundary=x")),
  "FormData of a multipart body whose boundary has quotes": async () =>
    fields(await form(MULTIPART, 'Multipart/Form-Data; charset=utf-8; boundary="x"')),
  "FormData of a multipart body with nothing in it": async () =>
    fields(await form("--x--\r\n", "multipart/form-data; boundary=x")),
  "FormData of a multipart body that is cut": () => form(MULTIPART.slice(0, 60), "multipart/form-data; boundary=x"),
  "FormData of a multipart body with another boundary": () => form(MULTIPART, "multipart/form-data; boundary=z"),
  "FormData of a multipart body without a boundary": () => form(MULTIPART, "multipart/form-data"),
  "FormData of a part without a name": () =>
    form("--x\r\ncontent-type: a/b\r\n\r\n1\r\n--x--\r\n", "multipart/form-data; boundary=x"),
  "FormData of an urlencoded body": async () =>
    fields(await form("a=1&b=%C3%BC+x&&c&=d&e=%zz%u0041%FF&a=2", "application/x-www-form-urlencoded;charset=UTF-8")),
  "FormData of another type": () => form("a=1", "text/plain"),
  "FormData as a body and back": () => roundTrip(sample()),
  "FormData with nothing in it as a body and back": () => roundTrip(new FormData()),
  "FormData set, delete, get and has": () => {
    const given = new FormData();
    for (const [name, value] of [["a", "1"], ["b", "2"], ["a", "3"], ["c", "4"]] as const) given.append(name, value);
    given.set("a", "5");
    given.set("d", "6");
    given.delete("c");
    return [[...given], given.get("a"), given.getAll("a"), given.get("none"), given.has("b"), [...given.keys()], [
      ...given.values(),
    ]];
  },
  "FormData forEach": () => {
    const seen: unknown[] = [];
    const given = new FormData();
    given.append("a", "1");
    given.forEach((value, name, all) => seen.push(value, name, all === given));
    return seen;
  },
  "Blob of everything": async () => {
    const blob = new Blob(["é", text("b"), text("cd").buffer, new Blob(["e"])], { type: "A/B;x=Y" });
    return [
      blob.size,
      blob.type,
      await blob.text(),
      hex(await blob.arrayBuffer()),
      Object.prototype.toString.call(blob),
    ];
  },
  "Blob slices": async () => {
    const blob = new Blob(["0123456789"], { type: "a/b" });
    const parts = [blob.slice(2, 4), blob.slice(-3), blob.slice(4, 2), blob.slice(0, 99, "c/d")];
    return Promise.all(parts.map(async (part) => [part.size, part.type, await part.text()]));
  },
  "Blob does not change with what it was made of": async () => {
    const bytes = text("abc");
    const blob = new Blob([bytes]);
    bytes.fill(0);
    new Uint8Array(await blob.arrayBuffer()).fill(0);
    return await blob.text();
  },
  "Blob with a type that is none": () => new Blob([], { type: "ü" }).type,
  "Blob as a body": async () => {
    const response = new Response(new Blob(["x"], { type: "image/png" }));
    return [
      response.headers.get("content-type"),
      await response.text(),
      new Response(new Blob(["x"])).headers.get("content-type"),
    ];
  },
  "Blob as a stream": async () => await new Response(new Blob(["a", "b"]).stream()).text(),
  "Blob of a body": async () => {
    const blob = await new Response("é", { headers: { "content-type": "Text/Thing" } }).blob();
    return [blob.size, blob.type, await blob.text()];
  },
  "File": async () => {
    const file = new File(["x"], "n", { lastModified: 7, type: "a/b" });
    return [
      file.name,
      file.lastModified,
      file.type,
      file.size,
      file instanceof Blob,
      await file.text(),
      Object.prototype.toString.call(file),
    ];
  },
  "structuredClone of plain things": () => {
    const made = {
      a: Object.assign([1, 2, 3], { length: 5 }),
      b: new Date(5),
      c: /x/gi,
      d: new Map([[1, new Set([2])]]),
      e: null,
      f: undefined,
      g: 10n,
      ["__proto__"]: 1,
    };
    const copy = structuredClone(made);
    return [
      JSON.stringify(copy.a),
      4 in copy.a,
      copy.a.length,
      copy.b.getTime(),
      String(copy.c),
      [...(copy.d.get(1) ?? [])],
      Object.keys(copy),
      String(copy.g),
      copy !== made,
      copy.d !== made.d,
    ];
  },
  "structuredClone of what holds itself": () => {
    const list: unknown[] = [];
    const shared = { list };
    list.push(shared, shared);
    const copy = structuredClone(list) as { list: unknown }[];
    return [copy[0] === copy[1], copy[0]?.list === copy, copy !== list];
  },
  "structuredClone of bytes": () => {
    const bytes = text("abcdef");
    const given = { left: bytes.subarray(1, 3), right: new DataView(bytes.buffer, 2, 2), wide: new Uint16Array(2) };
    const { left, right, wide } = structuredClone(given);
    left[1] = 0x7a;
    return [
      [...left],
      left.byteOffset,
      right.getUint8(0),
      left.buffer === right.buffer,
      bytes[2],
      wide.length,
      wide.constructor.name,
    ];
  },
  "structuredClone that transfers": () => {
    const bytes = text("abc");
    const copy = structuredClone(bytes, { transfer: [bytes.buffer] });
    return [[...copy], bytes.byteLength];
  },
  "structuredClone of an error": () => {
    const copy = structuredClone(new RangeError("far", { cause: { code: 1 } }));
    return [copy instanceof RangeError, copy.name, copy.message, copy.cause];
  },
  "structuredClone of an object of a class": () => {
    const copy = structuredClone(new Point());
    return [copy, copy instanceof Point, "far" in copy];
  },
  "structuredClone of boxed values": () => {
    const copy = structuredClone([Object("s"), Object(1), Object(true)]) as object[];
    return copy.map((each) => [typeof each, each.valueOf()]);
  },
  "structuredClone of a function": () => structuredClone({ run() {} }),
  "structuredClone of a symbol": () => throws(() => structuredClone(Symbol("s"))),
  "structuredClone of a promise": () => structuredClone(Promise.resolve()),
  "structuredClone of a WeakMap": () => structuredClone(new WeakMap()),
  "digests": () =>
    Promise.all(
      ["SHA-1", "sha-256", { name: "SHA-384" }, "SHA-512"].map(async (name) =>
        hex(await crypto.subtle.digest(name, text("abc")))
      ),
    ),
  "digests of nothing, of much and of a part": async () => {
    const much = new Uint8Array(300).fill(7);
    const all = [new Uint8Array(0), much, much.buffer, much.subarray(10, 80), new DataView(much.buffer, 1, 64)];
    return Promise.all(all.map(async (data) => hex(await crypto.subtle.digest("SHA-256", data))));
  },
  "digest of another name": () => throws(() => crypto.subtle.digest("SHA-3", text("abc"))),
  "HMAC signs": async () => hex(await crypto.subtle.sign("HMAC", await key(["sign"]), text("abc"))),
  "HMAC verifies": async () => {
    const both = await key(["sign", "verify"]);
    const signed = await crypto.subtle.sign("HMAC", both, text("abc"));
    const other = new Uint8Array(signed.slice(0));
    other[0] = (other[0] ?? 0) ^ 1;
    return [
      await crypto.subtle.verify("HMAC", both, signed, text("abc")),
      await crypto.subtle.verify("HMAC", both, other, text("abc")),
      await crypto.subtle.verify("HMAC", both, signed.slice(1), text("abc")),
      await crypto.subtle.verify("HMAC", both, signed, text("abd")),
    ];
  },
  "HMAC by a key for something else": async () => {
    const checks = await key(["verify"]);
    return await throws(() => crypto.subtle.sign("HMAC", checks, text("abc")));
  },
  "HMAC key without a use": () => throws(() => key([])),
  "HMAC key by what it says": async () => {
    const { type, extractable, algorithm, usages } = await key(["sign"]);
    const { hash } = algorithm as HmacKeyAlgorithm;
    return [type, extractable, algorithm.name, hash, usages];
  },
};
