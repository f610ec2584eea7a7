// Browse and filter the rows of the data set. Without this script the page shows the first few.
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("row-data").textContent);
  const body = document.getElementById("row-body");
  const filter = document.getElementById("row-filter");
  const origin = document.getElementById("row-origin");
  const count = document.getElementById("row-count");
  const pager = document.getElementById("row-pager");
  const size = 50;
  let page = 0;
  let found = data;

  function cell(text, kind) {
    const td = document.createElement("td");
    if (kind) td.className = kind;
    td.textContent = text === null ? "" : String(text);
    td.dir = "auto";
    return td;
  }

  function draw() {
    body.replaceChildren(
      ...found.slice(page * size, (page + 1) * size).map(function (row) {
        const tr = document.createElement("tr");
        tr.append(cell(row.n, "number"), cell(row.q, "text"), cell(row.a, "text"),
          cell(row.r, "number"), cell(row.c, "code"));
        return tr;
      }));
    const pages = Math.max(1, Math.ceil(found.length / size));
    count.textContent = found.length + " of " + data.length + " rows, page " + (page + 1) + " of " + pages;
    pager.querySelector("[data-step='-1']").disabled = page === 0;
    pager.querySelector("[data-step='1']").disabled = page + 1 >= pages;
  }

  function choose() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = data.filter(function (row) {
      const text = (row.q + "\n" + row.a).toLowerCase();
      return (origin.value === "" || String(row.r) === origin.value) &&
        words.every(function (word) { return text.includes(word); });
    });
    page = 0;
    draw();
  }

  const rounds = [...new Set(data.map(function (row) { return row.r; }))]
    .filter(function (r) { return r !== null; }).sort(function (a, b) { return a - b; });
  for (const r of rounds) origin.append(new Option("round " + r, String(r)));
  filter.addEventListener("input", choose);
  origin.addEventListener("change", choose);
  pager.addEventListener("click", function (event) {
    const step = Number(event.target.dataset.step || 0);
    if (step) { page += step; draw(); }
  });
  for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
  draw();
})();
