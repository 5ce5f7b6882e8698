// Says when new decisions have come in, without moving anything under the reader's eyes.
// The page works without it; the wording comes from the page.
"use strict";

const note = document.getElementById("fresh");
const SECONDS_BETWEEN_LOOKS = 15;

async function look() {
  if (document.hidden) return;
  const address = new URL(note.dataset.address, location.href);
  address.searchParams.set("after", note.dataset.after);
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { count, message } = await answer.json();
  if (count === 0) return;
  let link = note.querySelector("a");
  if (!link) {
    link = document.createElement("a");
    link.href = location.href;
    note.append(link);
  }
  // A screen reader speaks a change only: the same words are not said again.
  if (link.textContent !== message) link.textContent = message;
}

if (note && note.dataset.after) {
  setInterval(() => look().catch(() => {}), SECONDS_BETWEEN_LOOKS * 1000);
}
