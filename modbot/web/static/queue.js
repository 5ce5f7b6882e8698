// One key a command on the queue: each presses the button or link that is there without script too.
// Also keeps an open item its reader's, and blurred text from being read out before it is asked for.
"use strict";

const queue = document.querySelector(".queue");
const dialog = document.getElementById("keys");
const told = document.querySelector(".told");
const IDLE_MINUTES = 10; // after this long without a touch an item is let go
let busy = false;
let touched = Date.now();

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

function opens(event) {
  const name = event.currentTarget.dataset.opens;
  document.getElementById(name).showModal();
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
  const token = document.querySelector("input[name=csrf]");
  const answer = await fetch(queue.dataset.claim, {
    method: "POST",
    headers: { "x-csrf-token": token ? token.value : "", accept: "application/json" },
  });
  if (!answer.ok || answer.redirected) return;
  const { said } = await answer.json();
  // A screen reader speaks a change only: the same words are not said again.
  if (told.textContent !== said) told.textContent = said;
  told.hidden = said === "";
}

if (queue) {
  const keys = queue.dataset.keys === "on";
  queue.classList.toggle("keys-live", keys);
  if (keys) {
    document.addEventListener("keydown", act);
    for (const each of document.querySelectorAll("[data-press]")) {
      const names = each.dataset.press.split(" ");
      each.setAttribute("aria-keyshortcuts", names.map((n) => (n === "?" ? "Shift+?" : n)).join(" "));
    }
  }
  for (const each of document.querySelectorAll("[data-opens]")) {
    each.hidden = false;
    each.addEventListener("click", opens);
  }
  // A second press while the first is under way decides nothing.
  document.addEventListener("submit", (event) => {
    if (event.target.method === "dialog") return;
    if (busy) event.preventDefault();
    busy = true;
  });
  window.addEventListener("pageshow", () => { busy = false; });
  document.addEventListener("pointerdown", () => { touched = Date.now(); });
  document.getElementById("reveal")?.addEventListener("change", veil);
  veil();
  const seconds = Number(queue.dataset.renew);
  if (queue.dataset.claim && seconds > 0) setInterval(() => renew().catch(() => {}), seconds * 1000);
}
