// Keeps a half-filled form on the server while it is written: <form data-draft="/address">. Without this file the button
// “Keep for now” does the same.
(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const said = form.querySelector("[data-kept]");
  let timer = 0;
  let kept = "";
  let isRecording = false;

  const written = () => new URLSearchParams(new FormData(form)).toString();
  kept = written();

  const keep = async () => {
    window.clearTimeout(timer);
    const now = written();
    if (isRecording || now === kept) return;
    let isKept = false;
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST",
        headers: { "X-Fragment": "yes", "Content-Type": "application/x-www-form-urlencoded" },
        body: now,
        redirect: "manual",
        keepalive: true, // the page may be going away
      });
      isKept = answer.status === 204;
    } catch {
      isKept = false;
    }
    if (isKept) kept = now;
    if (said) said.textContent = isKept ? said.dataset.kept : said.dataset.lostWords;
  };

  form.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(keep, 1500);
  });
  form.addEventListener("submit", () => {
    isRecording = true;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) keep();
  });
})();
