"use strict";
// A session ends when nobody does anything for a while. Whoever reads, types or moves is there; a page that refreshes itself is not.
// Before the end it is said, seen and heard: on a page that asks for a login nobody hears that somebody waits.

const session = document.getElementById("session");
if (session) {
  const idle = 1000 * Number(session.dataset.idleS), warned = 1000 * Number(session.dataset.warnS);
  const ending = document.createElement("p");
  ending.id = "ending";
  ending.className = "notice bad ending";
  ending.setAttribute("role", "alert");
  let over = false, rung = 0, askedAt = 0;

  // One clock for all pages of this browser.
  const usedAt = () => Number(localStorage.getItem("used_at")) || 0;
  const used = () => localStorage.setItem("used_at", String(Date.now()));

  function tell() {
    const left = usedAt() + idle - Date.now();
    over = over || left <= 0;
    if (!over && left > warned) { rung = 0; ending.remove(); return; }
    const minutes = Math.ceil(left / 60000);
    const said = over ? session.dataset.over : session.dataset.ends.replace("{minutes}", minutes);
    if (ending.textContent !== said) ending.textContent = said;
    if (!ending.isConnected) session.after(ending);
    if (!over && rung !== minutes) { rung = minutes; chime(); }
  }

  async function stay() {
    if (over || Date.now() - Math.max(usedAt(), askedAt) < 60000) return;
    askedAt = Date.now();
    try {
      const answer = await fetch("/session/alive", { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams({ csrf: session.dataset.csrf }) });
      if (answer.ok) used();
      over = answer.status === 401;
    } catch (error) {
      return; // no link: asked again in a minute, and nothing is claimed meanwhile
    }
    tell();
  }

  used();
  for (const doing of ["keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(doing, stay, { passive: true });
  setInterval(tell, 5000);
}
