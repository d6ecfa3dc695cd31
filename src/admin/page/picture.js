// @ts-check
/** What is drawn of a workload: its private network, and how long its requests took. */
import { clipped, counted, el, stateClass, sum, svg } from "./elements.js";

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

/** Narrow windows get a picture that is narrow itself: a wide one would be scaled down until nobody can read it. */
const narrow = matchMedia("(max-width: 40rem)");
const [WIDTH, NARROW_WIDTH] = [560, 350];
/** What a letter of a picture takes, rather more than less. */
const LETTER = 7.2;
const ROW_HEIGHT = 34;

function width() {
  return narrow.matches ? NARROW_WIDTH : WIDTH;
}

/**
 * Components left, the service right, the private network around both, the outside below, behind the policy.
 * @param {any} workload
 * @param {any[]} denied
 */
export function picture({ name, routes, service, network }, denied) {
  const inside = Math.max(routes.length * ROW_HEIGHT, 44) + 12;
  const [top, bottom] = [20, 20 + inside];
  const middle = top + inside / 2;
  const [serviceWidth, outsideWidth] = [narrow.matches ? 130 : 178, narrow.matches ? 210 : 240];
  const serviceLeft = width() - 16 - serviceWidth;
  const routeWidth = service === undefined ? width() - 32 : serviceLeft - (narrow.matches ? 44 : 116);
  const outsideLeft = width() - 4 - outsideWidth;
  const parts = [
    svg("text", { class: "quiet", x: 16, y: 12 }, "private network, 127.0.0.1 and ::1"),
    svg("rect", { class: "network", x: 4, y: top, width: width() - 8, height: inside, rx: 10 }),
  ];
  routes.forEach((/** @type {any} */ route, /** @type {number} */ index) => {
    const y = middle - (routes.length * ROW_HEIGHT) / 2 + 4 + index * ROW_HEIGHT;
    const [right, line] = [16 + routeWidth, y + 13];
    const text = clippedRoute(route, Math.floor((routeWidth - 16) / LETTER));
    parts.push(
      svg("rect", { class: "box", x: 16, y, width: routeWidth, height: 26, rx: 5 }),
      svg("text", { x: 24, y: y + 18 }, text, svg("title", {}, routeText(route, route.methods, route.host))),
    );
    if (service !== undefined) {
      const bend = (right + serviceLeft) / 2;
      const d = `M${right} ${line} C ${bend} ${line}, ${bend} ${middle}, ${serviceLeft} ${middle}`;
      parts.push(svg("path", { class: wireClass(service.state), d }));
    }
  });
  if (service !== undefined) {
    const ports = network.listening.length === 0 ? "listens nowhere" : `listens on ${network.listening.join(", ")}`;
    const x = serviceLeft + 10;
    const state = svg("tspan", { class: stateClass(service.state) }, service.state);
    parts.push(
      svg("rect", { class: "box", x: serviceLeft, y: middle - 22, width: serviceWidth, height: 44, rx: 5 }),
      svg("text", { x, y: middle - 4 }, "service ", state),
      svg("text", { class: "quiet", x, y: middle + 14 }, clipped(ports, Math.floor((serviceWidth - 16) / LETTER))),
    );
  }
  const flow = `${counted(network.connections, "connection")} inside, ${counted(network.sockets, "socket")}`;
  // A component that may not bind wanted to listen inside.
  const kept = sum(denied.filter(({ operation }) => !operation.includes("bind")).map((count) => count.total));
  const gate = outsideLeft + outsideWidth / 2;
  parts.push(
    svg("text", { class: "quiet", x: 16, y: bottom + (narrow.matches ? 64 : 35) }, flow),
    svg("path", { class: network.outside > 0 ? "wire" : "closed", d: `M${gate} ${bottom} V ${bottom + 18}` }),
    svg("rect", { class: "box", x: outsideLeft, y: bottom + 18, width: outsideWidth, height: 26, rx: 5 }),
    svg(
      "text",
      { x: outsideLeft + 10, y: bottom + 35 },
      `outside: ${network.outside} open, `,
      svg("tspan", kept > 0 ? { class: "warn" } : {}, `${kept} denied`),
    ),
  );
  const size = `0 0 ${width()} ${bottom + (narrow.matches ? 74 : 50)}`;
  return svg("svg", { viewBox: size, role: "img", "aria-label": `The network of ${name}` }, ...parts);
}

/** @param {string} state */
function wireClass(state) {
  return state === "ready" || state === "completed" ? "wire" : "closed";
}

/**
 * @param {any} route
 * @param {string[] | undefined} methods
 * @param {string} host
 */
function routeText({ path }, methods, host) {
  return `${(methods ?? ["any"]).join(",")} ${host === "*" ? "" : host}${path}`;
}

/**
 * Its path tells a route from its neighbours, so methods and host get shorter first.
 * @param {any} route
 * @param {number} length
 */
function clippedRoute(route, length) {
  const methods = route.methods?.length > 2 ? [counted(route.methods.length, "method")] : route.methods;
  const texts = [
    routeText(route, route.methods, route.host),
    routeText(route, methods, route.host),
    routeText(route, methods, route.host === "*" ? "*" : clipped(route.host, 10)),
  ];
  return clipped(texts.find((text) => text.length <= length) ?? texts[2] ?? "", length);
}

/** @param {any[]} requests */
export function histogram(requests) {
  if (requests.length === 0) return el("p", { class: "quiet" }, "no requests yet");
  const buckets = BUCKETS.map((_, index) => sum(requests.map((count) => count.buckets[index] ?? 0)));
  const most = Math.max(1, ...buckets);
  const step = width() / BUCKETS.length;
  const bars = buckets.flatMap((value, index) => {
    const height = (value / most) * 54;
    const x = index * step;
    return [
      svg("rect", { class: "bar", x: x + 3, y: 60 - height, width: step - 6, height }, svg("title", {}, `${value}`)),
      // Narrow bars have no room for a label each.
      ...(narrow.matches && index % 2 === 1
        ? []
        : [svg("text", { class: "quiet", x: x + step / 2, y: 76, "text-anchor": "middle" }, BUCKETS[index] ?? "")]),
    ];
  });
  const label = "requests by duration, up to so many ms";
  return svg(
    "svg",
    { viewBox: `0 0 ${width()} 98`, role: "img", "aria-label": label },
    ...bars,
    svg("text", { class: "quiet", x: width() / 2, y: 94, "text-anchor": "middle" }, label),
  );
}
