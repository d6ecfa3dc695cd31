import { test } from "node:test";
import { TCP_CONTRACT } from "../../test/support/tcp_contract.ts";
import { CORE_DRIVER } from "../../test/support/tcp_core_driver.ts";

for (const tcpCase of TCP_CONTRACT) {
  test(`TcpSocket: ${tcpCase.name}`, async () => {
    await tcpCase.run(CORE_DRIVER);
  });
}
