// Comfort only: every page does its work without this file. Nothing here may be inline, by the content security policy.
(() => {
  "use strict";

  // A box that ticks all boxes of its table, and a count of those ticked.
  const rowBoxes = (all) => document.querySelectorAll(`input[type="checkbox"][data-row="${CSS.escape(all.dataset.all)}"]`);
  const count = (all) => {
    const boxes = [...rowBoxes(all)];
    const ticked = boxes.filter((b) => b.checked).length;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    for (const out of document.querySelectorAll(`[data-count="${CSS.escape(all.dataset.all)}"]`)) {
      out.textContent = ticked > 0 ? String(ticked) : "";
    }
  };
  document.addEventListener("change", (e) => {
    const box = e.target;
    if (!(box instanceof HTMLInputElement)) return;
    if (box.dataset.all !== undefined) {
      for (const b of rowBoxes(box)) b.checked = box.checked;
      count(box);
    } else if (box.dataset.row !== undefined) {
      const all = document.querySelector(`[data-all="${CSS.escape(box.dataset.row)}"]`);
      if (all) count(all);
    } else if (box.dataset.reveal !== undefined) {
      const field = document.getElementById(box.dataset.reveal);
      if (field) field.type = box.checked ? "text" : "password";
    }
  });

  document.addEventListener("click", async (e) => {
    const button = e.target instanceof Element ? e.target.closest("[data-copy]") : null;
    if (button) {
      const source = document.getElementById(button.dataset.copy);
      if (!source || !navigator.clipboard) return;
      await navigator.clipboard.writeText(source.textContent);
      const label = button.querySelector("[data-label]");
      if (label) label.textContent = button.dataset.done;
    }
    // A menu closes when one clicks elsewhere.
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(e.target)) menu.open = false;
    }
  });

  // One click sends a form once. The button is disabled only after the browser has read it, or it would not be sent.
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (form.method !== "post" || e.defaultPrevented) return;
    if (form.dataset.sent !== undefined) {
      e.preventDefault();
      return;
    }
    form.dataset.sent = "";
    if (e.submitter) setTimeout(() => e.submitter.setAttribute("aria-busy", "true"), 0);
  });
  // Coming back with the browser's back button shows a page that may send again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const busy of document.querySelectorAll("form [aria-busy]")) busy.removeAttribute("aria-busy");
  });

  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") {
      const open = document.querySelector("details.menu[open]");
      if (open) {
        open.open = false;
        open.querySelector("summary")?.focus();
      }
      return;
    }
    const typing = e.target instanceof Element && e.target.closest("input, textarea, select, [contenteditable]");
    if (e.key === "/" && !typing && !e.ctrlKey && !e.metaKey && !e.altKey) {
      const search = document.querySelector('main input[type="search"]');
      if (search) {
        e.preventDefault();
        search.focus();
      }
    }
  });
})();
