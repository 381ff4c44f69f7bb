// Runs before the first paint, so it is classic, blocking and tiny.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // Storage is refused in some private modes; the system's choice is good enough.
  }
  const apply = () => {
    const wished = root.dataset.themeChoice || chosen || "auto";
    root.dataset.bsTheme = wished === "auto" ? (dark.matches ? "dark" : "light") : wished;
  };
  root.classList.replace("no-js", "js");
  dark.addEventListener("change", apply);
  apply();
})();
