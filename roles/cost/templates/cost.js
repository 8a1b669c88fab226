"use strict";
{
  const root = document.documentElement;
  const buttons = (name) => document.querySelectorAll(`button[data-${name}]`);
  const title = document.querySelector("title");

  const speak = (language) => {
    root.lang = language;
    document.title = title.dataset[language];
    for (const element of document.querySelectorAll("[data-label-en]")) {
      element.setAttribute("aria-label", element.dataset[language === "ko" ? "labelKo" : "labelEn"]);
    }
    for (const button of buttons("language")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
  };
  const mark = (theme) => {
    for (const button of buttons("theme")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === theme));
    }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.dataset.theme || mark(dark.matches ? "dark" : "light");

  for (const button of buttons("language")) button.addEventListener("click", () => speak(button.dataset.language));
  for (const button of buttons("theme")) {
    button.addEventListener("click", () => mark((root.dataset.theme = button.dataset.theme)));
  }
  dark.addEventListener("change", follow);
  follow();
  speak((navigator.language || "").toLowerCase().startsWith("ko") ? "ko" : "en");
}
