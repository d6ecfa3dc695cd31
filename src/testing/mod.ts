/**
 * Tests for guests: a component or a whole workload in a world that the test scripts, from `node --test` or `deno test`.
 * No sockets, no ports, no machine; engine, host, policy and limits are those of the gateway.
 *
 * @example
 * import assert from "node:assert/strict";
 * import { test } from "node:test";
 * import { tcp, testComponent } from "loopgate/testing";
 *
 * test("a service that is away is a 502", async () => {
 *   await using component = await testComponent("dist/http_api.wasm", { network: { "127.0.0.1:7777": tcp.refuses() } });
 *   const response = await component.fetch("/task", { method: "POST", body: '{"payload":"hello"}' });
 *   assert.equal(response.status, 502);
 * });
 *
 * @module
 */
export type { Diagnostic } from "../base/diagnostics.ts";
export { type ErrorCode, LoopgateError } from "../base/errors.ts";
export type { FaultCode } from "../base/fault_codes.ts";
export type { RouteLimits } from "../base/limits.ts";
export type { FileFacts, FileReader, FolderEntry } from "../config/file_reader.ts";
export type { HttpErrorTag } from "../network/http_failure_table.ts";
export type { Attempt } from "./attempts.ts";
export {
  type AnswerRequest,
  http,
  type HttpScript,
  type HttpScriptMakers,
  type HttpScripts,
  type SentRequest,
} from "./http_script.ts";
export type { ComponentSource } from "./load_component.ts";
export { names, type NameScript, type NameScriptMakers } from "./name_script.ts";
export type { NetworkScripts } from "./network_script.ts";
export { ScriptError } from "./script_error.ts";
export type { TcpPeer } from "./tcp_peer.ts";
export { type ConnectFailure, tcp, type TcpScript, type TcpScriptMakers } from "./tcp_script.ts";
export type { Bytes } from "./test_bytes.ts";
export type { RunEnd } from "./test_command.ts";
export { testComponent, type TestComponentOptions, type TestedComponent } from "./test_component.ts";
export type { FileContents } from "./test_files.ts";
export type { NetOption } from "./test_policy.ts";
export type { TimeMode } from "./test_time.ts";
export { type TestedWorkload, testWorkload, type TestWorkloadOptions } from "./test_workload.ts";
export type { OutputLine, WorldOptions } from "./test_world.ts";
export { udp, type UdpFailure, type UdpScript, type UdpScriptMakers } from "./udp_script.ts";
