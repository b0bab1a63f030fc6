// OpenID Connect Session Management 1.0, section 3.3: answers "unchanged", "changed" or "error" to the frame that asks.
// A message is "client_id session_state"; idp/session_state.py makes session_state.

function browserState() {
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith("glc_browser_state="));
  return found ? found.slice(found.indexOf("=") + 1) : "";
}

async function sha256(text) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)); // only where https, or localhost
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function answer(message, origin) {
  const [, clientId, hash, salt] = /^(\S+) ([0-9a-f]{64})\.(\S+)$/.exec(String(message)) || [];
  if (!salt) return "error";
  const now = await sha256([clientId, origin, browserState(), salt].join(" "));
  return now === hash ? "unchanged" : "changed";
}

addEventListener("message", async (event) => {
  if (!event.source) return; // whoever asked is gone
  const status = await answer(event.data, event.origin).catch(() => "error");
  event.source.postMessage(status, event.origin === "null" ? "*" : event.origin);
});
