import { test } from "node:test";
import { UDP_CONTRACT } from "../../test/support/udp_contract.ts";
import { UDP_CORE_DRIVER } from "../../test/support/udp_core_driver.ts";

for (const udpCase of UDP_CONTRACT) {
  test(`UdpSocket: ${udpCase.name}`, async () => {
    await udpCase.run(UDP_CORE_DRIVER);
  });
}
