// A drop zone around a real file input, and progress while its form is sent (fetch can't report it, XHR can).
// Without this script the form posts as forms do.
export function start(zone) {
  const input = zone.querySelector("input[type=file]");
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("is-over");
  });
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", () => showChosen(zone, input.files[0]));
  input.form?.addEventListener("submit", (event) => {
    if (!input.files.length) return;
    event.preventDefault();
    send(zone, input.form);
  });
}

function showChosen(zone, file) {
  const words = zone.querySelector("[data-upload-chosen]");
  words.hidden = !file;
  if (file) words.textContent = `${file.name} · ${size(file.size)}`;
}

function size(bytes) {
  const unit = bytes >= 1e6 ? ["megabyte", 1e6] : ["kilobyte", 1e3];
  const format = { style: "unit", unit: unit[0], maximumFractionDigits: 1 };
  return new Intl.NumberFormat(document.documentElement.lang, format).format(bytes / unit[1]);
}

function send(zone, form) {
  const bar = zone.querySelector("progress");
  const words = zone.querySelector("[data-upload-text]");
  const request = new XMLHttpRequest();
  const buttons = form.querySelectorAll("button[type=submit]");
  const busy = (yes) => buttons.forEach((button) => (button.disabled = yes));
  zone.querySelector("[data-upload-progress]").hidden = false;
  request.upload.addEventListener("progress", (event) => {
    bar.value = (event.loaded / event.total) * 100;
    words.textContent = bar.value < 100 ? `${words.dataset.sending} ${Math.round(bar.value)}%` : words.dataset.checking;
  });
  request.addEventListener("error", () => {
    words.textContent = words.dataset.failed;
    busy(false);
  });
  request.addEventListener("load", () => arrive(request, form));
  request.open("POST", form.action);
  request.send(new FormData(form));
  busy(true);
}

// A redirect was followed: go there for real. Otherwise the answer is the page with its errors.
function arrive(request, form) {
  if (request.responseURL !== form.action) return location.assign(request.responseURL);
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  document.getElementById("main").replaceWith(page.getElementById("main"));
  document.title = page.title;
  document.dispatchEvent(new CustomEvent("live:updated"));
  document.getElementById("main").focus();
}
