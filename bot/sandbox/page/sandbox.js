// The list of rooms beside the one that is shown. Each room is simcord's page in a frame.

const LOOK_EVERY = 1500; // milliseconds
const NEWEST = 5; // threads that are listed before anybody opened them
const MARKS = { channel: "#", forum: "▤", thread: "↳", dm: "@" };
const HEADINGS = { channel: "Channels", forum: "Forums", dm: "Direct messages" };

const byId = (id) => document.getElementById(id);
const seen = new Map(); // place id → the newest message when it was last shown
let session = null;
let places = [];

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

const shownPlace = () => places.find((place) => place.id === location.hash.slice(1)) ?? places[0];
const inside = (place) => places.filter((other) => other.parent_id === place.id);
const isUnread = (place) =>
  place.kind === "forum"
    ? inside(place).some(isUnread)
    : place.last_message_id !== "0" && seen.get(place.id) !== place.last_message_id;

function ago(moment) {
  const minutes = Math.round((Date.parse(moment) - Date.now()) / 60000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes > -1) return "just now";
  if (minutes > -60) return words.format(minutes, "minute");
  return words.format(Math.round(minutes / 60), "hour");
}

function listed(parent) {
  const threads = inside(parent).reverse();
  return threads.filter((thread, index) => index < NEWEST || byId(`room-${thread.id}`));
}

function link(place, shown) {
  const item = make("a", undefined, place.parent_id ? "inside" : "");
  item.href = `#${place.id}`;
  item.append(make("b", MARKS[place.kind]), make("span", place.name));
  item.classList.toggle("unread", isUnread(place));
  if (place === shown) item.setAttribute("aria-current", "page");
  return item;
}

function showList(shown) {
  const items = [];
  for (const [kind, heading] of Object.entries(HEADINGS)) {
    items.push(make("h2", heading));
    for (const place of places.filter((other) => other.kind === kind)) {
      items.push(...[place, ...listed(place)].map((one) => link(one, shown)));
    }
  }
  byId("places").replaceChildren(...items);
  const unread = places.filter((place) => place.kind !== "forum" && isUnread(place)).length;
  document.title = (unread ? `(${unread}) ` : "") + "Paperwire sandbox";
}

function post(place) {
  const card = make("a");
  card.href = `#${place.id}`;
  const replies = place.messages - 1;
  const count = replies === 1 ? "1 reply" : `${replies} replies`;
  card.append(
    ...place.tags.map((tag) => make("span", tag, "tag")),
    make("strong", place.name),
    make("small", `${count} · ${ago(place.created_at)}`),
  );
  const item = make("li");
  item.append(card);
  return item;
}

function showForum(forum) {
  const posts = inside(forum).reverse();
  byId("forum-name").textContent = forum.name;
  byId("forum-about").textContent = posts.length
    ? "Each post is a paper with its own talk."
    : "No posts yet. A feed in the forum style posts here.";
  byId("posts").replaceChildren(...posts.map(post));
}

function showRoom(place) {
  if (!byId(`room-${place.id}`)) {
    const frame = make("iframe");
    frame.id = `room-${place.id}`;
    frame.title = place.name;
    frame.src = `/rooms/${place.id}`;
    byId("rooms").append(frame);
  }
  seen.set(place.id, place.last_message_id);
}

function show() {
  const place = shownPlace();
  if (!place) return;
  const isForum = place.kind === "forum";
  byId("forum").hidden = !isForum;
  if (isForum) showForum(place);
  else showRoom(place);
  for (const frame of document.querySelectorAll("iframe")) {
    frame.classList.toggle("shown", frame.id === `room-${place.id}`);
  }
  showList(place);
}

function type(command) {
  if (shownPlace().kind === "forum") {
    location.hash = places[0].id; // nothing can be typed in a forum itself
    show();
  }
  const room = document.querySelector("iframe.shown")?.contentDocument;
  const box = room?.getElementById("channel-composer-input");
  if (!box) return;
  box.focus();
  box.value = command;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function introduce(news) {
  session = news.session;
  byId("server").textContent = news.server;
  const hints = news.hints.map((hint) => {
    const button = make("button");
    button.append(make("code", hint.command), make("span", hint.why));
    button.addEventListener("click", () => type(hint.command));
    const item = make("li");
    item.append(button);
    return item;
  });
  byId("hints").replaceChildren(...hints);
}

async function look() {
  try {
    const news = await (await fetch("/places.json", { cache: "no-store" })).json();
    if (session && session !== news.session) return location.reload();
    if (!session) introduce(news);
    const changed = JSON.stringify(places) !== JSON.stringify(news.places);
    places = news.places;
    if (changed) show();
    byId("gone").hidden = true;
  } catch {
    byId("gone").hidden = false;
  }
  setTimeout(look, LOOK_EVERY);
}

addEventListener("hashchange", show);
look();
