// Leaves at once: by the button, or by pressing Shift three times within five seconds. Without this file the button is
// a plain link to the same address. `replace` takes this page out of the way of the browser's Back button.
(() => {
  let presses = [];
  const leave = () => {
    document.documentElement.hidden = true;
    if (window.parent !== window) fetch("/leave/forget", { method: "POST", keepalive: true }); // a frame's own cookie
    const away = new URL("/leave", window.location.href).href;
    window.top.location.replace(away); // inside a frame, the page around it must go too
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-leave]")) {
      event.preventDefault();
      leave();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.repeat) return;
    presses = event.key === "Shift" ? [...presses, event.timeStamp].filter((at) => event.timeStamp - at < 5000) : [];
    if (presses.length === 3) leave();
  });
  // Inside a frame of another site: tell it how high this page is, and nothing else.
  if (window.parent !== window) {
    document.documentElement.classList.add("framed");
    document.querySelector("[autofocus]")?.focus(); // what is wrong; browsers leave the focus outside a frame by themselves
    const tell = (isNew) => window.parent.postMessage({ height: document.body.scrollHeight, isNew }, "*");
    tell(true);
    new ResizeObserver(() => tell(false)).observe(document.body);
  }
  // Whoever comes back sees what the server still knows, not what the browser remembers of somebody else's typing.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
    if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
      for (const form of document.forms) form.reset();
    }
  });
})();
