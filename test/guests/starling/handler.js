// A test guest on StarlingMonkey: a fetch-event handler that streams, and uses what only this engine offers.
addEventListener("fetch", (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  const url = new URL(request.url);
  if (url.pathname === "/echo") return new Response(request.body, { headers: { "x-made-by": "StarlingMonkey" } });
  if (url.pathname === "/time") {
    const before = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return new Response(`slept ${Date.now() - before >= 20}\n`);
  }
  const text = await request.text();
  return new Response(`${request.method} ${url.pathname} ${new TextEncoder().encode(text).length}\n`, { status: 201 });
}
