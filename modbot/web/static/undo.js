// Fetches the progress of a run anew while it goes on. The page works without it.
"use strict";

const live = document.getElementById("live");
const spoken = document.getElementById("spoken");
const SECONDS_BETWEEN_LOOKS = 3;

function over() {
  return live.querySelector("#progress").dataset.over === "yes";
}

async function look() {
  if (document.hidden || over()) return;
  const open = live.querySelector("details")?.open;
  const focused = document.activeElement?.closest("#live a, #live summary");
  const href = focused?.getAttribute("href");
  const answer = await fetch(live.dataset.address);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const progress = fresh.getElementById("progress");
  if (!progress || progress.textContent === live.textContent.trim()) return;
  live.replaceChildren(document.adoptNode(progress));
  const fold = live.querySelector("details");
  if (fold && open) fold.open = true;
  if (href) live.querySelector(`a[href="${CSS.escape(href)}"]`)?.focus();
  else if (focused) live.querySelector("summary")?.focus();
  // Said once, at the end: a count that is read out every few seconds helps nobody.
  if (over()) {
    spoken.textContent = live.querySelector(".undo-now").textContent;
    setTimeout(() => location.reload(), 1500);
  }
}

if (live && !over()) setInterval(() => look().catch(() => {}), SECONDS_BETWEEN_LOOKS * 1000);
