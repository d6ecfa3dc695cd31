/** Classes, the order of the decision and the levels of network.md, one row for each line. */
import { judgeRows } from "../../test/support/policy_of.ts";

const FULL = ["public", "private", "link-local", "udp://*", "udp://link-local"];

judgeRows([
  {
    line: "a cidr opens `link-local` only when it lies wholly inside that class",
    net: ["169.0.0.0/8", "100.64.0.0/10", "[fd00::/8]", "[fe00::/7]"],
    allowed: ["tcp://169.1.1.1:1", "tcp://100.64.0.1:1", "tcp://[fd00::1]:1"],
    denied: ["tcp://169.254.169.254:80", "tcp://100.100.100.200:80", "tcp://[fd00:ec2::254]:80", "tcp://[fe80::1]:1"],
  },
  {
    line: "... and then it does",
    net: ["169.254.0.0/16", "100.100.100.200", "[fd00:ec2::/32]", "[fe80::/64]"],
    allowed: ["tcp://169.254.169.254:80", "tcp://100.100.100.200:80", "tcp://[fd00:ec2::254]:80", "tcp://[fe80::1]:1"],
    denied: ["tcp://192.0.0.192:80", "tcp://[fe81::1]:1"],
  },
  {
    line: "a cidr to deny needs no class",
    net: { allow: FULL, deny: ["169.0.0.0/8", "[fe00::/7]"] },
    denied: ["tcp://169.254.169.254:80", "tcp://[fe80::1]:1"],
  },
  {
    line: "`never`: no rule opens it",
    net: [...FULL, "0.0.0.0/1", "128.0.0.0/1", "[64:ff98::/30]"],
    denied: [
      "tcp://0.0.0.0:1",
      "tcp://0.1.2.3:1",
      "tcp://[::]:1",
      "tcp://224.0.0.1:1",
      "tcp://[ff02::1]:1",
      "tcp://255.255.255.255:1",
      "tcp://[64:ff9b:1::808:808]:1",
    ],
  },
  {
    line: "loopback is not a class: it is always the private network",
    net: [...FULL, "64.0.0.0/2"],
    denied: ["tcp://127.0.0.1:80", "tcp://127.9.9.9:80", "https://[::1]", "https://localhost", "https://a.localhost"],
  },
  {
    line: "in this order: deny rules, then allow rules, then deny",
    net: { allow: ["10.0.0.1", "db.example.com"], deny: ["10.0.0.0/8:22", "*.example.com:22"] },
    allowed: ["tcp://10.0.0.1:23", "tcp://db.example.com:23"],
    denied: ["tcp://10.0.0.1:22", "tcp://db.example.com:22", "tcp://10.0.0.2:23", "tcp://x.example.com:23"],
  },
  {
    line: "a denied name stops the name; to stop an address, deny the address",
    net: { allow: ["*"], deny: ["db.example.com"] },
    denied: ["https://db.example.com", "https://DB.example.com.", "tcp://db.example.com:5432"],
    allowed: ["tcp://93.184.216.34:443", "https://x.example.com"],
  },
  {
    line: "a deny rule of a class stops addresses of it, not names",
    net: { allow: ["*"], deny: ["private"] },
    allowed: ["https://example.com", "tcp://8.8.8.8:1"],
    denied: ["tcp://10.0.0.1:1"],
  },
  {
    line: "a name is admitted by a rule that names it, by `*` or by a class",
    net: ["private:80", "db.example.com:5432"],
    allowed: ["http://anything.example", "tcp://db.example.com:5432"],
    denied: ["https://anything.example", "tcp://db.example.com:5433"],
  },
  {
    line: "... not by an ip or cidr rule; one that nothing admits is denied",
    net: ["10.0.0.0/8", "8.8.8.8", "[2000::/3]"],
    denied: ["https://example.com", "https://dns.google"],
  },
  {
    line: "the route's allow list replaces the workload's",
    net: ["10.0.0.1"],
    route: { net: ["10.0.0.2"] },
    allowed: ["tcp://10.0.0.2:1"],
    denied: ["tcp://10.0.0.1:1"],
  },
  { line: "... an empty one too", net: ["10.0.0.1"], route: { net: [] }, denied: ["tcp://10.0.0.1:1"] },
  { line: "... false for the route", net: ["10.0.0.1"], route: { net: false }, denied: ["tcp://10.0.0.1:1"] },
  {
    line: "... true is the default list",
    net: [],
    route: { net: true },
    allowed: ["tcp://10.0.0.1:1"],
    denied: ["tcp://169.254.1.1:1"],
  },
  {
    line: "... a route without one has the workload's",
    net: ["10.0.0.1"],
    route: { net: { deny: ["10.0.0.1:22"] } },
    allowed: ["tcp://10.0.0.1:1"],
    denied: ["tcp://10.0.0.1:22", "tcp://10.0.0.2:1"],
  },
  {
    line: "deny lists add up",
    net: { deny: ["10.0.0.1"] },
    route: { net: { allow: ["*"], deny: ["10.0.0.2"] } },
    ceiling: { net: { deny: ["10.0.0.3"] } },
    allowed: ["tcp://10.0.0.4:1"],
    denied: ["tcp://10.0.0.1:1", "tcp://10.0.0.2:1", "tcp://10.0.0.3:1"],
  },
  {
    line: "the effective policy is the intersection",
    net: ["10.0.0.0/8", "*.example.com"],
    ceiling: { net: ["10.1.0.0/16", "8.8.8.8", "a.example.com"] },
    allowed: ["tcp://10.1.2.3:1", "https://a.example.com"],
    denied: ["tcp://10.2.0.1:1", "tcp://8.8.8.8:1", "https://b.example.com"],
  },
  {
    line: "... a ceiling that says nothing of net cuts nothing",
    net: ["link-local", "udp://8.8.8.8"],
    ceiling: { dns: true },
    allowed: ["tcp://169.254.1.1:1", "udp://8.8.8.8:1"],
    denied: ["tcp://8.8.8.8:1"],
  },
  {
    line: "... true is the default list for the operator too",
    net: ["link-local", "udp://8.8.8.8", "*"],
    ceiling: { net: true },
    allowed: ["tcp://8.8.8.8:1"],
    denied: ["tcp://169.254.1.1:1", "udp://8.8.8.8:1"],
  },
]);
