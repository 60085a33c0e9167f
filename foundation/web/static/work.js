// Does a little work while somebody reads the page, so that a machine cannot send it ten thousand times. Looks for a
// number that gives the SHA-256 of the challenge a few leading zeros. Without this file the form is sent as it is.
(async () => {
  const form = document.querySelector("form[data-work]");
  if (!form || !window.crypto?.subtle) return;
  const { work, bits } = form.dataset;
  const letters = new TextEncoder();
  for (let number = 0; ; number += 1) {
    const text = `${work}:${number}`;
    const digest = new DataView(await crypto.subtle.digest("SHA-256", letters.encode(text)));
    if (Math.clz32(digest.getUint32(0)) >= Number(bits)) {
      form.elements.work.value = text;
      return;
    }
  }
})();
