/** Pages of components, of the policy, of builds, and of the life of workloads. */
import type { FaultCode } from "../../base/fault_codes.ts";
import type { FaultPage } from "./page.ts";

type Codes = Extract<FaultCode, `LG2${string}` | `LG3${string}` | `LG6${string}` | `LG8${string}`>;

/** Codes from LG2000 to LG3999, of LG6000 and of LG8000. */
export const GUEST_PAGES: Readonly<Record<Codes, FaultPage>> = {
  LG2001: {
    title: "The file is no valid component",
    cause:
      "The bytes break the binary format or a rule of the component model; a core module and the text format are named.",
    fix:
      "Build it anew. `wasm-tools component new` or `jco new` make a component of a core module; `wasm-tools validate` " +
      "says more about a broken one.",
  },
  LG2002: {
    title: "A component needs what this gateway does not run",
    cause:
      "It is well-formed and uses a feature that is refused by name: threads and shared memories, garbage-collected types, " +
      "or the asynchronous part of the component model (WASI 0.3).",
    fix: "Build it for WASI 0.2 without that feature.",
  },
  LG2003: {
    title: "A component is past a bound of the engine",
    cause:
      "It has more parts, deeper nesting or larger functions than any real component; linking or compiling it would hold " +
      "up all others.",
    fix: "Divide it, or build it without what makes it so large (debug information does not count).",
  },
  LG2004: {
    title: "A component imports what nobody offers",
    cause:
      "The gateway offers the interfaces of WASI 0.2 that a server needs, with the types of WIT. The component imports " +
      "another one, or one with other types.",
    fix:
      "`loopgate inspect <component.wasm>` lists its imports. Meet them inside it (`wac plug`, `loopgate virtualize`), or " +
      "build it against WASI 0.2.",
  },
  LG2005: {
    title: "A component does not export what its role needs",
    cause:
      "The component of a route exports wasi:http/incoming-handler, that of a service or of `loopgate run` wasi:cli/run.",
    fix: "Use the component in its own role, or build it for this one.",
  },
  LG2006: {
    title: "A component needs more memory than it may have",
    cause: "Its memories are larger from the start than `limits.memory`, so that no instance of it could ever be made.",
    fix:
      "Raise `memory` as the fault says, up to the operator's ceiling, or build the component with a smaller first memory.",
  },
  LG2007: {
    title: "The file of a component cannot be read",
    cause: "There is no such file, it is larger than 64 MiB, or this user may not read it.",
    fix: "Correct the path or the rights of the file.",
  },
  LG2101: {
    title: "Imports of a component cannot be met inside it",
    cause:
      "`loopgate virtualize` was asked to deny what the component does not import, what others need, or what is not made " +
      "as WIT makes interfaces.",
    fix: "Change --deny as the fault says; docs/virtualize.md has the words.",
  },
  LG3001: {
    title: "A rule of the network policy cannot be read",
    cause:
      'The text is no rule `[scheme://]host[:port]` for "net", or no name for "dns", or it could never decide anything. ' +
      "A rule that says nothing would be one that somebody relies on.",
    fix: "Write the rule as the fault says; README.md has the forms under Network policy.",
  },
  LG3002: {
    title: '"net" or "dns" is not in a form that it takes',
    cause:
      '"net" is true, false, a list of rules, or an object of "allow" and "deny"; "dns" is true, false or a list of names.',
    fix: "Write one of these. [] is the private loopback alone, false is no network at all.",
  },
  LG3003: {
    title: "A file asks for more than the operator's ceiling",
    cause:
      "gateway.jsonc bounds what workloads may reach, and this rule or name is not in it. What a file does not ask for is " +
      "cut without a word.",
    fix: "Remove the rule, or add it to the ceiling in gateway.jsonc.",
  },
  LG3004: {
    title: "A route asks for a network that its workload has not",
    cause: '"net": false of a workload holds for all of its routes; no list brings a network back.',
    fix: 'Write "net": [] in workload.jsonc, or remove "net" from the route.',
  },
  LG3101: {
    title: "A guest was denied what it wanted to reach",
    cause:
      "The network policy does not allow this target, or this operation, to this guest. The guest got an error of WASI, such " +
      "as access-denied. The line says which rule decided.",
    fix:
      "If the guest is meant to reach it, add the line that the log names. `loopgate explain <workload> <target>` tells the " +
      "same without a packet. If it is not, somebody should know why it tried.",
  },
  LG6001: {
    title: "The tools of builds are not installed",
    cause: "Whoever only serves installs none of them: they are optional peers of the package.",
    fix: "Run the line that the fault shows.",
  },
  LG6002: {
    title: "A source does not compile",
    cause: "The bundler cannot read it at the place that is marked.",
    fix: "Mend the source. `loopgate dev` builds again as soon as it is saved.",
  },
  LG6003: {
    title: "A guest imports what it cannot have",
    cause:
      "There is no such file or package, loopgate/guest has no such value, or it is a module of Node: guests have web APIs " +
      "and WASI.",
    fix:
      "Install the package beside the workload, correct the name, or use a web API in its place (docs/guest_sdk.md).",
  },
  LG6004: {
    title: "A guest cannot be loaded",
    cause:
      "The first lines of a guest run when it is built. They threw, did not end within two minutes, or ended the process.",
    fix: "Move what needs a request, the network or the clock into the handler.",
  },
  LG6005: {
    title: "The command of a build failed",
    cause:
      '"build.command" of workload.jsonc could not be run, ended with another code than 0, or did not leave the files that ' +
      "are named.",
    fix: "Run the command by hand in the workload's folder; what it printed stands above the fault.",
  },
  LG6006: {
    title: "There is no source for a component",
    cause:
      "A file names a component that is not there, and there is no src/<name>.ts for dist/<name>.wasm, nor a build command.",
    fix: "Add the source, the component itself, or `build` in workload.jsonc (docs/authoring.md).",
  },
  LG6007: {
    title: "The types of a source do not fit",
    cause:
      "`loopgate build --types` asked the TypeScript compiler, which a build does not need: types are taken off before.",
    fix:
      "Mend the source at the place that is marked; the compiler's number stands behind its sentence. Where there is no `tsconfig.json`, write one that extends `./.loopgate/tsconfig.json` (docs/authoring.md).",
  },
  LG8001: {
    title: "A service ended in failure",
    cause:
      "It trapped, returned an error, or could not be started for want of room. It is started again as `restart` says, " +
      "after 100 ms at first and up to 30 s.",
    fix: "Read the reason in the line, and what the service printed before. A trap names the functions that it was in.",
  },
  LG8002: {
    title: "A service did not get ready in time",
    cause:
      "It did not listen on the port of `ready` within `limits.start`. Where it listens instead, the log says after two seconds.",
    fix: "Let it listen earlier, correct the port, or raise `start`.",
  },
  LG8003: {
    title: "A service has failed for good",
    cause:
      "Its restarts are used up, or its policy has none. Requests to its workload get 503 until a file of it changes.",
    fix: "Mend the service; replacing its component starts it anew. `restart.budget` says how often it is tried.",
  },
  LG8004: {
    title: "A change was not taken over",
    cause:
      "A changed file has a fault, or the new version's service did not get ready. What was served before still is; of a " +
      "workload that is `left-out` that is nothing.",
    fix: "Mend what the line names; `loopgate check <folder>` shows it with its place.",
  },
  LG8005: {
    title: "A published port cannot lead anywhere",
    cause:
      "Nobody listens on that port of the private loopback, or the port of the machine cannot accept connections now.",
    fix:
      "Check that the service is ready and listens on this port; with too many open files, raise the system's limit.",
  },
};
