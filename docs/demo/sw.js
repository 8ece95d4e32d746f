// sw.js - keeps the page for when there is no network.  The model is kept by
// the page itself, in IndexedDB.

"use strict";

const NAME = "pith-@version@";

self.addEventListener("install", event => event.waitUntil(
  caches.open(NAME).then(cache => cache.add(new Request("./", { cache: "reload" })))
    .then(() => self.skipWaiting())));

self.addEventListener("activate", event => event.waitUntil(
  caches.keys().then(names => Promise.all(
    names.filter(name => name.startsWith("pith-") && name !== NAME)
      .map(name => caches.delete(name))))
    .then(() => self.clients.claim())));

self.addEventListener("fetch", event => {
  if (event.request.mode === "navigate")
    event.respondWith(caches.open(NAME).then(cache => cache.match("./"))
      .then(page => page ?? fetch(event.request)));
});
