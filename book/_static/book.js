/* What a phone and a screen reader need and the theme leaves out. */

// On a narrow screen a figure is small: a button shows it at its own size, in a box that scrolls.
function addEnlargeButton(figure) {
  const picture = figure.querySelector("img");
  const box = document.createElement("div");
  const button = document.createElement("button");
  const number = figure.querySelector(".caption-number")?.textContent ?? "figure";
  box.className = "picture";
  button.className = "enlarge";
  button.textContent = `Enlarge ${number.trim()}`;
  button.ariaPressed = "false";
  button.addEventListener("click", () => {
    const large = box.classList.toggle("large");
    button.ariaPressed = String(large);
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

// The theme lets the Tab key reach a box that scrolls; here it gets a name.
function nameBox(box) {
  box.role = "group";
  box.ariaLabel = "Table";
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".bd-article figure:has(> img)").forEach(addEnlargeButton);
  document.querySelectorAll("table.dataframe").forEach(addScopes);
  document
    .querySelectorAll(".cell_output .output:has(table), .pst-scrollable-table-container")
    .forEach(nameBox);
});
