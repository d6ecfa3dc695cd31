/** Where in its program a guest trapped, as lines for its author. Pure. */
import { escapeText } from "../base/escape_text.ts";
import type { GuestLabel } from "../telemetry/events.ts";
import type { Colours } from "./colours.ts";

/** A stack may be as deep as a guest likes. */
const FRAMES_MAX = 24;
/** A frame of a function that has a name: `    at parse (wasm://wasm/1234abcd:wasm-function[12]:0x345)`. */
const NAMED_FRAME = /^ +at (?:async )?(.+) \(wasm:\/\/[^)]*wasm-function\[(\d+)\]:(0x[0-9a-f]+)\)$/;

/** The functions that the guest was in, the innermost first; nothing when its modules have no name section. */
export function trapText({ workload, route, role }: GuestLabel, trap: unknown, colours: Colours): string {
  const frames = namedFrames(trap);
  if (frames.length === 0) return "";
  const who = `${escapeText(route === undefined ? workload : `${workload}/${route}`)}${
    role === "service" ? " service" : ""
  }`;
  const lines = frames.slice(0, FRAMES_MAX).map((name) => `    ${colours.quiet("in")} ${escapeText(name)}\n`);
  const more = frames.length > FRAMES_MAX ? `    ${colours.quiet(`and ${frames.length - FRAMES_MAX} more`)}\n` : "";
  return `${colours.strong(who)} ${colours.fault("trapped")}\n${lines.join("")}${more}`;
}

/** The names of the wasm functions of an error's stack. */
export function namedFrames(trap: unknown): readonly string[] {
  const stack = trap instanceof Error ? trap.stack ?? "" : "";
  return stack.split("\n").flatMap((line) => {
    const name = NAMED_FRAME.exec(line)?.[1];
    // Functions without a name: Node shows their index (behind the name of their module), Deno this word.
    return name === undefined || name === "<anonymous>" || /^(?:.*\.)?\$?wasm-function\[/.test(name)
      ? []
      : [readableName(name)];
  });
}

/** Without the name of the module; names that Rust has mangled as the path that they stand for. */
function readableName(name: string): string {
  const plain = name.replace(/^\S*?\.wasm\./, "");
  if (!/^_(?:ZN|R)/.test(plain)) return plain;
  const parts: string[] = [];
  // Both schemes write each part behind its length; `Cs..._` is the hash of a crate, `17h...` that of a function.
  const rest = plain.replace(/^_(?:ZN|R)/, "").replaceAll(/Cs[0-9A-Za-z]*_/g, "").replace(/17h[0-9a-f]{16}E?.*$/, "");
  for (let at = 0; at < rest.length;) {
    const [digits = ""] = /^[1-9][0-9]*/.exec(rest.slice(at)) ?? [];
    const start = at + digits.length + (rest[at + digits.length] === "_" && plain.startsWith("_R") ? 1 : 0);
    const part = rest.slice(start, start + Number(digits));
    if (digits !== "" && part.length === Number(digits)) parts.push(part);
    at = digits === "" ? at + 1 : start + Number(digits);
  }
  return parts.length === 0 ? plain : parts.join("::");
}
