/* What a phone and a screen reader need and the theme leaves out. */

// On a narrow screen a figure is small: a button shows it at its own size, in a box that scrolls.
function addEnlargeButton(figure) {
  const picture = figure.querySelector("img");
  const box = document.createElement("div");
  const button = document.createElement("button");
  const number = (figure.querySelector(".caption-number")?.textContent ?? "figure").trim();
  box.className = "picture";
  box.role = "group";
  box.ariaLabel = number;
  button.className = "enlarge";
  button.textContent = `Enlarge ${number}`;
  button.addEventListener("click", () => {
    const large = box.classList.toggle("large");
    button.textContent = `${large ? "Shrink" : "Enlarge"} ${number}`;
    box.tabIndex = large ? 0 : -1;
  });
  picture.replaceWith(button, box);
  box.append(picture);
}

// Which cells a heading of a pandas table heads; an empty corner heads none.
function addScopes(table) {
  for (const cell of table.querySelectorAll("thead th"))
    if (cell.textContent.trim()) cell.scope = cell.colSpan > 1 ? "colgroup" : "col";
  for (const cell of table.querySelectorAll("tbody th"))
    cell.scope = cell.rowSpan > 1 ? "rowgroup" : "row";
}

// Numbers stand at the right of a column, which lets digits line up, and words at the left.
const NUMBER = /^[-+±]?\d[\d.,]*(e[-+]?\d+)?%?$|^([-–]|nan|inf|none)?$/i;

function alignWords(table) {
  const isWords = (cell) => !NUMBER.test(cell.textContent.trim().replace("−", "-"));
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].reverse());
  const heads = [...table.tHead.rows[0].cells].reverse();
  const ordinary = (cell) => cell?.tagName === "TD";
  for (let i = 0; ordinary(rows[0]?.[i]); i++) {
    const column = rows.map((row) => row[i]);
    if (!column.some(isWords)) continue;
    const simple = table.tHead.rows[0].querySelector("[colspan]") === null;
    for (const cell of [...column, ...(simple ? [heads[i]] : [])]) cell.classList.add("words");
  }
}

// Copying moves the focus to a hidden field that then goes away: bring it back.
function keepFocus(event) {
  const button = event.target.closest(".copybtn");
  if (button) setTimeout(() => button.focus({ preventScroll: true }), 50);
}

// The theme lets the Tab key reach a box that scrolls; here it gets a name.
function nameBox(box) {
  const heading = box.closest("section")?.querySelector("h1, h2, h3")?.firstChild?.textContent;
  box.role = "group";
  box.ariaLabel = heading ? `Table in: ${heading.trim()}` : "Table";
  const fade = () =>
    box.classList.toggle("more", box.scrollWidth - box.clientWidth - box.scrollLeft > 1);
  box.addEventListener("scroll", fade);
  new ResizeObserver(fade).observe(box);
}

// A formula wider than its column scrolls: the Tab key reaches it while it does.
function reachFormula(box) {
  box.role = "group";
  box.ariaLabel = "Formula";
  new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }).observe(box);
}

document.addEventListener("click", keepFocus);
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".bd-article figure:has(> img)").forEach(addEnlargeButton);
  document.querySelectorAll("table.dataframe").forEach((table) => {
    addScopes(table);
    alignWords(table);
  });
  document
    .querySelectorAll(".cell_output .output:has(table), .pst-scrollable-table-container")
    .forEach(nameBox);
  // Sphinx gives the sources a role that a list may not hold.
  document.querySelectorAll(".citation-list > .citation").forEach((entry) => {
    entry.role = "listitem";
  });
});
// MathJax comes after this script, and draws when the page stands.
window.addEventListener("load", () =>
  window.MathJax?.startup?.promise.then(() =>
    document.querySelectorAll('mjx-container[display="true"]').forEach(reachFormula),
  ),
);
