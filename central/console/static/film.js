"use strict";
// One player over all segments of an exam's film; without this file the first segment plays.

const screen_ = document.getElementById("film");
if (screen_) {
  const player = screen_.querySelector("video");
  const sources = screen_.dataset.segments.split(" ").map((name) => screen_.dataset.source + name);
  const jumps = [...document.querySelectorAll(".jump[data-segment]")].filter((jump) => jump.dataset.segment !== "");
  let current = 0;

  function show(number, at) {
    const begin = () => { player.currentTime = Math.min(at, player.duration || at); player.play().catch(() => {}); };
    if (number === current && player.readyState >= HTMLMediaElement.HAVE_METADATA) { begin(); return; }
    if (number !== current) { current = number; player.src = sources[number]; }
    player.addEventListener("loadedmetadata", begin, { once: true });
    player.load();
  }

  function mark() {
    const place = (jump) => Number(jump.dataset.segment) * 1e6 + Number(jump.dataset.at);
    const now = current * 1e6 + player.currentTime + 0.05;
    const reached = jumps.filter((jump) => place(jump) <= now).pop();
    jumps.forEach((jump) => jump.toggleAttribute("aria-current", jump === reached));
  }

  jumps.forEach((jump) => jump.addEventListener("click", () => show(Number(jump.dataset.segment), Number(jump.dataset.at))));
  player.addEventListener("ended", () => { if (current + 1 < sources.length) show(current + 1, 0); });
  player.addEventListener("timeupdate", mark);
}
