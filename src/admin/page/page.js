// @ts-check
/**
 * The admin page: asks `/workloads` every second and draws what it says. Every text becomes a text node, so that nothing a
 * client or a guest wrote can become markup.
 */

const INTERVAL_MS = 1_000;
const SVG = "http://www.w3.org/2000/svg";
/** The bounds of the gateway's buckets, as labels. */
const BUCKETS = [
  "0.5",
  "1",
  "2.5",
  "5",
  "10",
  "25",
  "50",
  "100",
  "250",
  "500",
  "1k",
  "2.5k",
  "5k",
  "10k",
  "30k",
  "more",
];

/** @type {{ atMs: number, total: number } | undefined} */
let before;

await refresh();
setInterval(() => void refresh(), INTERVAL_MS);

async function refresh() {
  try {
    const response = await fetch("/workloads", { signal: AbortSignal.timeout(5 * INTERVAL_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    draw(await response.json());
  } catch (error) {
    show("state", el("span", { class: "bad" }, `no answer: ${error instanceof Error ? error.message : String(error)}`));
  }
}

/** @param {any} status */
function draw(status) {
  show("gateway", `${status.version} at ${status.url}, since ${new Date(status.startedAt).toLocaleString()}`);
  show("state", stateOf(status.readiness));
  show("figures", ...figures(status));
  show("workloads", ...status.workloads.map((/** @type {any} */ workload) => card(workload, status.totals)));
  const events = status.recent.map(eventLine);
  show("events", ...(events.length > 0 ? events : [el("li", { class: "quiet" }, "Nothing yet")]));
}

/** @param {any} readiness */
function stateOf(readiness) {
  return readiness.isReady
    ? el("span", { class: "good" }, "ready")
    : el("span", { class: "warn" }, readiness.waitsFor.join("; "));
}

/** @param {any} status */
function figures({ live, totals }) {
  const total = sum(totals.requests.map((/** @type {any} */ count) => count.total));
  const nowMs = performance.now();
  const rate = before === undefined ? 0 : ((total - before.total) * 1000) / (nowMs - before.atMs);
  before = { atMs: nowMs, total };
  return [
    figure("requests/s", Math.max(0, rate).toFixed(rate < 10 ? 1 : 0)),
    figure("in flight", live.requests),
    figure("instances", live.instances),
    figure("idle instances", live.idleInstances),
    figure("loopback connections", live.loopbackConnections),
    figure("outside connections", live.egressConnections),
    figure("requests", total),
    figure("denials", sum(totals.denied.map((/** @type {any} */ count) => count.total))),
  ];
}

/**
 * @param {string} name
 * @param {string | number} value
 */
function figure(name, value) {
  return el("div", { class: "figure" }, el("b", {}, String(value)), el("span", { class: "quiet" }, name));
}

/**
 * @param {any} workload
 * @param {any} totals
 */
function card(workload, totals) {
  const own = (/** @type {any[]} */ counts) => counts.filter((count) => count.workload === workload.name);
  const [requests, denied, limited] = [own(totals.requests), own(totals.denied), own(totals.limited)];
  return el(
    "article",
    { id: `workload-${workload.name}` },
    el("h3", {}, workload.name),
    picture(workload),
    routeTable(workload, requests),
    histogram(requests),
    el("p", { class: "quiet" }, footnote(workload, denied, limited)),
  );
}

/**
 * @param {any} workload
 * @param {any[]} denied
 * @param {any[]} limited
 */
function footnote({ service }, denied, limited) {
  const total = (/** @type {any[]} */ counts) => sum(counts.map((count) => count.total));
  const parts = [`${total(denied)} denials`, `${total(limited)} times at a limit`];
  if (service !== undefined) parts.push(`${service.restarts} restarts of the service`);
  if (service?.lastEnd !== undefined) parts.push(`it ended last because ${service.lastEnd}`);
  return parts.join(", ");
}

/**
 * Components left, the service right, the private network around both, the outside below.
 * @param {any} workload
 */
function picture({ name, routes, service, network }) {
  const rowHeight = 34;
  const height = Math.max(routes.length, 1) * rowHeight + 76;
  const middle = 30 + (Math.max(routes.length, 1) * rowHeight) / 2;
  const parts = [
    svg("rect", { class: "network", x: 4, y: 14, width: 552, height: height - 48, rx: 10 }),
    svg("text", { class: "quiet", x: 16, y: 10 }, "private network, 127.0.0.1 and ::1"),
  ];
  routes.forEach((/** @type {any} */ route, /** @type {number} */ index) => {
    const y = 24 + index * rowHeight;
    parts.push(
      svg("rect", { class: "box", x: 16, y, width: 250, height: 26, rx: 5 }),
      svg("text", { x: 24, y: y + 18 }, clipped(`${(route.methods ?? ["any"]).join(",")} ${route.path}`, 34)),
    );
    if (service !== undefined) {
      parts.push(svg("path", { class: "wire", d: `M266 ${y + 13} C 310 ${y + 13}, 320 ${middle}, 366 ${middle}` }));
    }
  });
  if (service !== undefined) {
    const ports = network.listening.length === 0 ? "listens nowhere" : `listens on ${network.listening.join(", ")}`;
    parts.push(
      svg("rect", { class: "box", x: 366, y: middle - 22, width: 178, height: 44, rx: 5 }),
      svg(
        "text",
        { x: 376, y: middle - 4 },
        "service ",
        svg("tspan", { class: stateClass(service.state) }, service.state),
      ),
      svg("text", { class: "quiet", x: 376, y: middle + 14 }, ports),
    );
  }
  const flow =
    `${network.connections} connections inside, ${network.outside} to the outside, ${network.sockets} sockets`;
  parts.push(svg("text", { class: "quiet", x: 16, y: height - 12 }, flow));
  return svg("svg", { viewBox: `0 0 560 ${height}`, role: "img", "aria-label": `The network of ${name}` }, ...parts);
}

/**
 * @param {any} workload
 * @param {any[]} requests
 */
function routeTable({ routes }, requests) {
  const head = ["route", "inside", "requests", "4xx", "5xx", "mean ms", "cpu ms"];
  const rows = routes.map((/** @type {any} */ route) => {
    const count = requests.find((each) => each.route === route.name);
    const mean = (/** @type {number} */ seconds) =>
      count === undefined ? "" : ((seconds * 1000) / count.total).toFixed(2);
    return [
      route.name,
      route.inside,
      count?.total ?? 0,
      count?.byClass["4xx"] ?? 0,
      count?.byClass["5xx"] ?? 0,
      mean(count?.secondsTotal),
      mean(count?.cpuSecondsTotal),
    ];
  });
  const cells = (/** @type {string} */ tag, /** @type {any[]} */ values) =>
    el("tr", {}, ...values.map((value, index) => el(tag, index === 0 ? {} : { class: "number" }, String(value))));
  return el("table", {}, cells("th", head), ...rows.map((/** @type {any[]} */ row) => cells("td", row)));
}

/** @param {any[]} requests */
function histogram(requests) {
  const buckets = BUCKETS.map((_, index) => sum(requests.map((count) => count.buckets[index] ?? 0)));
  const most = Math.max(1, ...buckets);
  const width = 560 / BUCKETS.length;
  const bars = buckets.flatMap((value, index) => {
    const height = (value / most) * 54;
    const x = index * width;
    return [
      svg("rect", { class: "bar", x: x + 3, y: 60 - height, width: width - 6, height }, svg("title", {}, `${value}`)),
      svg("text", { class: "quiet", x: x + width / 2, y: 76, "text-anchor": "middle" }, BUCKETS[index] ?? ""),
    ];
  });
  return svg(
    "svg",
    { viewBox: "0 0 560 82", role: "img", "aria-label": "Durations of requests, up to so many ms" },
    ...bars,
  );
}

/** @param {any} event */
function eventLine({ time, kind, ...event }) {
  const guest = event.guest ?? event;
  const who = [guest.workload, guest.route].filter(Boolean).join("/");
  const what = event.detail ?? event.rule ?? "";
  const name = event.state ?? event.outcome ?? event.limit ?? [event.operation, event.target].filter(Boolean).join(" ");
  return el(
    "li",
    {},
    el("span", { class: "quiet" }, `${new Date(time).toLocaleTimeString()} `),
    el("b", {}, `${who} `),
    el("span", { class: stateClass(String(name)) }, `${kind} ${name} `),
    what,
  );
}

/** @param {string} state */
function stateClass(state) {
  if (["ready", "completed", "added", "replaced"].includes(state)) return "good";
  return ["failed", "trapped", "kept", "refused"].includes(state) ? "bad" : "warn";
}

/**
 * @param {string} text
 * @param {number} length
 */
function clipped(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * @param {string} id
 * @param {...(Node | string)} children
 */
function show(id, ...children) {
  document.getElementById(id)?.replaceChildren(...children);
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
