/* Where in a plot was clicked, between its points too: <div data-picks="id of a dcc.Store"> around the graph. */
(function () {
  "use strict";
  let pressed = null;
  const plotOf = (event) => {
    const holder = event.target.closest && event.target.closest("[data-picks]");
    const plot = holder && holder.querySelector(".js-plotly-plot");
    return plot && plot._fullLayout && plot._fullLayout.xaxis ? { plot, store: holder.dataset.picks } : null;
  };
  document.addEventListener("pointerdown", (event) => {
    const found = event.button === 0 && !event.target.closest(".modebar") && plotOf(event);
    pressed = found ? { ...found, x: event.clientX, y: event.clientY } : null;
  }, true);
  document.addEventListener("pointerup", (event) => {
    const at = pressed;  // Plotly covers the page while a button is down: the event's own target is that cover
    pressed = null;
    if (!at || Math.hypot(event.clientX - at.x, event.clientY - at.y) > 4) return;  // a drag moves or zooms
    const { xaxis, yaxis } = at.plot._fullLayout;
    const frame = at.plot.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left - xaxis._offset, event.clientY - frame.top - yaxis._offset];
    if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length) return;
    window.dash_clientside.set_props(at.store, { data: { x: xaxis.p2d(x), y: yaxis.p2d(y), at: Date.now() } });
  }, true);
})();
