"use strict";
// Keys of the queue and of the exam page. They go by the place on the keyboard, so that layout and Caps Lock change nothing, and are silent while somebody types.

// Remote desktops and keyboards on a screen name no place: then by what is written on the key.
const LATIN = "qwertyuiopasdfghjklzxcvbnm", RUSSIAN = "йцукенгшщзфывапролдячсмить";
function placeOf(event) {
  if (event.code) return event.code.replace(/^Numpad(?=[0-9])/, "Digit").replace("NumpadEnter", "Enter");
  const key = event.key.toLowerCase(), at = RUSSIAN.indexOf(key);
  if (/^[0-9]$/.test(key)) return `Digit${key}`;
  const letter = at >= 0 ? LATIN[at] : key;
  return /^[a-z]$/.test(letter) ? `Key${letter.toUpperCase()}` : event.key;
}

const OUTCOMES = { Digit1: "admitted", Digit2: "not_admitted", Digit3: "not_identified", Digit4: "refer", KeyR: "repeat" };
const typing = (target) => target.isContentEditable || target.matches("textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=button]):not([type=submit])");
// What is hidden (a closed correction, the reasons of another outcome) is not chosen.
const isShown = (field) => field.getClientRects().length > 0;
const told = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));

function choose(outcome) {
  const field = form && form.querySelector(`[name=outcome][value="${outcome}"]`);
  if (!field || !isShown(field)) return;
  field.checked = true;
  field.focus();
  told(field);
}

// A letter beside a box: marks it, and takes the mark away again.
function mark(code) {
  const field = form && [...form.querySelectorAll(`[data-key="${code}"]`)].find(isShown);
  if (!field) return false;
  if (field.type === "radio") field.checked = true; else field.checked = !field.checked;
  field.focus();
  told(field);
  return true;
}

function takeProposed() {
  const fields = form ? [...form.querySelectorAll(".option.proposed input")].filter(isShown) : [];
  if (!fields.length) return;
  fields.forEach((field) => { field.checked = true; });
  fields[0].focus();
  told(fields[0]);
}
const takeButton = byId("take-proposed");
if (takeButton) { takeButton.hidden = false; takeButton.addEventListener("click", takeProposed); }

function moveTo(step) {
  if (!live) {
    const link = byId(step > 0 ? "next" : "previous");
    if (link) link.click();
    return;
  }
  const rows = markSelected();
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.dataset.exam === selected);
  select(rows[Math.min(rows.length - 1, Math.max(0, at + step))]);
}

function openSelected() {
  const rows = markSelected();
  const row = rows.find((item) => item.dataset.exam === selected) || rows[0];
  if (row) row.querySelector("a").click();
}

addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const code = placeOf(event), help = byId("help");
  if (event.ctrlKey && code === "Enter" && form && document.activeElement && document.activeElement.form === form) {
    if (!event.repeat) form.requestSubmit(event.shiftKey ? byId("sign-next") : undefined);
    return;
  }
  // An entry of a register: saved, and a new one goes on to the next.
  const entry = event.ctrlKey && code === "Enter" && document.querySelector("form[data-entry]");
  if (entry && document.activeElement && document.activeElement.form === entry) {
    if (!event.repeat) entry.requestSubmit(byId("save-next") || undefined);
    return;
  }
  if (typing(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
  // In a Russian layout the question mark is above the seven.
  if (event.key === "?" || (code === "Slash" && event.shiftKey)) {
    if (help) { if (help.open) help.close(); else help.showModal(); }
    event.preventDefault();
    return;
  }
  if (event.shiftKey || (help && help.open)) return;
  if (code === "Enter") {
    if (live && !event.target.matches("a, button, summary, input")) openSelected();
    return;
  }
  if (OUTCOMES[code]) choose(OUTCOMES[code]);
  else if (code === "KeyJ" || code === "KeyK") moveTo(code === "KeyJ" ? 1 : -1);
  else if (code === "Digit0") takeProposed();
  // Not from a half-filled form: what is typed there would be lost.
  else if (code === "KeyQ") { if (document.querySelector(".entry")) return; location.href = "/queue"; }
  else if (!mark(code)) return;
  event.preventDefault();
});
