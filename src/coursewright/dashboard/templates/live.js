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

function nameOf(details) {
  return details.dataset.key || details.querySelector("summary").textContent;
}

// New content takes the place of the old; what was open stays open, what is being written stays.
function refresh(now) {
  fetch("/run/" + encodeURIComponent(now.dataset.run) + "/now")
    .then(function (answer) { if (!answer.ok) throw new Error(); return answer.text(); })
    .then(function (html) {
      const open = new Set([...now.querySelectorAll("details[open]")].map(nameOf));
      const typed = new Map([...now.querySelectorAll("input[name=note], input[name=reason]")]
        .map(function (input) { return [input.name, [input.value, input === document.activeElement]]; }));
      now.innerHTML = html;
      for (const details of now.querySelectorAll("details")) {
        if (open.has(nameOf(details))) details.open = true;
      }
      for (const [name, [value, focused]] of typed) {
        const input = now.querySelector("input[name=" + name + "]");
        if (!input) continue;
        input.value = value;
        if (focused) input.focus();
      }
    })
    .catch(function () { });
}

function showProgress(data) {
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
  const stream = new EventSource("/run/" + encodeURIComponent(now.dataset.run) + "/events");
  stream.addEventListener("change", function () { refresh(now); });
  stream.addEventListener("progress", function (event) { showProgress(JSON.parse(event.data)); });
  stream.addEventListener("gone", function () {
    stream.close();
    now.textContent = "This run has been deleted.";
  });
}
