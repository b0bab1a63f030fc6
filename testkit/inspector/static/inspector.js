// Follows what happens: asks whether the page has changed, and takes its new content; what is open stays open.
const EVERY_IN = 1000;
let tag = null;

function show(within) {
  within.querySelectorAll(".with-script").forEach((each) => { each.hidden = false; });
  within.querySelectorAll(".unless-script").forEach((each) => { each.hidden = true; });
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  } catch {
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy)); // left to the keyboard
  }
}

function replace(live, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  if (!fresh || fresh.innerHTML === shown) return;
  shown = fresh.innerHTML;
  const open = Array.from(live.querySelectorAll("details[open][id]"), (each) => each.id);
  const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
  live.replaceChildren(...fresh.childNodes);
  open.forEach((id) => { const each = document.getElementById(id); if (each) each.open = true; });
  show(live);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  const news = document.getElementById("news");
  news.textContent = news.dataset.news;
}

async function look(live, follow) {
  if (follow.checked && !document.hidden && getSelection().isCollapsed) {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch(location.href, { headers, cache: "no-store" }).catch(() => null);
    if (answer?.ok) {
      replace(live, await answer.text());
      tag = answer.headers.get("ETag");
    }
  }
  setTimeout(look, EVERY_IN, live, follow);
}

const [live, follow] = [document.getElementById("live"), document.getElementById("follow")];
let shown = live?.innerHTML;
show(document);
document.addEventListener("click", (event) => {
  const button = event.target.closest(".copy");
  if (button) copy(button);
});
if (live && follow) look(live, follow);
