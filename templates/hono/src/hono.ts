/** A Hono application as a handler. The path is matched as the client sent it, so the route's own part stands in it. */
import { Hono } from "hono";

const app = new Hono().basePath("/hono");

app.get("/", (c) => c.text("Hello from Hono\n"));
app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name") }));
app.post("/echo", async (c) => c.json(await c.req.json()));

export default app;
