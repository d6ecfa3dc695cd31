import assert from "node:assert/strict";
import { test } from "node:test";
import { TcpBench } from "../../../test/support/tcp_bench.ts";
import { CORE_DRIVER } from "../../../test/support/tcp_core_driver.ts";
import { attempt, hostContext } from "../../../test/support/tcp_host_driver.ts";
import { HostTrap } from "../../base/errors.ts";
import type { GuestRole } from "../../network/access.ts";
import type { NetworkAccess } from "../../../test/support/guest_access.ts";
import { IoError } from "../io/error.ts";
import { OFFERED_INTERFACES } from "../imports.ts";
import { instanceNetworkInterface } from "./instance_network.ts";
import { socketInterfaces } from "./interfaces.ts";
import { ipNameLookupInterface } from "./ip_name_lookup.ts";
import { NETWORK_INTERFACE } from "./network.ts";
import { tcpCreateSocketInterface } from "./tcp_create_socket.ts";
import { socketAddressFromWit, socketAddressToWit } from "./wit_address.ts";

const ROLES: readonly GuestRole[] = ["component", "service"];

function open(role: GuestRole = "service", access: NetworkAccess = "default") {
  const bench = new TcpBench({ driver: CORE_DRIVER, access });
  const context = hostContext(bench.guests[role], bench);
  return { bench, context, network: instanceNetworkInterface(context).instanceNetwork() };
}

test("socketInterfaces has every interface that the host offers under wasi:sockets", () => {
  const { context } = open();
  const offered = OFFERED_INTERFACES.filter((name) => name.startsWith("wasi:sockets/"));
  assert.deepEqual(Object.keys(socketInterfaces(context)).toSorted(), offered);
});

for (const role of ROLES) {
  for (const access of ["default", "loopback", "none"] as const) {
    test(`resolve-addresses: every valid name is permanent-resolver-failure and reported: ${role}, ${access}`, () => {
      const { bench, context, network } = open(role, access);
      const { resolveAddresses } = ipNameLookupInterface(context);
      const names = ["example.com", "localhost", "a.localhost", "127.0.0.1", "::1", "[::1]", "BÜCHER.example"];
      for (const name of names) {
        assert.equal(attempt(() => resolveAddresses(network, name)), "permanent-resolver-failure", name);
      }
      assert.deepEqual(
        bench.denials.map((denial) => denial.replace("resolve-addresses ", "")),
        ["example.com", "localhost", "a.localhost", "127.0.0.1", "::1", "xn--bcher-kva.example"],
      );
    });
  }
}

for (
  const name of [
    "",
    "a b",
    "http://example.com",
    "example.com:80",
    "127.0.0.1:80",
    "a..b",
    "a/b",
    "::1%lo",
    "a".repeat(64),
  ]
) {
  test(`resolve-addresses: a malformed name is invalid-argument: ${JSON.stringify(name.slice(0, 30))}`, () => {
    const { bench, context, network } = open();
    const { resolveAddresses } = ipNameLookupInterface(context);
    assert.equal(attempt(() => resolveAddresses(network, name)), "invalid-argument");
    assert.deepEqual(bench.denials, []);
  });
}

test("network-error-code: the code of a network failure, nothing for others", () => {
  const { bench } = open();
  const { counters } = bench;
  const { networkErrorCode } = NETWORK_INTERFACE;
  const reset = new IoError({ message: "reset", networkCode: "connection-reset" }, { counters });
  assert.equal(networkErrorCode(reset), "connection-reset");
  assert.equal(networkErrorCode(new IoError({ message: "other" }, { counters })), undefined);
});

test("a scope-id or flow-info changes nothing and is 0 in what a guest is shown", () => {
  const address = {
    tag: "ipv6",
    val: { port: 80, flowInfo: 7, address: [0, 0, 0, 0, 0, 0, 0, 1], scopeId: 9 },
  } as const;
  assert.deepEqual(socketAddressToWit(socketAddressFromWit(address)), {
    tag: "ipv6",
    val: { port: 80, flowInfo: 0, address: [0, 0, 0, 0, 0, 0, 0, 1], scopeId: 0 },
  });
  const ipv4 = { tag: "ipv4", val: { port: 65535, address: [127, 0, 0, 1] } } as const;
  assert.deepEqual(socketAddressToWit(socketAddressFromWit(ipv4)), ipv4);
});

test("a tcp-socket outlives its pollables, not its streams, and all is counted down", () => {
  const { bench, context, network } = open();
  bench.listen("127.0.0.1:80");
  const { createTcpSocket } = tcpCreateSocketInterface(context);
  const socket = createTcpSocket("ipv4");
  socket.startConnect(network, { tag: "ipv4", val: { port: 80, address: [127, 0, 0, 1] } });
  const pollable = socket.subscribe();
  const [input, output] = socket.finishConnect();
  assert.throws(() => socket[Symbol.dispose](), HostTrap);
  pollable[Symbol.dispose]();
  socket[Symbol.dispose]();
  socket[Symbol.dispose]();
  output.checkWrite();
  output.write(new Uint8Array(3));
  assert.equal(input.read(1n).length, 0);
  input[Symbol.dispose]();
  assert.equal(bench.guests.service.openSockets, 2);
  output[Symbol.dispose]();
  assert.equal(bench.guests.service.openSockets, 1);
  bench.assertIdleAfterRelease();
  assert.equal(bench.counters.get("pollables") + bench.counters.get("streams"), 0);
});

test("resources left over are dropped harmlessly after their guest's network was released", () => {
  const { bench, context, network } = open();
  const { createTcpSocket } = tcpCreateSocketInterface(context);
  bench.listen("127.0.0.1:80");
  const socket = createTcpSocket("ipv4");
  socket.startConnect(network, { tag: "ipv4", val: { port: 80, address: [127, 0, 0, 1] } });
  const [input, output] = socket.finishConnect();
  const idle = createTcpSocket("ipv6");
  bench.assertIdleAfterRelease();
  assert.equal(attempt(() => input.read(1n)), "closed");
  assert.equal(
    attempt(() => idle.startConnect(network, { tag: "ipv4", val: { port: 80, address: [127, 0, 0, 1] } })),
    "invalid-state",
  );
  for (const resource of [output, input, idle, socket]) resource[Symbol.dispose]();
  bench.assertIdle();
});

test("one pollable serves a listener through bind, listen and every accept", async () => {
  const { bench, context, network } = open();
  const socket = tcpCreateSocketInterface(context).createTcpSocket("ipv4");
  const pollable = socket.subscribe();
  assert.equal(pollable.ready(), true);
  socket.startBind(network, { tag: "ipv4", val: { port: 80, address: [0, 0, 0, 0] } });
  await pollable.block();
  socket.finishBind();
  socket.startListen();
  await pollable.block();
  socket.finishListen();
  for (let round = 0; round < 3; round++) {
    assert.equal(pollable.ready(), false);
    const blocked = pollable.block();
    bench.connect("127.0.0.1:80");
    await blocked;
    socket.accept();
  }
  assert.equal(pollable.ready(), false);
  bench.assertIdleAfterRelease();
});
