// Text that may offend is blurred by the style sheet until its box is ticked. This keeps it from being
// read out until then, and outside the queue, which has its own keys, lets "s" tick the box.
"use strict";

function veil() {
  const box = document.getElementById("reveal");
  const hide = box !== null && !box.checked;
  for (const each of document.querySelectorAll(".veil")) {
    if (hide) each.setAttribute("aria-hidden", "true");
    else each.removeAttribute("aria-hidden");
  }
}

function lonelyBox() {
  return document.querySelector("main:not(:has(.queue)) .reveal[data-press]");
}

document.addEventListener("keydown", (event) => {
  const box = lonelyBox();
  const aside = event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat;
  if (!box || aside || event.key.toLowerCase() !== box.dataset.press) return;
  const typing = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";
  if (event.target.matches(typing)) return;
  event.preventDefault();
  box.click();
});
document.addEventListener("change", (event) => { if (event.target.id === "reveal") veil(); });
document.addEventListener("swapped", veil);
window.addEventListener("pageshow", veil); // a browser that goes back may have kept the tick
lonelyBox()?.closest(".reveal-line").classList.add("keys-live");
lonelyBox()?.setAttribute("aria-keyshortcuts", "s");
veil();
