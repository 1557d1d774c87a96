"use strict";
// The console works without this file. It adds: lists that follow the centre, timers, sound, keys, claims, kept drafts.

const byId = (id) => document.getElementById(id);
const cookie = (name, value) => { document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`; };
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`dopusk_zone=${encodeURIComponent(zone)}`)) cookie("dopusk_zone", zone);
const title = document.title;

// ---- lists that follow the centre
const live = document.querySelector("[data-live]");
let selected = sessionStorage.getItem("selected") || "";
let loadedAt = Date.now();
let fetching = false, again = false, silent = null;

const two = (number) => String(Math.floor(number)).padStart(2, "0");
const clock = (seconds) => seconds < 3600 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}` : `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;

function tick() {
  const passed = (Date.now() - loadedAt) / 1000;
  document.querySelectorAll("[data-waiting]").forEach((cell) => {
    const seconds = Number(cell.dataset.waiting) + passed;
    cell.textContent = clock(seconds);
    if (seconds > 300) cell.closest("tr, .waited").classList.add("late");
  });
}

function markSelected() {
  const rows = [...document.querySelectorAll("tr[data-exam]")];
  rows.forEach((row) => row.setAttribute("aria-selected", row.dataset.exam === selected));
  return rows;
}

// The row with the focus is the row that is marked.
function select(row) {
  selected = row.dataset.exam;
  sessionStorage.setItem("selected", selected);
  markSelected();
  row.querySelector("a").focus();
  row.scrollIntoView({ block: "nearest" });
}

function announce(count) {
  document.title = count ? `(${count}) ${title}` : title;
}

// The rows of a list by their exam, all else by its place among its like.
function named(parent) {
  const seen = {};
  return new Map([...parent.children].map((child) => [child.dataset.exam || `${child.nodeName}${seen[child.nodeName] = (seen[child.nodeName] || 0) + 1}`, child]));
}

const hasWords = (node) => !node.children.length || [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());

// Bring what stands there to what the centre says. What stays the same stays the same element: a press of the mouse that has begun, the focus and a marked text outlive the change.
function settle(shown, wanted) {
  if (hasWords(shown) || hasWords(wanted)) {
    if (shown.innerHTML !== wanted.innerHTML) shown.innerHTML = wanted.innerHTML;
    return;
  }
  const have = named(shown), want = named(wanted);
  have.forEach((child, name) => { if (!want.has(name)) child.remove(); });
  let at = shown.firstElementChild;
  want.forEach((child, name) => {
    const same = have.get(name);
    if (!same) { shown.insertBefore(child, at); return; }
    if (same === at) at = at.nextElementSibling; else shown.insertBefore(same, at);
    for (const { name: attribute } of [...same.attributes]) if (!child.hasAttribute(attribute)) same.removeAttribute(attribute);
    for (const { name: attribute, value } of child.attributes) if (same.getAttribute(attribute) !== value) same.setAttribute(attribute, value);
    settle(same, child);
  });
}

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    const before = new Map([...document.querySelectorAll("tr[data-exam]")].map((row) => [row.dataset.exam, nameOf(row)]));
    const held = document.activeElement && document.activeElement.closest("tr[data-exam]");
    const called = calls();
    const answer = await fetch(live.dataset.live + location.search, { headers: { accept: "text/html" } });
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    const wanted = document.createElement("template");
    wanted.innerHTML = await answer.text();
    settle(live, wanted.content);
    loadedAt = Date.now() - 1000 * Number(answer.headers.get("age") || 0);
    tick();
    const rows = markSelected();
    const fresh = rows.filter((row) => !before.has(row.dataset.exam));
    fresh.forEach((row) => row.classList.add("new"));
    // A name that changed takes the link with the focus away.
    if (held && held.isConnected && !held.contains(document.activeElement)) select(held);
    tell(fresh, [...before].filter(([name]) => !rows.some((row) => row.dataset.exam === name)).map(([, name]) => name));
    if (fresh.some((row) => row.classList.contains("urgent")) || (calls() && calls() !== called)) alarm(); else if (fresh.length) chime();
    announce(rows.length);
    lost(false);
  } catch (error) {
    lost(true);
  } finally {
    fetching = false;
    if (again) { again = false; refresh(); }
  }
}

// For whom does not see the list: what has come and what is gone.
function nameOf(row) { return row.querySelector("a").textContent.trim(); }
function say(words) { const place = byId("said"); if (place) place.textContent = words; }
function tell(fresh, gone) {
  const some = (names) => names.slice(0, 3).join("; ") + (names.length > 3 ? ` ${live.dataset.saidMore.replace("{count}", names.length - 3)}` : "");
  const lines = [];
  for (const [key, rows] of [["saidUrgent", fresh.filter((row) => row.classList.contains("urgent"))], ["saidNew", fresh.filter((row) => !row.classList.contains("urgent"))]]) {
    if (rows.length && live.dataset[key]) lines.push(live.dataset[key].replace("{names}", some(rows.map((row) => `${nameOf(row)}, ${[...row.querySelectorAll(".mark")].map((mark) => mark.textContent.trim()).join(", ")}`))));
  }
  if (gone.length && live.dataset.saidGone) lines.push(live.dataset.saidGone.replace("{names}", some(gone)));
  if (lines.length) say(lines.join(" "));
}

// Who calls for a medic now; a call that goes makes no sound.
function calls() { return [...document.querySelectorAll(".notice.calling")].map((notice) => notice.textContent).join(" "); }

function lost(is) {
  const sign = byId("lost");
  if (!sign || !live) return;
  if (is && sign.hidden) sign.textContent = live.dataset.lost.replace("{time}", new Date(loadedAt).toLocaleTimeString(document.documentElement.lang));
  sign.hidden = !is;
}

function follow(address, changed) {
  const source = new EventSource(address);
  source.addEventListener("queue", changed);
  source.addEventListener("over", () => { source.close(); location.reload(); });
  source.addEventListener("open", () => lost(false));
  source.addEventListener("error", () => {
    lost(true);
    // A refused stream (the session has ended) is not tried again by the browser.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(address, changed), 2000);
  });
}

// ---- sound
const soundButton = byId("sound");
let soundOn = localStorage.getItem("sound") !== "off";
function showSound() { if (soundButton) soundButton.textContent = soundOn ? soundButton.dataset.on : soundButton.dataset.off; }
if (soundButton) soundButton.addEventListener("click", () => { soundOn = !soundOn; localStorage.setItem("sound", soundOn ? "on" : "off"); showSound(); if (soundOn) chime(); });
showSound();
function chime() { ring([660, 880]); }
function alarm() { ring([988, 659, 988, 659, 988, 659]); }
function ring(pitches) {
  if (!soundOn || !soundButton) return;
  silent = silent || new AudioContext();
  const now = silent.currentTime;
  pitches.forEach((pitch, index) => {
    const tone = silent.createOscillator(), level = silent.createGain();
    tone.frequency.value = pitch;
    level.gain.setValueAtTime(0.0001, now + index * 0.14);
    level.gain.exponentialRampToValueAtTime(0.12, now + index * 0.14 + 0.02);
    level.gain.exponentialRampToValueAtTime(0.0001, now + index * 0.14 + 0.22);
    tone.connect(level).connect(silent.destination);
    tone.start(now + index * 0.14);
    tone.stop(now + index * 0.14 + 0.25);
  });
}

if (live) {
  markSelected();
  announce(document.querySelectorAll("tr[data-exam]").length);
  if (live.dataset.events) follow(live.dataset.events, refresh); else setInterval(refresh, 1000 * Number(live.dataset.everyS));
  for (const means of ["click", "focusin"]) {
    document.addEventListener(means, (event) => {
      const row = event.target.closest("tr[data-exam]");
      if (row) { selected = row.dataset.exam; sessionStorage.setItem("selected", selected); markSelected(); }
    });
  }
  document.addEventListener("dblclick", (event) => {
    const row = event.target.closest("tr[data-exam]");
    if (row) row.querySelector("a").click();
  });
}

if (document.querySelector("[data-live], [data-waiting]")) setInterval(tick, 1000);

// What was just signed is read to whom does not see it: a status that is there from the start is not.
const done = document.querySelector(".notice.good[role=status]");
if (done) setTimeout(() => say(done.textContent.trim()), 500);

// A filter acts as soon as it is chosen.
const filter = byId("queue-filter");
if (filter) filter.addEventListener("change", () => filter.requestSubmit());

// ---- the exam page: what stands beside the facts ends with the window, however high the head of the page is
const exam = byId("exam");
if (exam) {
  const fit = () => exam.style.setProperty("--exam-top", `${Math.max(0, exam.getBoundingClientRect().top)}px`);
  fit();
  addEventListener("scroll", fit, { passive: true });
  new ResizeObserver(fit).observe(document.body);
  addEventListener("resize", fit);
}

// ---- the exam page: claim while it is open, keep what is typed
const form = byId("decision");
if (exam && exam.dataset.claim) {
  const base = `/exams/${exam.dataset.exam}`;
  const post = (what) => fetch(`${base}/${what}`, { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams({ csrf: exam.dataset.csrf }), keepalive: true });
  const renew = () => post("claim").then((answer) => { if (answer.status === 409) byId("newer").hidden = false; }).catch(() => {});
  renew();
  setInterval(renew, 45000);
  let leaving = false;
  if (form) form.addEventListener("submit", () => { leaving = true; });
  addEventListener("pagehide", () => { if (!leaving) post("release").catch(() => {}); });
}
if (form) {
  const place = `draft:${form.action}`;
  const kept = sessionStorage.getItem(place);
  const untouched = !form.querySelector("[name=outcome]:checked");
  if (kept && untouched) {
    for (const [name, value] of JSON.parse(kept)) {
      form.querySelectorAll(`[name="${CSS.escape(name)}"]`).forEach((field) => {
        if (field.type === "radio" || field.type === "checkbox") { if (field.value === value) field.checked = true; } else if (field.type !== "hidden") field.value = value;
      });
    }
  }
  form.addEventListener("input", () => {
    sessionStorage.setItem(place, JSON.stringify([...new FormData(form)].filter(([name]) => !["csrf", "exam_message_id", "corrects"].includes(name))));
  });
}
const signed = new URLSearchParams(location.search).get("decided");
if (signed) sessionStorage.removeItem(`draft:${location.origin}/exams/${signed}/decision`);
if (exam && exam.dataset.state !== "waiting") sessionStorage.removeItem(`draft:${location.origin}/exams/${exam.dataset.exam}/decision`);

// ---- a job's progress
const job = document.querySelector("[data-job]");
if (job) {
  const source = new EventSource(job.dataset.job);
  source.addEventListener("job", (event) => {
    const now = JSON.parse(event.data);
    if (!["queued", "running"].includes(now.state)) { source.close(); location.reload(); return; }
    const bar = job.querySelector("progress");
    if (now.total !== null) { bar.max = Math.max(1, now.total); bar.value = now.done; byId("job-total").textContent = now.total; }
    byId("job-done").textContent = now.done;
  });
  // Refused or cut off: the page as the centre has it says more.
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000); });
}

// ---- what is wrong is read first; where a field is wrong, forms.js goes to it
const wrong = document.querySelector(".notice.bad[tabindex]");
if (wrong) wrong.focus();

// ---- a login leads on to who vouches for it; the link stays for whoever is not led
const goesOn = document.querySelector("a[data-goes-on]");
if (goesOn) location.replace(goesOn.href);
