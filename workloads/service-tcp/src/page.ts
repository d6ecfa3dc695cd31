/** The page at `/`: a form for the service, without anything from elsewhere. */

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>service-tcp · Loopgate</title>
<style>
  :root { color-scheme: light dark; --ink: #1d2433; --soft: #5c667a; --paper: #f4f6fa; --card: #fff; --line: #d9dfea; --accent: #4056d6; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e8ecf5; --soft: #9aa5bb; --paper: #11151f; --card: #1a2030; --line: #2c3448; --accent: #8195ff; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink);
    font: 1rem/1.55 system-ui, sans-serif; }
  main { width: min(34rem, 100%); background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 2rem; }
  h1 { margin: 0; font-size: 1.4rem; letter-spacing: -0.01em; }
  p { margin: 0.4rem 0 1.4rem; color: var(--soft); }
  label { display: block; font-weight: 600; margin-bottom: 0.4rem; }
  textarea, output { display: block; width: 100%; padding: 0.75rem 0.9rem; border: 1px solid var(--line); border-radius: 9px;
    font: 1rem/1.5 ui-monospace, monospace; color: inherit; background: var(--paper); }
  textarea { resize: vertical; min-height: 5.5rem; }
  textarea:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  button { margin: 1rem 0; padding: 0.6rem 1.3rem; border: 0; border-radius: 9px; font: inherit; font-weight: 600; color: var(--card);
    background: var(--accent); cursor: pointer; }
  button:disabled { opacity: 0.6; cursor: progress; }
  output { min-height: 3.2rem; white-space: pre-wrap; overflow-wrap: anywhere; }
  output.failed { color: #c8364a; }
</style>
</head>
<body>
<main>
  <h1>Leet, over a private loopback</h1>
  <p>The component that serves this page sends your text to the workload's service at 127.0.0.1:7777, which no one else can reach.</p>
  <form id="task">
    <label for="payload">Text</label>
    <textarea id="payload" required autofocus>Hello from Loopgate</textarea>
    <button>Send</button>
    <output id="answer" for="payload" aria-live="polite"></output>
  </form>
</main>
<script>
  const form = document.getElementById("task");
  const button = form.querySelector("button");
  const answer = document.getElementById("answer");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    let isGood = false;
    try {
      const response = await fetch("/task", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ payload: document.getElementById("payload").value }),
      });
      isGood = response.ok;
      answer.textContent = isGood ? await response.text() : response.status + " " + (await response.text());
    } catch {
      answer.textContent = "The gateway cannot be reached";
    }
    answer.className = isGood ? "" : "failed";
    button.disabled = false;
  });
</script>
</body>
</html>
`;
