// Keeps the page of handsets live. Without this script the same forms work with a reload.
(() => {
  "use strict";
  const EVERY_MS = 700; // short enough that a ring is noticed before the second one
  const cards = document.getElementById("cards");
  const news = document.getElementById("news");
  const live = document.getElementById("live");
  const refresh = document.getElementById("refresh");
  let busy = false;

  const memory = (card) => ({
    focus: card.contains(document.activeElement) ? document.activeElement.id : "",
    open: card.querySelector("details")?.open ?? false,
    values: [...card.querySelectorAll("input, select")].map((field) => [field.id, field.value, field.value !== initial(field)]),
  });

  const initial = (field) =>
    field.tagName === "SELECT" ? [...field.options].find((option) => option.defaultSelected)?.value : field.defaultValue;

  const restore = (card, kept) => {
    const details = card.querySelector("details");
    if (details) details.open = kept.open;
    for (const [id, value, isChanged] of kept.values) {
      const field = document.getElementById(id);
      if (field && isChanged) field.value = value;
    }
    if (!kept.focus) return;
    const target = document.getElementById(kept.focus) ?? card.querySelector("button, summary");
    target?.focus({ preventScroll: true });
  };

  const scrollToLatest = (card) => {
    const heard = card.querySelector(".heard ol");
    if (heard) heard.scrollTop = heard.scrollHeight;
  };

  const announce = (before, after) => {
    if (before?.dataset.state === after.dataset.state || (!before && after.dataset.state === "Quiet")) return;
    news.textContent = `${after.dataset.name}: ${after.dataset.state}`;
  };

  const place = (fresh, position) => {
    const old = document.getElementById(fresh.id);
    let card = old;
    announce(old, fresh);
    if (!old || old.dataset.version !== fresh.dataset.version) {
      const kept = old ? memory(old) : null;
      card = fresh;
      if (old) old.replaceWith(card);
      else cards.append(card);
      if (kept) restore(card, kept);
      scrollToLatest(card);
    }
    const there = cards.children[position];
    if (there !== card) {
      const focused = card.contains(document.activeElement) ? document.activeElement : null;
      cards.insertBefore(card, there);
      focused?.focus({ preventScroll: true });
    }
  };

  const show = (html) => {
    const fresh = [...new DOMParser().parseFromString(html, "text/html").body.children];
    const ids = new Set(fresh.map((node) => node.id).filter(Boolean));
    for (const child of [...cards.children]) if (!child.id || !ids.has(child.id)) child.remove();
    fresh.forEach((node, position) => {
      if (node.id) place(node, position);
      else cards.append(node);
    });
  };

  const poll = async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const response = await fetch("/phones/cards");
      if (!response.ok) throw new Error(String(response.status));
      show(await response.text());
      live.textContent = "Live";
    } catch {
      live.textContent = "Waiting for the simulator";
    } finally {
      busy = false;
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!cards.contains(form)) return;
    event.preventDefault();
    const data = new URLSearchParams(new FormData(form, event.submitter));
    form.querySelectorAll("input").forEach((field) => {
      if (field.name === "words" || field.name === "body") field.value = "";
      else field.defaultValue = field.value;
    });
    try {
      const response = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
      if (!response.ok) news.textContent = (await response.json()).error;
    } catch {
      live.textContent = "Waiting for the simulator";
    }
    await poll();
  });

  document.querySelectorAll(".handset").forEach(scrollToLatest);
  live.hidden = false;
  refresh.hidden = true;
  setInterval(poll, EVERY_MS);
})();
