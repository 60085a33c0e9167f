// Ten minutes before the hour of the answers is over: says so, and offers another hour. When it is over the page goes, so
// that nobody who comes to the computer later reads it. Without this file every page says how long the answers are kept.
(() => {
  const ending = document.querySelector("[data-kept]");
  if (!ending) return;
  const said = ending.querySelector("[role=status]");
  const button = ending.querySelector("button");
  const { kept, ends, again } = ending.dataset;
  let began = Date.now();

  const show = (words, isEnding) => {
    said.textContent = words;
    button.hidden = !isEnding;
    ending.classList.add("shown");
  };
  setInterval(() => {
    const left = Number(kept) - (Date.now() - began) / 1000;
    if (left <= 0) window.location.reload();
    else if (left <= 600 && button.hidden) show(ends, true);
  }, 5000);
  button.addEventListener("click", async () => {
    const answer = await fetch("/keep", { method: "POST" });
    if (!answer.ok) return window.location.reload();
    began = Date.now();
    show(again, false);
    said.tabIndex = -1;
    said.focus();
  });
})();
