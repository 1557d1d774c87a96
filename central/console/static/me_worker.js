"use strict";
// Without a network the worker's pages are one page that says what was said last. It holds no name and no value itself: those stand
// encrypted beside the page (me.js). Every other answer comes from the centre and is kept nowhere.

const KEPT = "dopusk-me-1";
const PARTS = ["/me/offline", "/static/console.css", "/static/me.css", "/static/me.js", "/static/qrcode.js", "/static/mark.svg"];

addEventListener("install", (event) => event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(PARTS)).then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => caches.match("/me/offline")));
  } else if (event.request.method === "GET" && PARTS.includes(address.pathname)) {
    event.respondWith(fetch(event.request).catch(() => caches.match(event.request, { ignoreSearch: true })));
  }
});
