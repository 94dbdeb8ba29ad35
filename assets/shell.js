/* The little that needs the browser itself: the URL, the theme, the keyboard. */
(function () {
  "use strict";

  // The theme is a cookie, so that the server draws the first picture in it.
  const remember = (theme) => {
    document.cookie = `skein-theme=${theme}; path=/; max-age=31536000; SameSite=Strict`;
  };
  if (!document.cookie.includes("skein-theme=")) {
    remember(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }

  const ASK_AGAIN_MS = 500;  // a film that plays changes its place all the time
  const same = window.dash_clientside ? window.dash_clientside.no_update : undefined;
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.skein = {
    /* Merge what the page shows into the URL, the view and the rail's links; nothing is drawn again. */
    writeQuery(changes, view, links) {
      const keep = window.dash_clientside.no_update || same;
      if (!changes || !view) return [keep, links.map(() => keep)];
      const query = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === undefined || value === "") query.delete(name);
        else query.set(name, String(value));
      }
      const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
      const search = text ? `?${text}` : "";
      window.history.replaceState(window.history.state, "", window.location.pathname + search);
      const hrefs = links.map((link) => `/${link.page}${search}`);
      return [{ ...view, href: window.location.href }, hrefs];
    },
    /* Show what the server drew, unless the place has changed since it was asked: then ask anew, a moment later. */
    place(fresh, frame, again, view) {
      const keep = window.dash_clientside.no_update;
      if (!fresh) return [keep, keep];
      if (fresh.href === view.href) return [fresh.content, fresh.token];
      setTimeout(() => {
        if (document.getElementById(frame)) window.dash_clientside.set_props(again, { data: Date.now() });
      }, ASK_AGAIN_MS);
      return [keep, keep];
    },
    /* The tab says where it is: "Tracks · trial_1 · Skein". */
    nameTab(rail, view) {
      const here = document.querySelector(".rail-link.here span:nth-child(2)");
      const recording = new URLSearchParams(window.location.search).get("recording");
      document.title = [here && here.textContent, recording, "Skein"].filter(Boolean).join(" · ");
      return window.dash_clientside.no_update;
    },
    switchTheme(clicks, theme) {
      const other = theme === "dark" ? "light" : "dark";
      remember(other);
      return [other, other];
    },
  };

  // A key presses the button that names it: <button data-key="ArrowRight">.
  const typing = (element) =>
    element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName) || element.closest("[role=combobox],[role=slider],.ag-root");
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.metaKey || typing(event.target)) return;
    const key = (event.ctrlKey ? "Ctrl+" : "") + (event.key === " " ? "Space" : event.key);
    const button = document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`);
    if (!button) return;
    if (key === "Space" && event.target.closest("button, a, summary") && event.target !== button) return;
    event.preventDefault();
    button.click();
  });

  // A picture that cannot be made leaves its place empty.
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement) event.target.classList.add("broken");
  }, true);

  // A log that is read at its end stays at its end.
  new MutationObserver((records) => {
    for (const record of records) {
      const log = record.target.closest ? record.target.closest("pre.log") : record.target.parentElement?.closest("pre.log");
      if (log && (log.dataset.follow !== "no")) log.scrollTop = log.scrollHeight;
    }
  }).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
  document.addEventListener("scroll", (event) => {
    const log = event.target;
    if (!log.classList || !log.classList.contains("log")) return;
    log.dataset.follow = log.scrollHeight - log.scrollTop - log.clientHeight < 40 ? "yes" : "no";
  }, true);
})();
