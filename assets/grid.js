/* Cells of tables: a state is an icon and a word, a fraction is a bar. */
(function () {
  "use strict";
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...given) => window.React.createElement(...given);
  const WORDS = {
    missing: "not run", queued: "queued", running: "running", done: "done", stale: "stale", failed: "failed",
    cancelled: "cancelled", unneeded: "not needed",
  };
  cells.SkeinState = (props) => {
    if (!props.value) return null;
    return make("span", { className: `state state-${props.value}` },
      make("span", { className: `icon icon-state-${props.value}`, style: { width: 16, height: 16 }, "aria-hidden": true }),
      make("span", null, WORDS[props.value] || props.value));
  };
  cells.SkeinProgress = (props) => {
    if (props.value === null || props.value === undefined) return null;
    const percent = Math.round(100 * props.value);
    return make("span", { className: "bar", role: "progressbar", "aria-valuenow": percent },
      make("span", { className: "bar-track" }, make("span", { className: "bar-fill", style: { width: `${percent}%` } })),
      make("span", { className: "bar-text" }, `${percent} %`));
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.grids = {
    /* Ask again for the rows that are in view; scroll position and selection stay. */
    refresh(revision, id) {
      const grid = window.dash_ag_grid && window.dash_ag_grid.getApi(id);
      if (grid && grid.refreshInfiniteCache) grid.refreshInfiniteCache();
      return window.dash_clientside.no_update;
    },
    /* Other filters: begin at the top. */
    restart(filter, id) {
      const grid = window.dash_ag_grid && window.dash_ag_grid.getApi(id);
      if (grid && grid.purgeInfiniteCache) grid.purgeInfiniteCache();
      return window.dash_clientside.no_update;
    },
  };
})();
