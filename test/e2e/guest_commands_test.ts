/** Commands that other toolchains made, unmodified: what a program of each language sees of its surroundings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestPath } from "../../scripts/build_guests.ts";
import { runCommand } from "../../src/gateway/run_command.ts";
import { hasGuests } from "../support/guests.ts";

interface CommandCase {
  readonly guest: string;
  readonly args: readonly string[];
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

for (const { guest: name, args, code, stdout, stderr } of COMMANDS.filter((row) => hasGuests(row.guest))) {
  test(`${name} ${args.join(" ")}: exits with ${code}`, async () => {
    const written = { stdout: "", stderr: "" };
    const actual = await runCommand({
      component: guestPath(name),
      env: [["NAME", "x"]],
      args,
      stdout: (bytes) => (written.stdout += Buffer.from(bytes).toString()),
      stderr: (bytes) => (written.stderr += Buffer.from(bytes).toString()),
    });
    assert.match(written.stderr, stderr);
    assert.equal(written.stdout, stdout);
    assert.equal(actual, code);
  });
}
