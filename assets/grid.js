/* Cells of tables: a state is an icon and a word, a fraction is a bar. */
(function () {
  "use strict";
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...given) => window.React.createElement(...given);
  const icon = (name, size) =>
    make("span", { className: `icon icon-${name}`, style: { width: size, height: size }, "aria-hidden": true });
  const WORDS = {
    missing: "not run", queued: "queued", running: "running", done: "done", stale: "stale", failed: "failed",
    cancelled: "cancelled", unneeded: "not needed",
  };
  cells.SkeinState = (props) => {
    if (!props.value) return null;
    return make("span", { className: `state state-${props.value}` }, icon(`state-${props.value}`, 16),
      make("span", null, WORDS[props.value] || props.value));
  };
  cells.SkeinProgress = (props) => {
    if (props.value === null || props.value === undefined) return null;
    const percent = Math.round(100 * props.value);
    return make("span", { className: "bar", role: "progressbar", "aria-valuenow": percent },
      make("span", { className: "bar-track" }, make("span", { className: "bar-fill", style: { width: `${percent}%` } })),
      make("span", { className: "bar-text" }, `${percent} %`));
  };

  cells.SkeinStage = (props) => {
    const cell = props.value;
    if (!cell) return null;
    return make("span", { className: `cell state-${cell.state}` }, icon(`state-${cell.state}`, 16),
      make("span", null, cell.word, cell.left ? make("span", { className: "cell-left" }, cell.left) : null));
  };
  cells.SkeinRecording = (props) => {
    const recording = props.value;
    if (!recording) return null;
    return make("span", { className: "recording-cell" },
      make("span", { className: "thumbnail" }, make("img", { src: recording.picture, alt: "", loading: "lazy" })),
      make("span", { className: "recording-lines" },
        make("span", { className: "recording-name" }, recording.name),
        make("span", { className: "dim" }, recording.line),
        recording.warning
          ? make("span", { className: "line-warning" }, icon("warning", 14), make("span", null, recording.warning),
              recording.more ? make("span", { className: "dim" }, recording.more) : null)
          : null));
  };
  // Enter opens what a click would.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.classList && event.target.classList.contains("ag-cell")) event.target.click();
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.grids = {
    /* Ask again for the rows that are in view; scroll position and selection stay. */
    refresh(id) {
      const grid = window.dash_ag_grid && window.dash_ag_grid.getApi(id);
      if (grid && grid.refreshInfiniteCache) grid.refreshInfiniteCache();
      return window.dash_clientside.no_update;
    },
    /* Other filters: begin at the top. */
    restart(id) {
      const grid = window.dash_ag_grid && window.dash_ag_grid.getApi(id);
      if (grid && grid.purgeInfiniteCache) grid.purgeInfiniteCache();
      return window.dash_clientside.no_update;
    },
  };
})();
