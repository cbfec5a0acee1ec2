// Small comforts; every page works without them. Nothing here makes markup: pieces of pages come ready from the server.
"use strict";

const find = (selector, root = document) => root.querySelector(selector);

// A form is sent once, however often the button is pressed. The server knows a repeated id as well.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.matches("[data-composer]")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});

// Files over the limits are refused before they travel: the server would refuse them too, after minutes, with the text that was typed.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (!field.matches("input[type=file][data-count]")) return;
  const sizes = Array.from(field.files, (file) => file.size);
  const { count, largest, total, rule } = field.dataset;
  const fits = sizes.length <= Number(count) && Math.max(0, ...sizes) <= Number(largest) && sizes.reduce((sum, size) => sum + size, 0) <= Number(total);
  field.setCustomValidity(fits ? "" : rule);
  field.reportValidity();
});

// Ctrl+Enter sends any longer text.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) event.target.form.requestSubmit();
});

// The reasons of an urgent request are asked only when it is urgent.
const urgency = find("[data-urgency]");
if (urgency) {
  const reasons = find("[data-reasons]");
  const show = () => { reasons.hidden = urgency.value !== "urgent"; };
  urgency.addEventListener("change", show);
  show();
}

const freshId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function say(trouble) {
  const place = find("[data-trouble]");
  if (!place) return;
  place.replaceChildren();
  if (!trouble) return;
  const line = document.createElement("p");
  line.className = "trouble";
  line.setAttribute("role", "alert");
  line.textContent = trouble;
  place.append(line);
}

// Posts a form's data and stays on the page. Resolves to true when the server has it.
async function send(action, body) {
  try {
    const answer = await fetch(action, { method: "POST", body, headers: { accept: "application/json" }, credentials: "same-origin" });
    if (answer.ok) { say(""); return true; }
    const told = await answer.json().catch(() => ({}));
    say(told.error || document.title);
  } catch {
    const offline = find("[data-offline]");
    say(offline ? offline.dataset.offline : "");
  }
  return false;
}

// Lists and talks keep themselves up to date: the page is fetched again and what changed in it is exchanged, unless it is being used.
const fresh = Array.from(document.querySelectorAll("[data-refresh][id]"));
if (fresh.length) {
  const renew = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const there = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const { id } of fresh) {
      const old = document.getElementById(id);
      const now = there.getElementById(id);
      if (old && now && !old.contains(document.activeElement) && !find("details[open]", old) && old.innerHTML !== now.innerHTML) old.replaceWith(now);
    }
  };
  setInterval(() => { renew().catch(() => {}); }, 10000);
}

const live = find("[data-updates]");
if (live) {
  const log = live.matches("[data-log]") ? live : find("[data-log]", live);
  const isChat = live.matches("[data-chat]");
  const typing = find("[data-typing]");
  const toEnd = () => { if (isChat) log.scrollTop = log.scrollHeight; };
  let after = Number(live.dataset.after);
  let rest = 0;

  function showTyping(seconds) {
    if (!typing) return;
    clearTimeout(rest);
    typing.hidden = !(seconds > 0);
    if (seconds > 0) rest = setTimeout(() => { typing.hidden = true; }, seconds * 1000);
  }

  const slotOf = (element) => element.dataset.slot || `row:${element.dataset.id}`;
  const pieces = () => Array.from(log.children).filter((child) => child.dataset.id);

  // A piece of the page from the server, put where its number belongs; a newer one takes the place of what it replaces.
  function put(item) {
    const here = pieces().find((child) => slotOf(child) === item.slot);
    const piece = new DOMParser().parseFromString(item.html, "text/html").body.firstElementChild;
    find("[data-welcome]", log)?.remove();
    if (here) {
      // The same piece may have changed: a button that was pressed elsewhere is gone.
      const isOlder = item.id < Number(here.dataset.id);
      if (!isOlder && here.innerHTML !== piece.innerHTML && !here.contains(document.activeElement)) here.replaceWith(piece);
      return;
    }
    piece.classList.add("new-here");
    const later = pieces().find((child) => (isChat ? Number(child.dataset.id) > item.id : Number(child.dataset.id) < item.id));
    log.insertBefore(piece, later || null);
  }

  async function look(wait) {
    const answer = await fetch(`${live.dataset.updates}?after=${after}&wait=${wait}`, { headers: { accept: "application/json" }, credentials: "same-origin" });
    if (answer.status === 401 || answer.redirected) { location.href = "/login"; return; }
    if (!answer.ok) throw new Error(String(answer.status));
    const news = await answer.json();
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
    news.items.forEach(put);
    after = Math.max(after, news.last);
    showTyping(news.reading_for);
    if (wasAtEnd && news.is_new) toEnd();
  }

  async function keepLooking() {
    for (let failures = 0; ;) {
      if (document.hidden) { await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true })); continue; }
      try { await look(20); failures = 0; await pause(100); } catch { failures += 1; await pause(Math.min(30000, 1000 * 2 ** failures)); }
    }
  }

  // Buttons inside the log are pressed without leaving the page.
  log.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const own = Array.from(form.closest(".buttons").querySelectorAll("button"));
    own.forEach((button) => { button.disabled = true; });
    const went = await send(form.action, new URLSearchParams(new FormData(form, event.submitter)));
    if (!went) own.forEach((button) => { button.disabled = false; });
    await look(0).catch(() => {});
    toEnd();
  });

  const composer = find("[data-composer]");
  if (composer) {
    const text = composer.elements.text;
    const ticket = find("[data-ticket]");
    const to = find("[data-to-ticket]");
    const choose = (number) => {
      ticket.value = number || "";
      to.hidden = !number;
      const words = find("[data-to-words]", to);
      words.textContent = words.dataset.toWords.replace("{id}", number);
      text.focus();
    };
    log.addEventListener("click", (event) => {
      const link = event.target.closest("[data-reply]");
      if (link) { event.preventDefault(); choose(link.dataset.reply); }
    });
    find("[data-to-none]").addEventListener("click", (event) => { event.preventDefault(); choose(""); });
    // On a phone's keyboard there is no Shift+Enter: there Enter is a new line and the button sends.
    const isTouch = matchMedia("(pointer: coarse)").matches;
    text.addEventListener("keydown", (event) => {
      if (!isTouch && event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.isComposing) { event.preventDefault(); composer.requestSubmit(); }
    });
    // Lines leave in order, one after another; the field is free for the next one at once. What could not be sent comes back into it,
    // with its id: if the server had it after all, sending it again is not a second message.
    let leaving = Promise.resolve();
    const deliver = async (body) => {
      if (!await send(composer.action, body)) {
        text.value = text.value ? `${body.get("text")}\n${text.value}` : body.get("text");
        composer.elements.id.value = body.get("id");
        choose(body.get("ticket"));
        return;
      }
      await look(0).catch(() => {});
      toEnd();
    };
    composer.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!text.value.trim()) return;
      const body = new URLSearchParams(new FormData(composer));
      text.value = "";
      composer.elements.id.value = freshId();
      choose("");
      leaving = leaving.then(() => deliver(body));
    });
  }
  if (typing) showTyping(Number(typing.dataset.typing));
  toEnd();
  keepLooking();
}
