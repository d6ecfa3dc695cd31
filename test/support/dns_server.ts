/**
 * A name server on 127.0.0.1, UDP and TCP on one free port, that says what a test tells it to and remembers what it
 * was asked. Give its `address` to a `Resolver`, or `--resolver` its `text`.
 *
 * A script is a list of steps for one name. Each question takes the next step, A and AAAA questions each on their own
 * count, and the last step repeats. So the first *lookup* gets the first step for both of its questions:
 *
 * @example
 * const dns = await DnsServer.start();
 * try {
 *   dns.script("rebind.test", { addresses: ["93.184.216.34"] }, { addresses: ["10.0.0.1"] });
 *   dns.script("slow.test", { drop: true }, { addresses: ["192.0.2.1", "2001:db8::1"], ttlS: 5 });
 *   dns.script("alias.test", { aliases: ["one.test", "two.test"], addresses: ["192.0.2.2"] });
 *   ...
 *   assert.deepEqual(dns.questions, [], "off means no packet");
 * } finally {
 *   await dns.close();
 * }
 *
 * A name without a script is NXDOMAIN. A question that a resolver asks again (a retry, TCP after a cut answer) takes a
 * step as well, except that `truncate` keeps its step for the question over TCP that follows.
 */
import { createSocket, type RemoteInfo, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Answer } from "dns-packet";
import { LOOPBACK_V4, type SocketAddress } from "../../src/base/ip_address.ts";
import { frameMessage, FrameReader } from "../../src/network/dns_framing.ts";
import {
  encodeReply,
  FLAG_RECURSION_AVAILABLE,
  FLAG_TRUNCATED,
  RCODES,
  readQuery,
  type ReplyContent,
  startOfAuthority,
} from "./dns_replies.ts";

/** What the server does with one question. Without any field it says that the name has no such record. */
export interface DnsStep {
  /** IPv4 ones answer A questions, IPv6 ones AAAA questions. */
  readonly addresses?: readonly string[];
  /** The asked name is the first of these, that the second, and so on; the last has the addresses. */
  readonly aliases?: readonly string[];
  /** Of every record; 60 by default. */
  readonly ttlS?: number;
  /** Instead of records. */
  readonly rcode?: keyof typeof RCODES;
  /** Answers only after this time (and after the forgeries). */
  readonly delayMs?: number;
  /** Never answers; a connection stays open. */
  readonly drop?: boolean;
  /** Over UDP: no records, and a mark that the answer was cut. */
  readonly truncate?: boolean;
  /** Datagrams that come before the answer: what somebody off the path could send, and from whom. */
  readonly forgeries?: readonly DnsForgery[];
  /** These bytes instead of an answer, made from the question's. */
  readonly raw?: (query: Uint8Array) => Uint8Array;
  /** Further records of the answer section, before the others. */
  readonly extraAnswers?: readonly Answer[];
  /** The question comes back in lower case, as some servers do. */
  readonly foldsCase?: boolean;
}

/** A datagram that claims to be the answer. Each carries `FORGED_ADDRESS`. */
export type DnsForgery = "wrong-id" | "wrong-question" | "wrong-case" | "wrong-port" | "garbage";

/** Never to be found in an outcome. */
export const FORGED_ADDRESS = "203.0.113.66";

/** A question that arrived. */
export interface SeenQuestion {
  /** In lower case. */
  readonly name: string;
  readonly type: string;
  readonly transport: "udp" | "tcp";
}

/** See the example at the top of this file. */
export class DnsServer {
  /** In order of arrival. */
  readonly questions: SeenQuestion[] = [];
  /** The ports that questions came from, in the same order. */
  readonly sourcePorts: number[] = [];
  /** The names as they came, in the same order. */
  readonly namesAsAsked: string[] = [];
  /** Datagrams and connections of any content: zero means that nobody said anything at all. */
  contacts = 0;
  readonly #udp: DatagramSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #scripts = new Map<string, readonly DnsStep[]>();
  /** Steps taken, by name and type. */
  readonly #taken = new Map<string, number>();
  readonly #port: number;
  #isClosed = false;

  private constructor(udp: DatagramSocket, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.#port = udp.address().port;
    udp.on("message", (bytes, from) => this.#datagram(bytes, from));
    tcp.on("connection", (connection) => this.#connection(connection));
  }

  /** Ready to be asked. */
  static async start(): Promise<DnsServer> {
    for (;;) {
      const udp = createSocket("udp4");
      udp.bind(0, "127.0.0.1");
      await once(udp, "listening");
      const tcp = createServer();
      tcp.listen(udp.address().port, "127.0.0.1");
      try {
        await once(tcp, "listening");
        return new DnsServer(udp, tcp);
      } catch {
        // Somebody has that port for TCP: another one.
        udp.close();
      }
    }
  }

  get address(): SocketAddress {
    return { address: LOOPBACK_V4, port: this.#port };
  }

  /** As `--resolver` takes it. */
  get text(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Replaces the script of `name`, from its first step. */
  script(name: string, ...steps: readonly DnsStep[]): void {
    const key = name.toLowerCase();
    this.#scripts.set(key, steps);
    for (const taken of this.#taken.keys()) if (taken.startsWith(`${key} `)) this.#taken.delete(taken);
  }

  /** Forgets what it was asked, not its scripts. */
  forgetQuestions(): void {
    this.questions.length =
      this.sourcePorts.length =
      this.namesAsAsked.length =
      this.contacts =
        0;
  }

  /** Ends everything at once; what was to be answered later is not. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const connection of this.#connections) connection.destroy();
    const closed = [once(this.#udp, "close"), once(this.#tcp, "close")];
    this.#udp.close();
    this.#tcp.close();
    await Promise.all(closed);
  }

  #datagram(query: Uint8Array, from: RemoteInfo): void {
    this.contacts++;
    const step = this.#note(query, "udp", from.port);
    if (step === undefined) return;
    const answer = (): void => {
      const reply = replyTo(query, step, "udp");
      if (reply !== undefined && !this.#isClosed) this.#udp.send(reply, from.port, from.address);
    };
    const forgeries = [...(step.forgeries ?? [])];
    // One after the other, each handed to the system before the next, and the answer last.
    const next = (): void => {
      const forgery = forgeries.shift();
      if (forgery === undefined) this.#after(step.delayMs ?? 0, answer);
      else if (!this.#isClosed) this.#forge(forgery, { query, to: from, onSent: next });
    };
    next();
  }

  #connection(connection: Socket): void {
    this.contacts++;
    this.#connections.add(connection);
    connection.on("close", () => this.#connections.delete(connection));
    // The asker may go away at any time.
    connection.on("error", () => connection.destroy());
    const reader = new FrameReader();
    let isRead = false;
    connection.on("data", (chunk: Uint8Array) => {
      const query = isRead ? undefined : reader.push(chunk);
      if (query === undefined || query === "too-long") return;
      isRead = true;
      const step = this.#note(query, "tcp", connection.remotePort ?? 0);
      if (step === undefined) return;
      this.#after(step.delayMs ?? 0, () => {
        const reply = replyTo(query, step, "tcp");
        if (reply !== undefined) connection.write(frameMessage(reply));
      });
    });
  }

  /** Remembers the question and takes its step; undefined for what is none. */
  #note(query: Uint8Array, transport: "udp" | "tcp", port: number): DnsStep | undefined {
    const asked = readQuery(query);
    if (asked === undefined) return undefined;
    const name = asked.name.toLowerCase();
    this.questions.push({ name, type: asked.type, transport });
    this.sourcePorts.push(port);
    this.namesAsAsked.push(asked.name);
    const steps = this.#scripts.get(name) ?? [{ rcode: "NXDOMAIN" }];
    const key = `${name} ${asked.type}`;
    const taken = this.#taken.get(key) ?? 0;
    const step = steps[Math.min(taken, steps.length - 1)] ?? {};
    if (!(step.truncate === true && transport === "udp")) this.#taken.set(key, taken + 1);
    return step;
  }

  #forge(
    forgery: DnsForgery,
    { query, to, onSent }: { readonly query: Uint8Array; readonly to: RemoteInfo; readonly onSent: () => void },
  ): void {
    const { id, name, type } = readQuery(query) ?? { id: 0, name: "", type: "A" };
    if (type !== "A") return onSent();
    const answers: Answer[] = [{ name, type: "A", ttl: 60, data: FORGED_ADDRESS }];
    const content: Readonly<Record<Exclude<DnsForgery, "garbage">, ReplyContent>> = {
      "wrong-id": { answers, id: id ^ 0x0101 },
      "wrong-question": { answers, name: `x${name}` },
      "wrong-case": { answers, name: swapCase(name) },
      "wrong-port": { answers },
    };
    const bytes = forgery === "garbage"
      ? Uint8Array.from({ length: 40 }, (_, at) => (at * 89) & 0xff)
      : encodeReply(query, content[forgery]);
    if (forgery !== "wrong-port") return this.#udp.send(bytes, to.port, to.address, onSent);
    const other = createSocket("udp4");
    other.send(bytes, to.port, to.address, () => {
      other.close();
      onSent();
    });
  }

  #after(delayMs: number, act: () => void): void {
    if (delayMs === 0) return act();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}

function replyTo(query: Uint8Array, step: DnsStep, transport: "udp" | "tcp"): Uint8Array | undefined {
  if (step.drop === true) return undefined;
  if (step.raw !== undefined) return step.raw(query);
  const { name = "", type = "A" } = readQuery(query) ?? {};
  const asked = step.foldsCase === true ? { name: name.toLowerCase() } : {};
  if (step.rcode !== undefined) return encodeReply(query, { rcode: RCODES[step.rcode], ...asked });
  if (step.truncate === true && transport === "udp") {
    return encodeReply(query, { flags: FLAG_RECURSION_AVAILABLE | FLAG_TRUNCATED, ...asked });
  }
  const { ttlS: ttl = 60, aliases = [], addresses = [], extraAnswers = [] } = step;
  const owners = [name, ...aliases];
  const chain = aliases.map((data, at): Answer => ({ name: owners[at] ?? "", type: "CNAME", ttl, data }));
  const wanted = addresses.filter((address) => address.includes(":") === (type === "AAAA"));
  const found = wanted.map((data): Answer => ({
    name: owners.at(-1) ?? "",
    type: type === "AAAA" ? "AAAA" : "A",
    ttl,
    data,
  }));
  // Aliases alone are an answer to be followed up; without them, "nothing" is said as servers say it.
  const isNothing = found.length === 0 && (aliases.length === 0 || addresses.length > 0);
  const authorities = isNothing ? [startOfAuthority()] : [];
  return encodeReply(query, { answers: [...extraAnswers, ...chain, ...found], authorities, ...asked });
}

/** Every letter in its other case. */
function swapCase(name: string): string {
  return Array.from(name, (letter) => {
    const upper = letter.toUpperCase();
    return letter === upper ? letter.toLowerCase() : upper;
  }).join("");
}
