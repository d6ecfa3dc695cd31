/** Commands that other toolchains made, unmodified: what a program of each language sees of its surroundings. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { guestPath } from "../../scripts/build_guests.ts";
import { runCommand } from "../../src/gateway/run_command.ts";
import { hasGuests } from "../support/guests.ts";

interface CommandCase {
  readonly guest: string;
  readonly args: readonly string[];
  /** An empty folder at /data. */
  readonly data?: "read" | "write";
  readonly code: number;
  readonly stdout: string;
  readonly stderr: RegExp;
}

const NUMBERED_LINES = Array.from({ length: 20_000 }, (_, number) => `line ${number}\n`).join("");
const RUST_TOLD = `args ["a", "b c"]
NAME Ok("x")
slept true
after 2020 true
random differs true
stdin Ok(0) ""
`;
const GO_TOLD = `args [a b c]
NAME x
slept true
after 2020 true
random differs true
sum 5000050000
file true
dial true
`;
const C_TOLD = `args [a] [b c]
NAME x
slept 1
after 2020 1
random 1
memory 1
file 1
stdin 1
`;
const PYTHON_TOLD = `args ['a', 'b c']
NAME x
slept True
after 2020 True
random differs True
`;

const RUST_FILES = `read Ok("hello\\nworld\\n")
size Ok(8)
read Ok("hEllo\\nwo")
out Err(PermissionDenied)
copy Ok(8)
entries ["second", "sub"]
left 0
`;
const GO_FILES = `write <nil>
append <nil>
read "hello\\nworld\\n" <nil>
mkdir <nil>
rename <nil>
symlink <nil>
readlink sub/moved.txt <nil>
out true
stat 12 true
remove <nil> <nil> <nil>
`;
const C_FILES = `read hEllo
world
stat ok 12
truncate ok
mkdir ok
rename ok
symlink ok
readlink sub/moved.txt
symlink out Operation not permitted
out Operation not permitted
link ok
entries 2
sync ok
unlink ok ok
rmdir ok
`;
const PYTHON_FILES = `read 'hello\\nworld\\n'
readlink sub/moved.txt 12
out Operation not permitted
entries ['link', 'sub'] [True]
left []
`;

// The preview 1 adapter knows only success and failure: every exit code but 0 arrives as 1.
const COMMANDS: readonly CommandCase[] = [
  { guest: "rust_std_cli", args: ["a", "b c"], code: 0, stdout: RUST_TOLD, stderr: /^$/ },
  { guest: "rust_std_cli", args: ["long"], code: 0, stdout: NUMBERED_LINES, stderr: /^$/ },
  { guest: "rust_std_cli", args: ["stderr"], code: 0, stdout: "", stderr: /^to stderr\n$/ },
  { guest: "rust_std_cli", args: ["files"], code: 0, stdout: "Err(Uncategorized) Err(Uncategorized)\n", stderr: /^$/ },
  { guest: "rust_std_cli", args: ["exit", "0"], code: 0, stdout: "", stderr: /^$/ },
  { guest: "rust_std_cli", args: ["exit", "3"], code: 1, stdout: "", stderr: /^$/ },
  {
    guest: "rust_std_cli",
    args: ["panic"],
    code: 134,
    stdout: "",
    stderr: /panicked at .*as asked.*the guest trapped/s,
  },
  { guest: "c_cli", args: ["a", "b c"], code: 0, stdout: C_TOLD, stderr: /^to stderr\n$/ },
  { guest: "c_cli", args: ["exit", "7"], code: 1, stdout: "", stderr: /^$/ },
  { guest: "c_cli", args: ["abort"], code: 134, stdout: "", stderr: /the guest trapped/ },
  { guest: "go_cli", args: ["a", "b c"], code: 0, stdout: GO_TOLD, stderr: /^to stderr\n$/ },
  { guest: "go_cli", args: ["exit", "3"], code: 1, stdout: "", stderr: /^$/ },
  { guest: "go_cli", args: ["panic"], code: 1, stdout: "", stderr: /^panic: as asked\n/ },
  {
    guest: "go_cli",
    args: ["memory", "/data"],
    data: "read",
    code: 0,
    stdout: "list 0 <nil> 32\n",
    stderr: /^to stderr\n$/,
  },
  { guest: "rust_std_cli", args: ["files", "/data"], data: "write", code: 0, stdout: RUST_FILES, stderr: /^$/ },
  { guest: "go_cli", args: ["files", "/data"], data: "write", code: 0, stdout: GO_FILES, stderr: /^$/ },
  { guest: "c_cli", args: ["files", "/data"], data: "write", code: 0, stdout: C_FILES, stderr: /^$/ },
  { guest: "python_command", args: ["files", "/data"], data: "write", code: 0, stdout: PYTHON_FILES, stderr: /^$/ },
  {
    guest: "rust_std_cli",
    args: ["files", "/data"],
    data: "read",
    code: 0,
    stdout: "write ReadOnlyFilesystem\nread Err(NotFound)\n",
    stderr: /^$/,
  },
  {
    guest: "c_cli",
    args: ["files", "/data"],
    data: "read",
    code: 1,
    stdout: "create Read-only file system\nopen No such file or directory\n",
    stderr: /^$/,
  },
  {
    guest: "python_command",
    args: ["files", "/data"],
    data: "read",
    code: 0,
    stdout: "write Read-only file system\n",
    stderr: /^$/,
  },
  {
    guest: "rust_std_net",
    args: [],
    code: 0,
    stdout: "peer 127.0.0.1\nheard hello std::net\nsecond bind AddrInUse\nnobody ConnectionRefused\n",
    stderr: /^$/,
  },
  { guest: "python_command", args: ["a", "b c"], code: 0, stdout: PYTHON_TOLD, stderr: /^to stderr\n$/ },
  { guest: "python_command", args: ["exit", "3"], code: 1, stdout: "", stderr: /^$/ },
  { guest: "python_command", args: ["raise"], code: 134, stdout: "", stderr: /ValueError: as asked/ },
  {
    guest: "python_command",
    args: ["ask", "7777", "x"],
    code: 0,
    stdout: "error 14: Connection refused\n",
    stderr: /^$/,
  },
];

for (const { guest: name, args, data, code, stdout, stderr } of COMMANDS.filter((row) => hasGuests(row.guest))) {
  test(`${name} ${args.join(" ")}${data === undefined ? "" : ` (${data})`}: exits with ${code}`, async () => {
    const written = { stdout: "", stderr: "" };
    const folder = await mkdtemp(join(tmpdir(), "loopgate-data-"));
    const actual = await runCommand({
      component: guestPath(name),
      env: [["NAME", "x"]],
      args,
      dirs: data === undefined ? [] : [{ folder, path: "/data", isWritable: data === "write" }],
      stdout: (bytes) => (written.stdout += Buffer.from(bytes).toString()),
      stderr: (bytes) => (written.stderr += Buffer.from(bytes).toString()),
    });
    const left = await readdir(folder);
    await rm(folder, { recursive: true });
    assert.match(written.stderr, stderr);
    assert.equal(written.stdout, stdout);
    assert.deepEqual(left, []);
    assert.equal(actual, code);
  });
}
