// Drags a shift of the rota to another person or day: <table data-drag>, its chips <a data-shift …>, its cells <td
// data-person data-day>. Dropping sends the form beside it (<form data-drop="/…/0…">) as "check first", so that the
// shift's own form opens with its verdict; nothing is saved by a drop. Without a mouse, each chip is a link to that form.
(() => {
  const table = document.querySelector("[data-drag]");
  const form = document.querySelector("[data-drop]");
  if (!table || !form) return;
  let dragged = null;

  for (const chip of table.querySelectorAll("[data-shift]")) {
    chip.draggable = true;
    chip.addEventListener("dragstart", (event) => {
      dragged = chip;
      chip.classList.add("dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", chip.dataset.shift);
    });
    chip.addEventListener("dragend", () => {
      chip.classList.remove("dragged");
      dragged = null;
    });
  }

  const cellOf = (event) => (dragged ? event.target.closest("td[data-person]") : null);

  table.addEventListener("dragover", (event) => {
    if (cellOf(event)) event.preventDefault();
  });
  table.addEventListener("dragenter", (event) => cellOf(event)?.classList.add("drop-here"));
  table.addEventListener("dragleave", (event) => {
    const cell = cellOf(event);
    if (cell && !cell.contains(event.relatedTarget)) cell.classList.remove("drop-here");
  });
  table.addEventListener("drop", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    event.preventDefault();
    cell.classList.remove("drop-here");
    if (cell === dragged.parentElement) return;
    const { shift, version, starts, ends } = dragged.dataset;
    const said = { counsellor: cell.dataset.person, day: cell.dataset.day, starts, ends, version, check: "yes" };
    for (const [name, value] of Object.entries(said)) form.elements.namedItem(name).value = value;
    form.action = form.dataset.drop.replace("/0?", `/${shift}?`);
    form.submit();
  });
})();
