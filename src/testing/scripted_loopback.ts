/** Whoever a test puts on the private loopback beside a component alone: it listens there as the workload's service would. */
import { LOOPBACK_V4, type SocketAddress } from "../base/ip_address.ts";
import { untilReady } from "../base/waitable.ts";
import type { GuestNetwork } from "../network/guest_network.ts";
import type { TcpSocket } from "../network/tcp_socket.ts";
import type { AttemptLog, LiveAttempt } from "./attempts.ts";
import type { NetworkEntry } from "./network_script.ts";
import { runTalk } from "./run_talk.ts";
import { ScriptError } from "./script_error.ts";
import { bytesOf } from "./test_bytes.ts";
import type { TestTime } from "./test_time.ts";

/** What it needs. */
export interface ScriptedLoopbackOptions {
  readonly entries: readonly NetworkEntry[];
  readonly time: TestTime;
  readonly attempts: AttemptLog;
  /** The next attempt that was begun for a connection to this entry. */
  readonly takeAttempt: (entry: NetworkEntry) => LiveAttempt | undefined;
}

/** @throws {ScriptError} when a port cannot be had: two keys name the same */
export function openScriptedLoopback(guest: GuestNetwork, options: ScriptedLoopbackOptions): void {
  for (const entry of options.entries) {
    const local = { address: entry.host.kind === "address" ? entry.host.address : LOOPBACK_V4, port: entry.port };
    if (entry.script.kind === "tcp") listenTcp(guest, local, entry, options);
    else if (entry.script.kind === "udp") listenUdp(guest, local, entry, options);
    // Who refuses is nobody: the port is free.
  }
}

function listenTcp(
  guest: GuestNetwork,
  local: SocketAddress,
  entry: NetworkEntry,
  options: ScriptedLoopbackOptions,
): void {
  const socket = guest.createTcpSocket(local.address.family);
  if (typeof socket === "string") throw cannotListen(entry, socket);
  const error = socket.startBind(local) ?? socket.finishBind() ?? socket.startListen() ?? socket.finishListen();
  if (error !== undefined) throw cannotListen(entry, error);
  void acceptAll(socket, entry, options);
}

async function acceptAll(socket: TcpSocket, entry: NetworkEntry, options: ScriptedLoopbackOptions): Promise<void> {
  const { time, attempts, takeAttempt } = options;
  const { script, key } = entry;
  if (script.kind !== "tcp") return;
  for (;;) {
    await untilReady(socket);
    const accepted = socket.accept();
    if (accepted === "would-block") continue;
    // The test is over.
    if (typeof accepted === "string") return;
    const { connection } = accepted;
    // Its streams keep the connection.
    accepted.socket.drop();
    const where = `network["${key}"]`;
    const { delayMs } = script;
    void runTalk({ connection, script, where, delayMs, time, attempts, attempt: takeAttempt(entry) });
  }
}

function listenUdp(
  guest: GuestNetwork,
  local: SocketAddress,
  entry: NetworkEntry,
  options: ScriptedLoopbackOptions,
): void {
  const { attempts, takeAttempt } = options;
  const { script, key } = entry;
  const socket = guest.createUdpSocket(local.address.family);
  if (typeof socket === "string") throw cannotListen(entry, socket);
  const error = socket.startBind(local) ?? socket.finishBind();
  if (error !== undefined) throw cannotListen(entry, error);
  const answer = (): void => {
    const received = socket.receive(16);
    if (typeof received === "string" || script.kind !== "udp") return;
    for (const { data, remote } of received) {
      const attempt = takeAttempt(entry);
      attempt?.sent.add(data);
      try {
        for (const reply of script.answer(data).map(bytesOf)) {
          attempt?.received.add(reply);
          socket.send([{ data: reply, remote }]);
        }
      } catch (cause) {
        attempts.fault(`network["${key}"]`, cause);
      }
    }
    socket.incoming.onReady(answer);
  };
  socket.incoming.onReady(answer);
}

function cannotListen({ key }: NetworkEntry, code: string): ScriptError {
  return new ScriptError(`Cannot script network["${key}"]: ${code}, expected a port that no other key has`);
}
