"use strict";
// Forms work without this file. It adds: the first wrong field in view and ready to be typed into, a word about the keyboard
// while a password is typed, and that the menu of the account closes when somebody goes on elsewhere.

const firstWrong = [...document.querySelectorAll('[aria-invalid="true"]')].find((field) => field.checkVisibility());
if (firstWrong) {
  firstWrong.focus({ preventScroll: true });
  firstWrong.scrollIntoView({ block: "center" });
}

for (const form of document.querySelectorAll("form[data-caps]")) {
  const said = document.createElement("p");
  said.className = "notice warn";
  said.setAttribute("role", "status");
  said.hidden = true;
  const password = form.querySelector('[type="password"]');
  password.closest("label").after(said);
  const tell = (words) => { said.textContent = words; said.hidden = !words; };
  password.addEventListener("keydown", (event) => {
    if (event.key.length !== 1 || !event.getModifierState) return;
    const caps = event.getModifierState("CapsLock") ? form.dataset.caps : "";
    const letters = /[а-яё]/i.test(event.key) ? form.dataset.letters : "";
    tell([caps, letters].filter(Boolean).join(" "));
  });
  password.addEventListener("keyup", (event) => { if (event.key === "CapsLock") tell(event.getModifierState("CapsLock") ? form.dataset.caps : ""); });
  password.addEventListener("blur", () => tell(""));
}

const you = document.querySelector("details.you");
if (you) {
  addEventListener("click", (event) => { if (!you.contains(event.target)) you.open = false; });
  you.addEventListener("focusout", (event) => { if (event.relatedTarget && !you.contains(event.relatedTarget)) you.open = false; });
  you.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !you.open) return;
    you.open = false;
    you.querySelector("summary").focus();
  });
}
