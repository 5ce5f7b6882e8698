// One key a command on the queue: each presses the button or link that is there without script too.
// Also keeps an open item its reader's, and blurred text from being read out before it is asked for.
"use strict";

const IDLE_MINUTES = 10; // after this long without a touch an item is let go
let queue = null;
let dialog = null;
let busy = false;
let touched = Date.now();
let renewals = 0;

function typing(element) {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  return element.matches("input") && !/^(checkbox|radio|submit|button)$/.test(element.type);
}

function pressed(key) {
  for (const each of document.querySelectorAll("[data-press]")) {
    if (each.dataset.press.split(" ").includes(key)) return each;
  }
  return null;
}

function act(event) {
  touched = Date.now();
  if (queue?.dataset.keys !== "on") return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
  if (event.key === "Escape" && !dialog.open) {
    const cancel = pressed("Escape");
    if (typing(event.target)) event.target.blur();
    else if (cancel) cancel.click();
    return;
  }
  if (dialog.open || typing(event.target)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const target = key === "Escape" ? null : pressed(key);
  if (!target || target.disabled || busy) return;
  event.preventDefault();
  target.click();
}

function veil() {
  const shown = document.getElementById("reveal");
  const hide = shown !== null && !shown.checked;
  for (const each of document.querySelectorAll(".veil, .veil-words q")) {
    if (hide) each.setAttribute("aria-hidden", "true");
    else each.removeAttribute("aria-hidden");
  }
}

async function renew() {
  if (document.hidden || Date.now() - touched > IDLE_MINUTES * 60_000) return;
  const open = queue;
  const token = document.querySelector("input[name=csrf]");
  const answer = await fetch(open.dataset.claim, {
    method: "POST",
    headers: { "x-csrf-token": token ? token.value : "", accept: "application/json" },
  });
  if (!answer.ok || answer.redirected) return;
  const { said } = await answer.json();
  const told = open.querySelector(".told");
  // A screen reader speaks a change only: the same words are not said again.
  if (told.textContent !== said) told.textContent = said;
  told.hidden = said === "";
}

// What an item needs, when the page has loaded and each time that swap.js has put the next one in.
function begin() {
  busy = false;
  clearInterval(renewals);
  queue = document.querySelector(".queue");
  dialog = document.getElementById("keys");
  if (!queue) return;
  const keys = queue.dataset.keys === "on";
  queue.classList.toggle("keys-live", keys);
  for (const each of keys ? document.querySelectorAll("[data-press]") : []) {
    const names = each.dataset.press.split(" ");
    each.setAttribute("aria-keyshortcuts", names.map((n) => (n === "?" ? "Shift+?" : n)).join(" "));
  }
  for (const each of document.querySelectorAll("[data-opens]")) each.hidden = false;
  veil();
  const seconds = Number(queue.dataset.renew);
  if (queue.dataset.claim && seconds > 0) {
    renewals = setInterval(() => renew().catch(() => {}), seconds * 1000);
  }
}

document.addEventListener("keydown", act);
document.addEventListener("pointerdown", () => { touched = Date.now(); });
document.addEventListener("change", (event) => { if (event.target.id === "reveal") veil(); });
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
});
// A second press while the first is under way decides nothing.
document.addEventListener("submit", (event) => {
  if (event.target.method === "dialog") return;
  if (busy) event.preventDefault();
  busy = true;
});
document.addEventListener("swapping", () => { busy = true; });
document.addEventListener("swapped", begin);
window.addEventListener("pageshow", () => { busy = false; });
begin();
