// Menus are popovers of the browser. Added here: arrow keys, Home and End, closing after a choice, aria-expanded, and a
// place beside the button where the browser cannot anchor by itself.
import { on } from "./dom.js";

const items = (menu) => [...menu.querySelectorAll(".menu-item:not(:disabled)")];
const anchors = CSS.supports("position-area: block-end");

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLElement) || !menu.hasAttribute("popover")) return;
    const open = event.newState === "open";
    for (const button of document.querySelectorAll(`[popovertarget="${menu.id}"]`)) button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    // A sheet is entered; a menu begins at its first item.
    if (!menu.classList.contains("menu")) {
      menu.querySelector("[autofocus], a, button, input, select, textarea")?.focus();
      return;
    }
    if (!anchors && !menu.classList.contains("menu-person")) place(menu);
    items(menu)[0]?.focus({ focusVisible: false });
  },
  true,
);

function place(menu) {
  const button = document.querySelector(`[popovertarget="${menu.id}"]`)?.getBoundingClientRect();
  if (!button) return;
  const { width, height } = menu.getBoundingClientRect();
  const below = button.bottom + height + 8 < innerHeight;
  const end = menu.classList.contains("menu-end") || button.left + width + 8 > innerWidth;
  menu.style.inset = "auto";
  menu.style.margin = "0";
  menu.style.top = `${below ? button.bottom + 4 : Math.max(8, button.top - height - 4)}px`;
  menu.style.left = `${Math.max(8, end ? button.right - width : button.left)}px`;
}

on("keydown", ".menu", (event, menu) => {
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined || !all.length || event.target.closest("input, textarea")) return;
  event.preventDefault();
  all.at(to % all.length).focus();
});
on("click", ".menu .menu-item[type=button], .menu a.menu-item", (event, item) => item.closest(".menu").hidePopover?.());
