// What makes every page a little nicer. Nothing here is needed to use one.

// "Show" beside a password, which then says "Hide": it carries the words of its
// other state.
/** @param {HTMLButtonElement} button @param {boolean} [shown] */
function reveal(button, shown) {
  const input = document.getElementById(button.dataset.reveal ?? "");
  if (!(input instanceof HTMLInputElement) || (input.type === "text") === shown) return;
  input.type = input.type === "text" ? "password" : "text";
  const { text = "", label = "" } = button.dataset;
  button.dataset.text = button.textContent ?? "";
  button.dataset.label = button.getAttribute("aria-label") ?? "";
  button.textContent = text;
  button.setAttribute("aria-label", label);
  return input;
}
/** @type {NodeListOf<HTMLButtonElement>} */
const reveals = document.querySelectorAll("button[data-reveal]");
for (const button of reveals) button.addEventListener("click", () => reveal(button)?.focus());

// Where the address names a part of the page, browsers go there and let autofocus be.
addEventListener("load", () => {
  const first = document.querySelector("[autofocus]");
  if (location.hash && first instanceof HTMLElement) first.focus();
});

// Times are sent in UTC; readers think in their own time zone.
/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const precisions = { day: { dateStyle: "long" }, minute: { dateStyle: "long", timeStyle: "short" } };
// The reader's own variant of the page's language knows how to write a date.
const lang = document.documentElement.lang;
const locale = navigator.languages.find((l) => l.split("-")[0] === lang.split("-")[0]) ?? lang;
for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-local]"))) {
  const format = new Intl.DateTimeFormat(locale, precisions[time.dataset.local ?? "day"]);
  time.textContent = format.format(new Date(time.dateTime));
}

// A second click sends nothing twice, but for one that comes after a while:
// loading may have been stopped. A page that comes back from the browser's
// memory may be sent again at once.
/** @param {HTMLFormElement} form */
function ready(form) {
  delete form.dataset.sent;
  for (const busy of form.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
}
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    // Browsers remember what is sent from a text field.
    for (const button of reveals) reveal(button, false);
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => ready(form), 8000);
  });
}
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form").forEach(ready);
});

// Menus close when the keyboard goes elsewhere, those made of <details> on Escape
// and on a click elsewhere too.
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
  }
});
for (const leaving of ["click", "focusin"]) {
  addEventListener(leaving, ({ target }) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (target instanceof Node && !menu.contains(target)) menu.removeAttribute("open");
    }
  });
}
addEventListener("focusin", ({ target }) => {
  const panel = document.querySelector(".menu-panel:popover-open");
  const inside = target instanceof Node && panel?.parentElement?.contains(target);
  if (panel instanceof HTMLElement && !inside) panel.hidePopover();
});
