// Put into simcord's page of a room: makes typing a command go as it does on Discord.

const status = document.getElementById("action-status");
const form = document.getElementById("channel-composer");
const trouble = document.createElement("p");
trouble.id = "trouble";
trouble.hidden = true;
trouble.setAttribute("role", "alert");
document.body.append(trouble);

new MutationObserver(() => {
  trouble.hidden = !/not completed|uncertain|unavailable|ended/.test(status.textContent);
  trouble.textContent = /ended|unavailable/.test(status.textContent)
    ? "This room was closed. Reload the page."
    : "That was not answered. The bot's log may say why.";
}).observe(status, { childList: true, characterData: true, subtree: true });

// simcord loses the end of the conversation when the box below it grows or shrinks.
const timeline = document.getElementById("channel-timeline");
let follows = true; // the newest message, as long as nobody scrolled away from it
let touchedAt = -Infinity; // milliseconds

const isAtEnd = () => timeline.scrollHeight - timeline.scrollTop - timeline.clientHeight < 40;

function toEnd() {
  if (follows) timeline.scrollTop = timeline.scrollHeight;
}

for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
  timeline.addEventListener(kind, () => (touchedAt = performance.now()), { passive: true });
}
timeline.addEventListener("scroll", () => {
  if (performance.now() - touchedAt < 1000) follows = isAtEnd();
  else if (!isAtEnd()) toEnd();
});
form.addEventListener("submit", () => (follows = true), true);
document.getElementById("history-older").addEventListener("click", () => (follows = false), true);
document.getElementById("new-messages").addEventListener("click", () => (follows = true), true);
const sizes = new ResizeObserver(toEnd);
sizes.observe(timeline);
sizes.observe(document.getElementById("channel-message-list"));

// simcord lists an option's values again once one is chosen, so Enter would choose it for ever;
// and Enter on a command that needs nothing more would open its options instead of sending it.
let browsing = false; // whether an arrow key moved in the list since

function isReady(target) {
  if (!target.matches(".command-chip, .command-mention, .command-option-input")) return false;
  const listed = [...document.querySelectorAll(".command-suggestion")];
  if (!listed.length || target.matches(".command-mention")) return true;
  if (browsing) return false;
  const isChosen = (item) => item.dataset.value.toLowerCase() === target.value.toLowerCase();
  return target.matches(".command-chip") || listed.some(isChosen);
}

addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Enter" && !event.isComposing && isReady(event.target)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      form.requestSubmit();
    }
    browsing = event.key.startsWith("Arrow");
  },
  true,
);

// simcord drops what is sent while it waits for something else, for suggestions above all.
function isBusy() {
  const { pendingAction, awaitingRevision, publishedRevision } = window.simcordPreview;
  return pendingAction !== null || (awaitingRevision ?? 0) > publishedRevision;
}

addEventListener(
  "submit",
  (event) => {
    if (!isBusy()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => form.requestSubmit(), 50);
  },
  true,
);

// Discord asks the bot for suggestions before the first letter; simcord waits for it.
addEventListener("focusin", ({ target }) => {
  const isEmpty = target.matches(".command-option-input") && !target.value;
  if (isEmpty && document.querySelector(".command-empty")) {
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// simcord's messages have no menu, where Discord has the commands that apps offer there.
const menu = document.createElement("div");
menu.id = "message-menu";
menu.hidden = true;
menu.setAttribute("role", "menu");
document.body.append(menu);

const menuAddress = () => `/menu/${encodeURIComponent(window.simcordPreview.contextId)}`;

async function choose(name, messageId) {
  menu.hidden = true;
  const answer = await fetch(menuAddress(), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, message_id: messageId }),
  });
  trouble.hidden = answer.ok;
  trouble.textContent = "That was not answered. The bot's log may say why.";
}

async function openMenu(messageId, x, y) {
  const names = await (await fetch(menuAddress(), { cache: "no-store" })).json();
  const entries = names.map((name) => {
    const entry = document.createElement("button");
    entry.type = "button";
    entry.setAttribute("role", "menuitem");
    entry.textContent = name;
    entry.addEventListener("click", () => choose(name, messageId));
    return entry;
  });
  menu.replaceChildren(...entries);
  menu.hidden = !entries.length;
  menu.style.left = `${Math.min(x, innerWidth - menu.offsetWidth - 8)}px`;
  menu.style.top = `${Math.min(y, innerHeight - menu.offsetHeight - 8)}px`;
  entries[0]?.focus();
}

addEventListener("contextmenu", (event) => {
  const message = event.target.closest("[data-message-id]");
  if (!message || event.target.closest("a")) return; // a link has the browser's own
  event.preventDefault();
  openMenu(message.dataset.messageId, event.clientX, event.clientY);
});
addEventListener("pointerdown", ({ target }) => (menu.hidden ||= !menu.contains(target)), true);
addEventListener("keydown", ({ key }) => (menu.hidden ||= key === "Escape"), true);
