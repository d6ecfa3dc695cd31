/**
 * The operator's secrets, as workloads may use them. A workload's file is written by somebody whom the operator need not
 * trust, so it names a secret and nothing else: which file or variable that is, and for whom, stands in `gateway.jsonc`.
 */
import { Secret } from "../base/secret.ts";
import { nearestWord } from "../base/nearest_word.ts";
import { fileFault, type FileReader, isBelow, joinPath } from "./file_reader.ts";
import type { SecretsFile } from "./secret_definition.ts";

/** A password or a key is a hundredth of this; a guest gets all of its environment at once. */
const SECRET_BYTES_MAX = 64 * 1024;

/** A value, or what is wrong, as the rest of a sentence. */
export type ReadSecret =
  & ({ readonly value: Secret } | { readonly is: string; readonly fix?: string })
  & {
    /** The file that it is read from: when that changes, it is read again. */
    readonly path?: string;
  };

/** What one workload can name. */
export interface SecretBook {
  /** Never throws; of what a workload may not use it says no more than of what is not there. */
  read(name: string, workload: string, files: FileReader): Promise<ReadSecret>;
}

/** Where nothing can be named. */
export const NO_SECRETS: SecretBook = { read: (name, workload) => Promise.resolve(unknown(name, workload, [])) };

/** Those of a `gateway.jsonc`. `guarded` are real paths of folders in which guests or authors of workloads may write. */
export class OperatorSecrets implements SecretBook {
  readonly #secrets: SecretsFile;
  readonly #folder: string;
  readonly #guarded: readonly string[];

  constructor(
    secrets: SecretsFile,
    { folder, guarded }: { readonly folder: string; readonly guarded: readonly string[] },
  ) {
    this.#secrets = secrets;
    this.#folder = folder;
    this.#guarded = guarded;
  }

  async read(name: string, workload: string, files: FileReader): Promise<ReadSecret> {
    const secret = Object.hasOwn(this.#secrets, name) ? this.#secrets[name] : undefined;
    if (secret?.workloads.includes(workload) !== true) {
      const given = Object.entries(this.#secrets).filter(([, each]) => each.workloads.includes(workload));
      return unknown(name, workload, given.map(([each]) => each));
    }
    if (secret.from === "env") return readVariable(name, secret.name ?? "", files);
    const { path = "" } = secret;
    return await this.#readFile(name, path.startsWith("/") ? path : joinPath(this.#folder, path), files);
  }

  async #readFile(name: string, path: string, files: FileReader): Promise<ReadSecret> {
    const refuse = (is: string): ReadSecret => ({ is: `the secret "${name}" cannot be used: ${is}`, path });
    try {
      // Both: a link in a folder that others write leads where they like, and so does a folder that is such a link.
      const places = [await files.inspect(folderOf(path)), await files.inspect(path)];
      for (const place of places) {
        const guarded = this.#guarded.find((each) => {
          return place !== undefined && (place.realPath === each || isBelow(place.realPath, each));
        });
        if (guarded !== undefined) {
          return refuse(
            `"${path}" lies in "${guarded}", where others than the operator may put a link in its place, ` +
              "expected a file outside of it",
          );
        }
      }
      const bytes = await files.read(path, SECRET_BYTES_MAX);
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      const fault = textFault(withoutLineEnd(text));
      return fault === undefined ? { value: new Secret(withoutLineEnd(text)), path } : refuse(`"${path}" ${fault}`);
    } catch (error) {
      if (error instanceof TypeError) return refuse(`"${path}" is no UTF-8, expected a text`);
      return refuse(`"${path}" cannot be read: ${fileFault(error)}, expected a file`);
    }
  }
}

function readVariable(name: string, variable: string, files: FileReader): ReadSecret {
  const refuse = (is: string): ReadSecret => ({
    is: `the secret "${name}" cannot be used: the variable "${variable}" ${is}`,
  });
  const text = files.variable(variable);
  if (text === undefined) return refuse("is not set, expected it in the gateway's environment");
  const fault = textFault(text);
  return fault === undefined ? { value: new Secret(text) } : refuse(fault);
}

function unknown(name: string, workload: string, given: readonly string[]): ReadSecret {
  const nearest = nearestWord(name, given);
  const others = given.length === 0
    ? "none is given to it"
    : `given to it: ${given.map((each) => `"${each}"`).join(", ")}`;
  return {
    is:
      `there is no secret "${name}" for the workload "${workload}", expected one that gateway.jsonc gives to it (${others})`,
    fix: nearest === undefined
      ? `add "${workload}" to "workloads" of the secret in gateway.jsonc`
      : `did you mean "${nearest}"?`,
  };
}

/** Editors and `echo` end a file with one; it is hardly ever part of a password. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function textFault(text: string): string | undefined {
  if (text === "") return "is empty, expected a value";
  return text.includes("\0") ? "has a NUL character, which no guest can be given, expected none" : undefined;
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, Math.max(1, slash));
}
