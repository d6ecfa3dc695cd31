import { test } from "node:test";
import { TCP_CONTRACT } from "../../../test/support/tcp_contract.ts";
import { HOST_DRIVER } from "../../../test/support/tcp_host_driver.ts";

for (const tcpCase of TCP_CONTRACT) {
  test(`wasi:sockets/tcp: ${tcpCase.name}`, async () => {
    await tcpCase.run(HOST_DRIVER);
  });
}
