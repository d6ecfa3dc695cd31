/** The rules of network.md, "Rule grammar" and the default policy, one row for each line. */
import { judgeRows } from "../../test/support/policy_of.ts";

const FULL = ["public", "private", "link-local", "udp://*", "udp://link-local"];

judgeRows([
  {
    line: "net absent or true: outbound TCP and HTTP to every non-loopback address, link-local excepted",
    allowed: [
      "tcp://8.8.8.8:25",
      "http://10.0.0.1",
      "https://[2606:4700::1111]",
      "https://example.com",
      "tcp://example.com:22",
    ],
    denied: [
      "tcp://169.254.169.254:80",
      "http://100.100.100.200",
      "http://168.63.129.16",
      "https://192.0.0.192",
      "http://[fd00:ec2::254]",
      "http://[fe80::1]",
    ],
  },
  {
    line: "egress UDP is denied unless a rule with the scheme `udp` allows it",
    denied: ["udp://1.1.1.1:53", "udp://example.com:53"],
  },
  {
    line: "... so a rule without a scheme does not",
    net: ["*", "1.1.1.1"],
    denied: ["udp://1.1.1.1:53"],
    allowed: ["tcp://1.1.1.1:53"],
  },
  {
    line: "... and one with it does",
    net: ["udp://1.1.1.1:53"],
    allowed: ["udp://1.1.1.1:53"],
    denied: ["udp://1.1.1.1:54", "udp://1.1.1.2:53", "tcp://1.1.1.1:53"],
  },
  {
    line: '"net": []: the private loopback only',
    net: [],
    denied: ["tcp://8.8.8.8:80", "http://10.0.0.1", "https://example.com", "udp://1.1.1.1:53"],
  },
  {
    line: '"net": false: no network at all',
    net: false,
    denied: ["tcp://8.8.8.8:80", "http://10.0.0.1", "https://example.com", "udp://1.1.1.1:53"],
  },
  {
    line: "... which no route brings back",
    net: false,
    route: { net: ["*"] },
    denied: ["tcp://8.8.8.8:80", "https://example.com"],
  },
  {
    line: "... nor any workload when the operator says it",
    net: ["*"],
    ceiling: { net: false },
    denied: ["tcp://8.8.8.8:80", "https://example.com"],
  },
  {
    line: "without a scheme an allow rule is for tcp, http and https",
    net: ["api.example.com", "10.0.0.1"],
    allowed: [
      "tcp://api.example.com:1",
      "http://api.example.com",
      "https://api.example.com",
      "tcp://10.0.0.1:9",
      "https://10.0.0.1",
    ],
    denied: ["udp://api.example.com:1", "udp://10.0.0.1:9"],
  },
  {
    line: "... a deny rule for all four",
    net: { allow: FULL, deny: ["10.0.0.1", "api.example.com"] },
    denied: [
      "tcp://10.0.0.1:1",
      "udp://10.0.0.1:1",
      "http://10.0.0.1",
      "https://10.0.0.1",
      "udp://api.example.com:1",
      "https://api.example.com",
    ],
  },
  {
    line: "a deny rule for tcp covers http and https",
    net: { allow: FULL, deny: ["tcp://10.0.0.1"] },
    denied: ["tcp://10.0.0.1:1", "http://10.0.0.1", "https://10.0.0.1:8443"],
    allowed: ["udp://10.0.0.1:1"],
  },
  {
    line: "... an allow rule for tcp does not",
    net: ["tcp://10.0.0.1"],
    allowed: ["tcp://10.0.0.1:443"],
    denied: ["http://10.0.0.1", "https://10.0.0.1"],
  },
  {
    line: "... and http is not https",
    net: { allow: ["http://10.0.0.1:*", "https://10.0.0.2:*"], deny: ["https://10.0.0.3"] },
    allowed: ["http://10.0.0.1:443", "https://10.0.0.2"],
    denied: ["https://10.0.0.1", "http://10.0.0.2", "tcp://10.0.0.1:80"],
  },
  {
    line: "no port: the scheme's default in an allow rule with http or https",
    net: ["https://10.0.0.1", "http://api.example.com"],
    allowed: ["https://10.0.0.1:443", "http://api.example.com:80"],
    denied: ["https://10.0.0.1:8443", "http://api.example.com:8080"],
  },
  {
    line: "... otherwise any",
    net: { allow: ["10.0.0.1", "tcp://10.0.0.2", "https://10.0.0.3:*"], deny: ["https://10.0.0.3"] },
    allowed: ["tcp://10.0.0.1:65535", "https://10.0.0.1:1", "tcp://10.0.0.2:7"],
    denied: ["https://10.0.0.3:8443"],
  },
  {
    line: "ranges are inclusive",
    net: ["10.0.0.1:5-7"],
    allowed: ["tcp://10.0.0.1:5", "tcp://10.0.0.1:6", "tcp://10.0.0.1:7"],
    denied: ["tcp://10.0.0.1:4", "tcp://10.0.0.1:8"],
  },
  {
    line: "names are compared after UTS-46, lower-casing and removal of one trailing dot",
    net: ["B\u00fccher.Example."],
    allowed: ["https://b\u00fccher.example", "https://XN--BCHER-KVA.example.", "https://bu\u0308cher\u3002example"],
    denied: ["https://bucher.example", "https://xbuecher.example"],
  },
  {
    line: "`*.suffix` matches subdomains of any depth, not the suffix",
    net: ["*.example.com"],
    allowed: ["https://a.example.com", "https://a.b.c.example.com"],
    denied: ["https://example.com", "https://xexample.com", "https://example.com.evil.com", "https://a.example.comx"],
  },
  {
    line: "... for a deny rule too",
    net: { allow: ["*"], deny: ["*.example.com"] },
    denied: ["https://a.example.com", "https://a.b.example.com"],
    allowed: ["https://example.com", "https://xexample.com"],
  },
  {
    line: "a host called like a class is written with a trailing dot",
    net: ["private."],
    allowed: ["https://private", "https://private."],
    denied: ["https://db", "https://10.0.0.1"],
  },
  {
    line: "`*` means `public` and `private`",
    net: ["*"],
    allowed: ["tcp://8.8.8.8:1", "tcp://10.0.0.1:1", "https://example.com", "tcp://[fd00::1]:1"],
    denied: ["tcp://169.254.1.1:1", "tcp://[fe80::1]:1", "udp://8.8.8.8:1"],
  },
  {
    line: "0.0.0.0/0 and ::/0 are `*`",
    net: ["0.0.0.0/0:80", "[::/0]:443"],
    allowed: ["tcp://8.8.8.8:80", "tcp://[2606::1]:80", "tcp://8.8.8.8:443", "tcp://example.com:80"],
    denied: ["tcp://169.254.1.1:80", "tcp://[fe80::1]:443"],
  },
  {
    line: "... and to deny everything denies link-local as well (the safer reading)",
    net: { allow: FULL, deny: ["0.0.0.0/0"] },
    denied: ["tcp://8.8.8.8:1", "tcp://[fd00::1]:1", "tcp://169.254.1.1:1", "udp://[fe80::1]:1", "https://example.com"],
  },
]);
