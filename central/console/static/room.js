"use strict";
// The page of an exam in the medical room works without this file. It adds: what is typed is kept at the centre as it is typed,
// and Enter in a value enters that measurement.

{
  const exam = document.getElementById("room-exam");
  const told = document.getElementById("kept");
  let waiting = 0;
  let changes = 0;
  let kept = 0;
  let queue = Promise.resolve();
  let leaving = false;
  let sent = false;
  addEventListener("pageshow", () => { leaving = false; sent = false; });
  // Who goes away while the last change is not at the centre is asked first.
  addEventListener("beforeunload", (event) => { if (kept !== changes && !leaving) event.preventDefault(); });

  const keep = async () => {
    waiting = 0;
    if (leaving) return;
    const sending = changes;
    try {
      const answer = await fetch(exam.dataset.keep, { method: "POST", body: new URLSearchParams(new FormData(exam)), headers: { accept: "application/json" } });
      if (answer.status === 409) { told.textContent = exam.dataset.behind; told.className = "out"; return; }
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const said = await answer.json();
      exam.elements.version.value = said.version;
      kept = sending;
      if (kept !== changes) return;
      told.textContent = exam.dataset.kept.replace("{time}", said.kept_at);
      told.className = "";
    } catch {
      told.textContent = exam.dataset.notKept;
      told.className = "out";
    }
  };

  const soon = (after) => {
    changes += 1;
    // "Kept" would be untrue from now on until the centre has this too.
    told.textContent = exam.dataset.keeping;
    told.className = "muted";
    clearTimeout(waiting);
    waiting = setTimeout(() => { queue = queue.then(keep); }, after);
  };

  exam.addEventListener("input", () => soon(1500));
  exam.addEventListener("change", () => soon(0));
  exam.addEventListener("submit", (event) => {
    if (leaving) {
      // The page is on its way: a second press would send what the first has changed.
      if (sent) event.preventDefault();
      sent = true;
      return;
    }
    // The version that the form sends has to be that of the last keeping.
    event.preventDefault();
    clearTimeout(waiting);
    const pressed = event.submitter;
    // In a task of its own: while this event is still being told, a browser takes no second request and says nothing.
    queue = queue.then(() => setTimeout(() => { leaving = true; exam.requestSubmit(pressed); }));
  });
  // While the terminal is to measure, the page asks what became of it; an answer brings the page anew, with what is typed kept.
  const look = async () => {
    try {
      const answer = await fetch(exam.dataset.orders, { headers: { accept: "application/json" } });
      if (answer.ok && (await answer.json()).waits === 0) {
        clearTimeout(waiting);
        queue = queue.then(keep).then(() => { leaving = true; location.reload(); });
        return;
      }
    } catch { /* the next look may reach the centre */ }
    setTimeout(look, 1500);
  };
  if (document.querySelector("[data-order-waits]")) setTimeout(look, 1500);

  exam.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.ctrlKey) return;
    const step = event.target.closest("[data-step]");
    const button = step && step.querySelector("button[name=do]");
    if (!button) return;
    event.preventDefault();
    button.click();
  });
}
