// Puts the request form where a link with data-call stands, in a frame that is as high as what it shows. Without this
// file, or without scripts, the link leads to the form. Nothing about the page around it is read or sent.
(() => {
  const home = new URL(document.currentScript.src).origin;
  const putFrame = (link) => {
    const frame = document.createElement("iframe");
    frame.src = `${home}/`;
    frame.title = link.textContent.trim() || "Ask for a call";
    frame.referrerPolicy = "no-referrer";
    frame.style.cssText = "display:block;width:100%;height:46rem;border:0";
    let shown = 0;
    window.addEventListener("message", (event) => {
      if (event.origin !== home || event.source !== frame.contentWindow) return;
      const height = Number(event.data?.height);
      if (!(height > 0)) return;
      frame.style.height = `${Math.min(Math.ceil(height), 20000)}px`;
      if (event.data.isNew && (shown += 1) > 1 && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    });
    link.replaceWith(frame);
  };
  const start = () => document.querySelectorAll("a[data-call]").forEach(putFrame);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
