/** Pages of what is wrong in the files of a folder. */
import type { FaultCode } from "../../base/fault_codes.ts";
import type { FaultPage } from "./page.ts";

/** Codes from LG1000 to LG1999. */
export const FILE_PAGES: Readonly<Record<Extract<FaultCode, `LG1${string}`>, FaultPage>> = {
  LG1000: {
    title: "The files of the folder have faults",
    cause:
      "A gateway starts only on a folder without a fault. This is the error that programs get from startGateway, " +
      "createGateway and testWorkload; its diagnostics have every fault with a code of its own.",
    fix: "Mend what the diagnostics name. `loopgate check <folder>` lists them all without starting anything.",
  },
  LG1001: {
    title: "A folder cannot be read",
    cause: "The folder is not there, is no folder, or this user may not list it.",
    fix: "Correct the path on the command line, or the rights of the folder (it needs r and x for the gateway's user).",
  },
  LG1002: {
    title: "A file cannot be read",
    cause: "A file of a workload, or gateway.jsonc, is no plain file, may not be read by this user, is larger than " +
      "1 MiB, is UTF-16, or is a link that leads to nothing or out of its workload's folder.",
    fix:
      "Correct the file's rights, or put a copy in place of the link. Links within the workload's folder are followed.",
  },
  LG1003: {
    title: "A file is no UTF-8",
    cause: "The file begins with a byte order mark, or has a byte that UTF-8 does not have.",
    fix: "Save it as UTF-8 without a byte order mark.",
  },
  LG1004: {
    title: "A file is no JSON with comments",
    cause:
      "A bracket, a comma or a quotation mark is missing or too many, the file is empty, or it nests deeper than any " +
      "file of a gateway does. What follows a fault of this kind is not looked at.",
    fix: "Mend the place that is marked, and look again: there may be more behind it.",
  },
  LG1101: {
    title: "A key cannot be used",
    cause: "The key stands twice in one object, where the later one would win without a word, or it is one of " +
      "`__proto__`, `prototype` and `constructor`.",
    fix: "Keep one of them; give a reserved one another name.",
  },
  LG1102: {
    title: "A key is missing",
    cause: "The object needs a key that it does not have, such as `component` in a route.",
    fix: "Add the line that the fault shows.",
  },
  LG1103: {
    title: "A key is unknown",
    cause: "No version that this gateway knows has such a key there. Nothing is ignored: an option that is read over " +
      "would be one that somebody relies on.",
    fix: "Correct its spelling, or remove it. The fault lists the keys that there are.",
  },
  LG1104: {
    title: "A value is not what its key takes",
    cause: "The value is of another type, out of range, or not in the form that the key takes.",
    fix: "Write a value as the fault says; an editor shows the same when the file names its $schema.",
  },
  LG1105: {
    title: "A key does not belong here",
    cause: "The key is known, but stands in another file or another object, or this version does not have it yet.",
    fix: "Move it where the fault says, or remove it.",
  },
  LG1201: {
    title: "A limit is not one",
    cause:
      "The value of a limit is no size, duration or number as its key takes it, is out of its bounds, or contradicts " +
      "another one: a request's header cannot have more time than the request.",
    fix:
      'Write sizes as "64MiB", durations as "500ms", counts as plain numbers, within the bounds that the fault names.',
  },
  LG1202: {
    title: "A limit is above the operator's ceiling",
    cause:
      "gateway.jsonc (or what the process or the listener may have at all) bounds this limit, and the file asks for " +
      "more. A default above the ceiling is lowered without a word; asking is a fault, because nobody would get it.",
    fix: "Ask for no more than the ceiling, or raise the ceiling in gateway.jsonc.",
  },
  LG1301: {
    title: "There is no workload",
    cause: "No sub-folder has a workload.jsonc or a file that ends in .route.jsonc, so there is nothing to serve.",
    fix: "Name the folder above the workloads, or make a workload with `loopgate new <name>`.",
  },
  LG1302: {
    title: "A file stands in the wrong folder",
    cause:
      "A file of a workload stands beside the workloads, or gateway.jsonc stands in a workload. It would have no effect.",
    fix: "Move the file, or serve the folder above.",
  },
  LG1303: {
    title: "A file nearly has the right name",
    cause: "The name is so near to one that the gateway reads that it is probably meant to be it.",
    fix: "Rename it as the fault says: workload.jsonc, <name>.route.jsonc, gateway.jsonc.",
  },
  LG1304: {
    title: "A name cannot be used",
    cause:
      "The folder's name is the workload's, the file's name the route's. Both stand in logs, metrics and commands.",
    fix: 'Use at most 63 letters, digits, "-", "_" and ".", with a letter or digit first.',
  },
  LG1305: {
    title: "A workload has nothing to serve",
    cause: "Its workload.jsonc declares no service, and there is no route file beside it.",
    fix: "Add a service to the file, or a route beside it.",
  },
  LG1306: {
    title: "A service is waited for without a network",
    cause:
      '"service.ready" waits until the service listens on a port, and "net": false leaves it no network to listen on.',
    fix: 'Write "net": [] for the private loopback alone, or remove "ready".',
  },
  LG1307: {
    title: "A restart budget counts nothing",
    cause: 'The policy "never" restarts nothing, so its budget would have no effect.',
    fix: 'Remove "budget", or write "policy": "on-failure".',
  },
  LG1401: {
    title: "Two routes answer the same requests",
    cause: "Host, shape of the path and a method are the same, so nothing would say which of them is asked. " +
      "Parameter names do not count: /:id and /:name are one shape.",
    fix: "Let them differ in host, path or methods, or remove one.",
  },
  LG1501: {
    title: "The file of a component cannot be used",
    cause: "There is no such file, this user may not read it, or it is a link that leaves its workload's folder.",
    fix:
      "Build the component (`loopgate build`), correct the path, or copy the file into the folder: a workload is what its " +
      "folder holds.",
  },
  LG1502: {
    title: "A file of certificates cannot be used",
    cause:
      "The file cannot be read, has no certificate or a broken one, or has a private key, which does not belong there.",
    fix: "Give a PEM file with the certificates alone.",
  },
  LG1503: {
    title: "A certificate of the listener cannot be used",
    cause:
      "The file of `tls` in gateway.jsonc, or that of its key, cannot be read, holds something else, or the two do not " +
      "belong together. While the gateway runs, it goes on with the ones it has.",
    fix:
      "Give a PEM file with the chain, the listener's own certificate first, and one with its key, without a passphrase.",
  },
  LG1504: {
    title: "A certificate of the listener is in use, and clients will not like it",
    cause:
      "It has expired or is not valid yet, stands before one that did not issue it, or every user of the machine can read " +
      "its key. Clients decide whether they go on.",
    fix:
      "Renew the certificate, put the chain in order, or give the file of the key to the gateway's user alone (docs/tls.md).",
  },
  LG1505: {
    title: "HTTP/2 cannot be turned on",
    cause:
      "`http2` of gateway.jsonc needs TLS, in whose handshake clients choose it, and Node: Deno's HTTP/2 keeps in memory " +
      "whatever is written to a client that reads nothing, and does not keep to the number of its streams.",
    fix: "Give the listener a certificate, run the gateway on Node, or end HTTP/2 in a proxy before it (docs/tls.md).",
  },
  LG1601: {
    title: "A volume cannot be used",
    cause:
      "Its folder is not there, leaves what the operator allows, holds the workload's own files and could be written to, " +
      "or asks for more than the ceiling; or the same memory is described in two ways. On Deno, folders need all permissions.",
    fix: "Change the volume as the fault says. docs/volumes.md has the rules.",
  },
  LG1602: {
    title: "A folder of the operator's volumes cannot be used",
    cause: "gateway.jsonc names a folder for volumes that is not there or is no folder.",
    fix: "Make the folder before the gateway starts, or correct its path.",
  },
  LG1701: {
    title: "A secret cannot be used",
    cause:
      "gateway.jsonc has no secret of this name for this workload, or its file or variable is not there or cannot be read.",
    fix:
      "Correct the name, or add the workload or the source in gateway.jsonc (docs/configuration.md). Values are never shown.",
  },
};
