// The three buttons of the theme switch: light, as the system, dark.
const root = document.documentElement;

export function start(group) {
  const buttons = [...group.querySelectorAll("[data-theme-value]")];
  const show = (chosen) => {
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.themeValue === chosen);
  };
  group.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-theme-value]")?.dataset.themeValue;
    if (!chosen) return;
    remember(chosen);
    root.dataset.themeChoice = chosen;
    const dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.bsTheme = dark ? "dark" : "light";
    show(chosen);
  });
  show(recall());
}

function recall() {
  try {
    return localStorage.getItem("theme") ?? "auto";
  } catch {
    return "auto";
  }
}

function remember(chosen) {
  try {
    localStorage.setItem("theme", chosen);
  } catch {
    // The choice then lasts for this page only.
  }
}
