/**
 * The picture of a terminal in README.md: what a real run printed, with its colours. `node scripts/terminal_picture.ts` runs the
 * samples and writes it; a test holds it against another run.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { buildWorkloads } from "./build_workloads.ts";
import { ROOT } from "./tools.ts";

/** Where the picture is. */
export const PICTURE_FILE: string = join(ROOT, "docs/terminal.svg");

/** What the picture says in place of a free port. */
const PORT = 8080;
const LINE_HEIGHT = 20;
const CHARACTER_WIDTH = 8.1;
const MARGIN = 16;

/** Runs what the picture shows, in a terminal of its own (`script` of util-linux); the lines are as they were printed. */
export async function terminalSession(): Promise<readonly string[]> {
  await buildWorkloads(join(ROOT, "workloads"));
  const flags = process.versions["deno"] === undefined
    ? ["--disable-warning=ExperimentalWarning", "src/cli/main.ts"]
    : ["run", "-A", "--no-check", "src/cli/main.ts"];
  const loopgate = [process.execPath, ...flags].join(" ");
  const serving = inTerminal(`exec ${loopgate} serve workloads --listen 127.0.0.1:0`);
  try {
    await serving.until("service-tcp\u001b[22m service \u001b[32mready");
    const [, url = ""] = /Listening on \u001b\[1m(\S+?)\u001b/.exec(serving.printed) ?? [];
    const lines = ["$ loopgate serve workloads", ...linesOf(serving.printed)];
    const asked: readonly (readonly [words: string, path: string, body: string | undefined])[] = [
      [`curl -d '{"payload":"hello edge"}' ${url}/task`, "/task", '{"payload":"hello edge"}'],
      [`curl ${url}/hello/world`, "/hello/world", undefined],
    ];
    for (const [words, path, body] of asked) {
      const ask = async (): Promise<readonly [text: string, logged: string]> => {
        const before = serving.printed.length;
        const answer = await fetch(url + path, body === undefined ? {} : { method: "POST", body });
        const text = await answer.text();
        await serving.until(`${path} `, before);
        return [text.trimEnd(), serving.printed.slice(before)];
      };
      // The first one of each compiles and makes what the others find there.
      await ask();
      const [text, logged] = await ask();
      lines.push("", `$ ${words}`, text, ...linesOf(logged));
    }
    const explained = inTerminal(`exec ${loopgate} explain service-tcp 10.1.0.7:5432 --route task`);
    await explained.ended;
    lines.push("", "$ loopgate explain service-tcp 10.1.0.7:5432 --route task", ...linesOf(explained.printed));
    return lines.map((line) => withPort(line, url));
  } finally {
    serving.stop();
    await serving.ended;
  }
}

/** What varies from one run to the next: times, names of requests, and how long something took. */
export function steadyText(line: string): string {
  return line.replace(/\u001b\[\d+m/g, "").replace(/\d\d:\d\d:\d\d/g, "<time>").replace(/ [0-9a-f]{8}\b/g, " <id>")
    .replace(/ \(guest [\d.]+ ms\)/g, "").replace(/[\d.]+ ms/g, "<ms>");
}

/** The lines as a picture. */
export function pictureOf(lines: readonly string[]): string {
  const columns = Math.max(...lines.map((line) => line.replace(/\u001b\[\d+m/g, "").length));
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const rows = lines.map((line, index) => {
    const y = MARGIN + (index + 0.75) * LINE_HEIGHT;
    return `  <text x="${MARGIN}" y="${y}">${spansOf(line)}</text>\n`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="A terminal: loopgate serve, two requests, and loopgate explain">
  <style>
    text { font: 13.5px ui-monospace, "SF Mono", Menlo, Consolas, monospace; fill: #d6deea; white-space: pre; }
    .strong, .prompt { font-weight: bold; fill: #ffffff; }
    .quiet { fill: #8494a8; }
    .good { fill: #6fd08c; }
    .warn { fill: #e5b155; }
    .fault { fill: #f28b82; }
    .fix { fill: #7ad0e0; }
  </style>
  <rect width="${width}" height="${height}" rx="10" fill="#151b23"/>
${rows.join("")}</svg>
`;
}

/** The lines of a picture, without colours. */
export function linesOfPicture(picture: string): readonly string[] {
  return [...picture.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, row = ""]) =>
    row.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")
  );
}

const CLASSES: Readonly<Record<string, string>> = {
  "1": "strong",
  "2": "quiet",
  "31": "fault",
  "32": "good",
  "33": "warn",
  "36": "fix",
};

function spansOf(line: string): string {
  if (line.startsWith("$ ")) return `<tspan class="prompt">${escaped(line)}</tspan>`;
  return line.split(/(?=\u001b\[)/).map((part) => {
    const [, code = "", text = part] = /^\u001b\[(\d+)m([^]*)$/.exec(part) ?? [];
    const name = CLASSES[code];
    return name === undefined || text === "" ? escaped(text) : `<tspan class="${name}">${escaped(text)}</tspan>`;
  }).join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function linesOf(printed: string): readonly string[] {
  return printed.trimEnd().split(/\r?\n/);
}

/** A port of five digits has made a column wider. */
function withPort(line: string, url: string): string {
  const port = new URL(url).port;
  const wider = port.length - String(PORT).length;
  const isOtherRow = /^ {2}service {2}/.test(line) && wider > 0;
  const narrow = isOtherRow ? line.replace(`)${" ".repeat(wider + 2)}`, ")  ") : line;
  return narrow.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${PORT}`);
}

interface TerminalProgram {
  readonly printed: string;
  readonly ended: Promise<void>;
  /** Resolves when it has printed this, behind `from`. */
  until(text: string, from?: number): Promise<void>;
  stop(): void;
}

function inTerminal(command: string): TerminalProgram {
  // The picture has colours, whoever runs it.
  const { NO_COLOR: _, ...env } = process.env;
  const child = spawn("script", ["-qfec", command, "/dev/null"], {
    cwd: ROOT,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (bytes: Uint8Array) => void (printed += new TextDecoder().decode(bytes)));
  let isOver = false;
  const ended = new Promise<void>((resolve) =>
    child.on("close", () => {
      isOver = true;
      resolve();
    })
  );
  return {
    get printed() {
      return printed;
    },
    ended,
    async until(text, from = 0) {
      while (!printed.slice(from).includes(text)) {
        if (isOver) throw new Error(`it ended without "${text}": ${printed}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      // The rest of its line.
      while (!printed.endsWith("\n")) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    // Ctrl-C, as somebody at that terminal types it.
    stop: () => void child.stdin.write("\u0003"),
  };
}

if (import.meta.main) writeFileSync(PICTURE_FILE, pictureOf(await terminalSession()));
