// From one item of the queue to the next without a reload: what stands on the page is swapped, the
// focus goes to the new item, and what was done is spoken. Forms and links work without it.
"use strict";

const STEPS = /^\/(queue(\/\d+)?|decisions\/\d+\/(verdict|take-back)|queue-settings)$/;
const FRAME = "link[rel=stylesheet], script[src]";
let shownAt = location.pathname + location.search;
let waitsFor = null; // the address that is on its way
const spoken = document.createElement("p");
spoken.className = "unheard";
spoken.id = "spoken";
spoken.setAttribute("role", "status");
document.querySelector("main").after(spoken);

function isStep(address) {
  const url = new URL(address, location.href);
  return url.origin === location.origin && STEPS.test(url.pathname) && !url.hash;
}

// Another language, theme or version of modbot wants the whole page.
function sameFrame(fresh) {
  const frame = (page) => [
    page.documentElement.lang,
    page.documentElement.dataset.theme,
    ...Array.from(page.querySelectorAll(FRAME), (e) => e.getAttribute("src") ?? e.getAttribute("href")),
  ].join(" ");
  return frame(fresh) === frame(document);
}

function replace(selector, fresh) {
  const [old, next] = [document.querySelector(selector), fresh.querySelector(selector)];
  if (old && next) old.replaceWith(document.adoptNode(next));
}

function focusOn(main) {
  const place = main.querySelector("[autofocus]") ?? main.querySelector("#comment, .queue-item h2") ?? main;
  if (!place.matches("a, button, input, select, textarea")) place.tabIndex = -1;
  const asked = place.hasAttribute("autofocus");
  if (!asked) window.scrollTo({ top: 0, behavior: "instant" });
  place.focus({ preventScroll: !asked });
}

function show(fresh) {
  document.title = fresh.title;
  replace(".top", fresh);
  document.querySelector(".urgent-banner")?.remove();
  const banner = fresh.querySelector(".urgent-banner");
  const main = document.querySelector("main");
  if (banner) main.before(document.adoptNode(banner));
  main.replaceChildren(...fresh.querySelector("main").childNodes);
  document.dispatchEvent(new Event("swapped"));
  focusOn(main);
  // The region was there before its words: only then are they spoken, and once.
  const done = main.querySelector(".did > p, .notice");
  done?.removeAttribute("role");
  spoken.textContent = done ? done.textContent.replace(/\s+/g, " ").trim() : "";
}

// `again` does by itself what was asked, as without script; the browser then says what is wrong.
async function step(address, options, again) {
  if (waitsFor) return;
  waitsFor = address;
  document.dispatchEvent(new Event("swapping"));
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" }, ...options });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const visited = answer.redirected || !options.method; // a POST's own address is no place to stay
    const known = fresh.querySelector("main") && isStep(answer.url) && sameFrame(fresh);
    if (visited && !known) location.assign(answer.url);
    else if (!fresh.querySelector("main")) again();
    else {
      const url = new URL(answer.url);
      if (visited && url.pathname + url.search !== shownAt) {
        history.pushState(null, "", url);
        shownAt = url.pathname + url.search;
      }
      show(fresh);
    }
  } catch {
    again();
  } finally {
    waitsFor = null;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || !isStep(form.action)) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  step(form.action, { method: "POST", body }, () => {
    const { name, value } = event.submitter ?? {};
    if (name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    HTMLFormElement.prototype.submit.call(form);
  });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest(".queue a[href]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain || event.defaultPrevented || link.target || !isStep(link.href)) return;
  event.preventDefault();
  step(link.href, {}, () => location.assign(link.href));
});

// A fragment alone is no other item.
window.addEventListener("popstate", () => {
  if (location.pathname + location.search !== shownAt) location.reload();
});
