/** Pages of requests that the gateway answered by itself, and of limits that guests meet. */
import type { FaultCode } from "../../base/fault_codes.ts";
import type { FaultPage } from "./page.ts";

/** Codes of LG7000. */
export const REQUEST_PAGES: Readonly<Record<Extract<FaultCode, `LG7${string}`>, FaultPage>> = {
  LG7001: {
    title: "400: the request is malformed",
    cause:
      "It breaks the rules of HTTP/1.1: its target, its Host, or how it says where its body ends. The connection is " +
      "closed, because nobody knows where the next request would begin.",
    fix: "Mend the client or the proxy before the gateway; the line says what is wrong.",
  },
  LG7002: {
    title: "404: no route has this host and path",
    cause: "Paths are compared as they were sent, hosts without their port. /a/ is not /a.",
    fix: "`loopgate check` lists the routes. A route for `/files/*` also answers /files.",
  },
  LG7003: {
    title: "405: no route of this path takes this method",
    cause: "`methods` of the route does not have it. GET answers HEAD too; OPTIONS is a method like any other.",
    fix: "Add the method to the route, or leave `methods` out for all of them.",
  },
  LG7004: {
    title: "408: the request did not arrive in time",
    cause: "Header or body took longer than `headersTimeout` or `requestTimeout` of the listener.",
    fix: "For slow clients that are meant to be served, raise them in gateway.jsonc.",
  },
  LG7005: {
    title: "413: the body is longer than the route takes",
    cause: "The length that was announced, or what has arrived, is more than `requestBody`.",
    fix: "Raise `requestBody` of the route, up to the operator's ceiling.",
  },
  LG7006: {
    title: "The request asks for what the gateway does not do",
    cause:
      "417: an expectation other than 100-continue. 421: an https target on this listener. 501: CONNECT, Upgrade, or a " +
      "transfer coding other than chunked. 505: another version of HTTP.",
    fix: "Change the client, or put a proxy before the gateway that does it.",
  },
  LG7007: {
    title: "431, 502: a header is too large",
    cause:
      "Names and values of the fields are more than `headerBytes` of the route or of the listener; for a guest's answer the " +
      "client gets 502.",
    fix: "Send fewer or shorter fields (cookies, most often), or raise `headerBytes`.",
  },
  LG7008: {
    title: "429: the route is at its limit",
    cause: "`concurrency` requests are being served and `queue` wait, or one waited for longer than `queueWait`.",
    fix:
      "Make the guest faster, raise the limits, or serve with more replicas. Clients are told to come again after a second.",
  },
  LG7009: {
    title: "499: the client went away",
    cause: "Its connection ended before its answer was complete. The guest is stopped.",
    fix:
      "Nothing, when it is rare. When it is frequent, clients or a proxy have a shorter time limit than the guest needs.",
  },
  LG7010: {
    title: "503: the gateway is being closed",
    cause: "It takes no new requests while those that it has come to their end.",
    fix: "Take the gateway out of rotation before it is stopped (docs/deployment.md).",
  },
  LG7011: {
    title: "500: a guest trapped",
    cause:
      "It met an error of its own (a panic, an unhandled exception, memory out of bounds), or broke a rule of WASI. The " +
      "line has the reason.",
    fix: "Mend the guest; the stack names its functions when it was built with names.",
  },
  LG7012: {
    title: "500: a guest gave no answer",
    cause: "Its handler returned, or it exited, without having set a response.",
    fix: "Set the outparam in every path of the handler.",
  },
  LG7013: {
    title: "502: a guest answered with an error",
    cause:
      "The handler set its outparam to an error-code of wasi:http, which the line has; often it hands on what an upstream " +
      "answered to it.",
    fix: "Look at the guest's upstream, and at denials in the log.",
  },
  LG7014: {
    title: "502: a guest's answer is past a limit",
    cause:
      "Its fields are more than `headerBytes`, or its body is longer than `responseBody`. A body that said no length before " +
      "is cut there.",
    fix: "Raise the limit, or let the guest answer in parts.",
  },
  LG7015: {
    title: "503: the workload is not ready",
    cause:
      "Its service is starting, waits for its next start or has failed, or there is no room for one more instance.",
    fix: "Look at the states of the service in the log, or on the admin page; Retry-After says when to ask again.",
  },
  LG7016: {
    title: "504: no answer within the time limit",
    cause: "The guest sent no head within `wall`. It may wait for an upstream or for its service.",
    fix: "Find what it waits for, or raise `wall`.",
  },
  LG7017: {
    title: "504: a guest computed for too long",
    cause:
      "It computed for longer than `cpu`, or for more than 10 ms where it cannot give way (an allocation, a destructor).",
    fix: "Make it compute less for one request, or raise `cpu`.",
  },
  LG7018: {
    title: "A guest left its answer unfinished",
    cause:
      "The head was sent, but the body does not match its content-length, was dropped before its end, or its trailers cannot " +
      "be sent. The connection was reset, so that the client does not take a part for the whole.",
    fix: "Let the guest finish the body after the last write, and write as many bytes as it announced.",
  },
  LG7019: {
    title: "A client did not take its answer, or went on sending",
    cause:
      "It read nothing for `responseStallTimeout` of the listener, or sent on a body that the answer did not wait for. The " +
      "connection was reset and the guest stopped: what nobody reads would be kept in memory.",
    fix: "Look at the client or the network between; for clients that pause for longer, raise `responseStallTimeout`.",
  },
  LG7020: {
    title: "503: the start left a workload out",
    cause:
      "Its files have faults, and the gateway was started with what is sound. The routes of the workload that can be read " +
      "answer 503. While there are others, so do the routes of its neighbours that take whatever comes: any host, and a path " +
      "that starts with a parameter or a wildcard. What is meant for one workload must not come to another.",
    fix:
      "Mend the workload's files; the log had each fault, and `loopgate check <folder>` shows them. It comes in by itself.",
  },
  LG7101: {
    title: "A guest's memory did not grow",
    cause: "`memory` of the route or service is used up; `memory.grow` failed in the guest, which often traps then.",
    fix: "Raise `memory`, or mend a leak: with `reuse` an instance keeps what it allocates.",
  },
  LG7102: {
    title: "An answer stood still for too long",
    cause: "Between two pieces of an answer's body, or between its end and the guest's own, more than `idle` passed.",
    fix: "Let the guest send something from time to time (a comment, for server-sent events), or raise `idle`.",
  },
  LG7103: {
    title: "A guest has all sockets that it may have",
    cause: "`sockets` of the route or service are open.",
    fix: "Drop sockets that are not needed, or raise `sockets`.",
  },
  LG7104: {
    title: "A guest has all handles that it may have",
    cause: "`handles` resources are alive in the instance, so the guest trapped.",
    fix: "Drop resources (streams, pollables, fields) when they are not needed any more, or raise `handles`.",
  },
  LG7105: {
    title: "Lines of a guest were dropped",
    cause: "It wrote more to stdout and stderr in a second than `logRate`.",
    fix: "Log less, or raise `logRate`.",
  },
  LG7106: {
    title: "A guest has all files that it may have",
    cause: "`descriptors`, `openFiles` or `directoryEntries` are used up; the guest got insufficient-memory.",
    fix: "Drop descriptors that are not needed, or raise the limit that the line names.",
  },
  LG7107: {
    title: "A volume is full",
    cause: "What guests keep in the volume is as much as its `size` or `files` allow; they got insufficient-space.",
    fix: "Remove what is old, or raise the volume's limits.",
  },
  LG7108: {
    title: "A workload has all instances or connections that it may have",
    cause: "`instances` or `connections` of the workload are used up. Requests get 503, connects fail.",
    fix: "Raise the limit, or find what holds them: slow clients, streams that stay open, guests that wait.",
  },
  LG7109: {
    title: "The process has no room for more",
    cause:
      "`process.instances`, `process.memory`, connections or open files of all guests, or the stacks that can be suspended " +
      "at a time, are used up.",
    fix:
      "Raise `process` in gateway.jsonc as far as the machine allows, lower the limits of workloads, or use replicas.",
  },
  LG7110: {
    title: "The listener met a limit",
    cause:
      "Clients hold as many connections as `listener.connections` allows, so that new ones were closed at once, or all of " +
      "them together as many streams of HTTP/2 as `listener.streamsTotal` allows, so that new ones were refused.",
    fix:
      "Raise `connections` or `streamsTotal` of `listener` in gateway.jsonc, or find out which clients hold connections " +
      "without using them.",
  },
};
