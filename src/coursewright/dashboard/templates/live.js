// Keeps an open page of a run up to date, and fetches what is opened. Everything else is plain HTML.
"use strict";

function fill(details) {
  const place = details.querySelector(".loaded");
  fetch(details.dataset.load)
    .then(function (answer) { return answer.text(); })
    .then(function (html) { place.innerHTML = html; details.dataset.filled = "yes"; })
    .catch(function () { place.textContent = "The dashboard does not answer."; });
}

document.addEventListener("toggle", function (event) {
  const details = event.target;
  if (details.open && details.dataset.load && !details.dataset.filled) fill(details);
}, true);

// A form inside a part that was fetched changes that part alone.
document.addEventListener("submit", function (event) {
  const form = event.target;
  const details = form.closest("details[data-load]");
  if (form.dataset.inside === undefined || !details) return;
  event.preventDefault();
  const values = new URLSearchParams(new FormData(form, event.submitter));
  fetch(form.getAttribute("action") + "?" + values)
    .then(function (answer) { return answer.text(); })
    .then(function (html) { details.querySelector(".loaded").innerHTML = html; });
});

// Where a row comes from is shown right below it; a second click hides it.
document.addEventListener("click", function (event) {
  const link = event.target.closest("a[data-beside]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const row = link.closest("tr");
  const shown = row.nextElementSibling;
  if (shown && shown.classList.contains("beside")) {
    shown.remove();
    link.setAttribute("aria-expanded", "false");
    return;
  }
  fetch(link.href + "?part=1")
    .then(function (answer) { return answer.text(); })
    .then(function (html) {
      const place = document.createElement("tr");
      place.className = "beside";
      const cell = place.insertCell();
      cell.colSpan = row.cells.length;
      cell.innerHTML = html;
      row.after(place);
      link.setAttribute("aria-expanded", "true");
    });
});

function nameOf(details) {
  return details.dataset.key || details.querySelector("summary").textContent;
}

// What a person has typed or ticked, by what it is for.
function entries(now) {
  return [...now.querySelectorAll("input:not([type=hidden]), select")].map(function (field) {
    const about = field.type === "checkbox" ? field.value : field.form && field.form.getAttribute("action");
    return [[field.name, about].join(" "), field];
  });
}

// New content takes the place of the old; what was open stays open, what is being written stays.
function refresh(now) {
  fetch(now.dataset.live + "/now" + location.search)
    .then(function (answer) { if (!answer.ok) throw new Error(); return answer.text(); })
    .then(function (html) {
      const open = new Map([...now.querySelectorAll("details")].map(function (details) {
        return [nameOf(details), details.open];
      }));
      const written = new Map(entries(now));
      const focused = document.activeElement;
      now.innerHTML = html;
      for (const details of now.querySelectorAll("details")) {
        if (open.has(nameOf(details))) details.open = open.get(nameOf(details));
      }
      for (const [name, field] of entries(now)) {
        const old = written.get(name);
        if (!old) continue;
        if (field.type === "checkbox") field.checked = old.checked; else field.value = old.value;
        if (old === focused) field.focus();
      }
    })
    .catch(function () { });
}

function showProgress(data) {
  if (!document.getElementById("progress")) return;
  const box = document.getElementById("progress");
  const bar = document.getElementById("progress-bar");
  box.hidden = !data.stage;
  if (!data.stage) return;
  document.getElementById("progress-stage").textContent = data.over ? data.stage + " done" : data.stage;
  document.getElementById("progress-note").textContent =
    (data.total ? data.done + " of " + data.total + "  " : "") + (data.note || "");
  if (data.total) { bar.max = data.total; bar.value = data.done; } else { bar.removeAttribute("value"); }
}

const now = document.getElementById("now");
if (now && ["running", "interrupted"].includes(now.dataset.status)) {
  const stream = new EventSource(now.dataset.live + "/events");
  // The stream tells of what comes after it began: not of what changed before, while the page was on
  // its way or the line was down.
  stream.addEventListener("open", function () { refresh(now); });
  stream.addEventListener("change", function () { refresh(now); });
  stream.addEventListener("progress", function (event) { showProgress(JSON.parse(event.data)); });
  stream.addEventListener("gone", function () {
    stream.close();
    now.textContent = "This has been deleted.";
  });
}
