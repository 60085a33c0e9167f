// Keeps parts of a staff page up to date: <section id="…" data-live="/address" data-every="3000">.
// The address answers with the inner HTML. A part is swapped only when it changed and nobody is typing in it; the focus
// and open details stay where they were; nothing is fetched while the page is hidden; a lost connection is said in words.
(() => {
  const lost = document.querySelector("[data-lost]");
  const said = document.querySelector("[data-said]");
  const failing = new Set();

  const say = () => {
    if (lost) lost.hidden = failing.size === 0;
  };

  const wordsOf = (part) => part.querySelector("[data-say]")?.dataset.say ?? "";

  const isBusy = (part) => {
    const field = document.activeElement;
    return part.contains(field) && field.matches("input:not([type=hidden]), select, textarea");
  };

  const swap = (part, html) => {
    const held = part.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
    const scrolled = [...part.querySelectorAll("[data-scroll][id]")].map((box) => [box.id, box.scrollLeft, box.scrollTop]);
    const before = wordsOf(part);
    part.innerHTML = html;
    if (said && wordsOf(part) && wordsOf(part) !== before) said.textContent = wordsOf(part);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, left, top] of scrolled) document.getElementById(id)?.scrollTo(left, top);
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
    part.dispatchEvent(new CustomEvent("live:swapped", { bubbles: true }));
  };

  // what the browser would make of it, so that it can be compared with what the page holds
  const parsed = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.innerHTML.trim();
  };

  const keep = (part) => {
    const every = Number(part.dataset.every) || 5000;
    let shown = part.innerHTML.trim();
    let failures = 0;
    let timer = 0;

    const fetched = async () => {
      const answer = await fetch(part.dataset.live, {
        headers: { "X-Fragment": "yes" },
        cache: "no-store",
        redirect: "manual",
        signal: AbortSignal.timeout(10000),
      });
      // signed out meanwhile: the page itself says so better than a part of it could
      if (answer.type === "opaqueredirect" || answer.status === 401) window.location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.text();
    };

    const look = async () => {
      window.clearTimeout(timer);
      if (document.hidden || !part.isConnected) return;
      try {
        const html = await fetched();
        const coming = parsed(html);
        failures = 0;
        failing.delete(part);
        if (coming !== shown && !isBusy(part)) {
          swap(part, html);
          shown = coming;
        }
      } catch {
        failures += 1;
        if (failures > 1) failing.add(part); // one lost answer is no news
      }
      say();
      // a server in trouble is asked less often, up to eight times the usual pause
      timer = window.setTimeout(look, every * Math.min(8, 2 ** Math.max(0, failures - 1)));
    };

    timer = window.setTimeout(look, every);
    document.addEventListener("visibilitychange", look);
  };

  document.querySelectorAll("[data-live]").forEach(keep);

  // A form with data-confirm asks once more; without scripts its page does.
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset?.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
})();
