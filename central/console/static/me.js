"use strict";
// A worker's own page: keeps what it last said, encrypted, for a place without a network; says by itself when an admission is over;
// and draws the code for a gate, signed anew each half minute. Nothing of it decides: the centre and the gate judge by the signatures.

const REDRAWN_MS = 30000, LOOKED_AT_MS = 5000;

function kept(mode, work) {
  return new Promise((done, failed) => {
    const opening = indexedDB.open("dopusk-own", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => {
      const asked = work(opening.result.transaction("kept", mode).objectStore("kept"));
      asked.onsuccess = () => { opening.result.close(); done(asked.result); };
      asked.onerror = () => { opening.result.close(); failed(asked.error); };
    };
  });
}
const get = (name) => kept("readonly", (store) => store.get(name));
const put = (name, value) => kept("readwrite", (store) => store.put(value, name));
const forget = () => kept("readwrite", (store) => store.clear());

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const coded = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// What the page says now. The key is of this session: the page of another session keeps it anew, and logging out forgets all.
async function keepSummary(own) {
  const key = await crypto.subtle.importKey("raw", bytes(own.dataset.key), "AES-GCM", false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(own.dataset.summary));
  const before = await get("summary");
  if (before && before.owner !== own.dataset.owner) await forget();
  await put("summary", { key, iv, data, owner: own.dataset.owner, ends: Date.parse(own.dataset.ends) });
}

async function openSummary() {
  const found = await get("summary");
  if (!found) return null;
  if (Date.now() >= found.ends) { await forget(); return null; }
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: found.iv }, found.key, found.data);
  return JSON.parse(new TextDecoder().decode(plain));
}

// An admission that is over is said to be over, whatever the page said when it came.
function judge() {
  for (const card of document.querySelectorAll(".today[data-until]")) {
    if (!card.dataset.until || Date.now() < Date.parse(card.dataset.until)) continue;
    card.classList.replace("admitted", "expired");
    card.querySelector(".state").textContent = card.dataset.over;
    for (const one of card.querySelectorAll(".until, .gate")) one.remove();
    card.dataset.until = "";
  }
}

async function statementFor(gate) {
  let pair = await get("pair");
  if (!pair) {
    pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    await put("pair", pair);
  }
  try {
    const key = coded(await crypto.subtle.exportKey("raw", pair.publicKey));
    const form = new URLSearchParams({ csrf: gate.dataset.csrf, worker_id: gate.dataset.worker, key });
    const answer = await fetch("/me/gate", { method: "POST", body: form, headers: { accept: "application/json" } });
    if (answer.ok) {
      await put(`gate ${gate.dataset.worker}`, (await answer.json()).statement);
    } else {
      await put(`gate ${gate.dataset.worker}`, "");
    }
  } catch (error) {
    // No network: what the centre said before holds until its end, and the gate sees that.
  }
  return { pair, statement: await get(`gate ${gate.dataset.worker}`) };
}

async function draw(gate, pair, statement) {
  const said = `${statement}.${Math.floor(Date.now() / 1000)}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, new TextEncoder().encode(said));
  const code = qrcode(0, "L");
  gate.dataset.code = `${said}.${coded(signature)}`;
  code.addData(gate.dataset.code);
  code.make();
  const count = code.getModuleCount(), canvas = gate.querySelector("canvas"), size = 6;
  canvas.width = canvas.height = (count + 8) * size;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#000";
  for (let row = 0; row < count; row++) for (let column = 0; column < count; column++) {
    if (code.isDark(row, column)) pen.fillRect((column + 4) * size, (row + 4) * size, size, size);
  }
}

function offerGate(gate) {
  const button = gate.querySelector("button");
  gate.hidden = false;
  button.addEventListener("click", async () => {
    const { pair, statement } = await statementFor(gate);
    if (!statement) { gate.querySelector(".told").textContent = gate.dataset.none; return; }
    button.hidden = true;
    gate.querySelector("canvas").hidden = false;
    await draw(gate, pair, statement);
    const again = setInterval(() => { if (gate.isConnected) draw(gate, pair, statement); else clearInterval(again); }, REDRAWN_MS);
  });
}

// The page that stands in for all others where there is no network.
async function showKept(place) {
  const told = await openSummary();
  if (!told) { place.querySelector(".none").hidden = false; return; }
  const banner = place.querySelector(".offline");
  banner.textContent = banner.dataset.words.replace("{at}", told.at);
  banner.hidden = false;
  for (const one of told.states) {
    const card = place.querySelector("template").content.cloneNode(true).firstElementChild;
    card.classList.add(one.state);
    card.dataset.until = one.until || "";
    card.dataset.over = told.over;
    card.querySelector("h2").textContent = one.employer;
    card.querySelector(".state").textContent = one.words;
    card.querySelector(".until").textContent = one.until_words;
    const gate = card.querySelector(".gate");
    gate.dataset.worker = one.worker_id;
    place.append(card);
    if (one.until && await get(`gate ${one.worker_id}`)) offerGate(gate); else gate.remove();
  }
  judge();
}

const own = document.getElementById("own"), offline = document.getElementById("offline");
const ready = (async () => {
  if (own) {
    await keepSummary(own);
    if ("serviceWorker" in navigator) await navigator.serviceWorker.register("/me/worker.js", { scope: "/me" });
    for (const gate of document.querySelectorAll(".gate")) offerGate(gate);
  }
  if (offline) await showKept(offline);
  document.documentElement.dataset.kept = "1";
})();
for (const form of document.querySelectorAll('form[action="/logout"]')) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await ready.catch(() => {});
    await forget();
    form.submit();
  });
}
setInterval(judge, LOOKED_AT_MS);
judge();
