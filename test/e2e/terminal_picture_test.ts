/** The picture in README.md shows what a run prints. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  linesOfPicture,
  PICTURE_FILE,
  pictureOf,
  steadyText,
  terminalSession,
} from "../../scripts/terminal_picture.ts";
import { ROOT } from "../support/program.ts";

const HAS_SCRIPT = spawnSync("script", ["--version"]).status === 0;

test("docs/terminal.svg: another run prints the same, but for times and names of requests", {
  skip: HAS_SCRIPT ? false : "there is no script of util-linux",
}, async () => {
  const shown = linesOfPicture(readFileSync(PICTURE_FILE, "utf8"));
  assert.ok(shown.includes("h3110 3dg3"), shown.join("\n"));
  assert.deepEqual(shown.map(steadyText), (await terminalSession()).map(steadyText));
});

test("docs/terminal.svg: README.md shows it, and markup in a line stays text", () => {
  assert.match(readFileSync(`${ROOT}/README.md`, "utf8"), /^!\[A terminal: [^\]]+\]\(docs\/terminal\.svg\)$/m);
  const line = `a <b> & \u001b[32m"good"\u001b[39m`;
  assert.deepEqual(linesOfPicture(pictureOf([line])), [`a <b> & "good"`]);
});
