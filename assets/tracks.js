/* Stepping through frames on the page Tracks: no way to the server before the frame is known. */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  const STEPS = { "tracks-previous": -1, "tracks-next": 1, "tracks-back": -10, "tracks-on": 10 };
  const same = () => window.dash_clientside.no_update;
  window.dash_clientside.tracks = {
    /* What the URL says, at once: a page that is drawn anew is drawn for it. */
    query(frame, camera, layers, usual) {
      const shown = layers || [];
      const asUsual = shown.length === usual.length && usual.every((name) => shown.includes(name));
      return { frame: frame || null, camera, overlay: asUsual ? null : shown.join(",") || "nothing" };
    },
    step(_previous, _next, _back, _on, picked, _tick, frame, last, drawn) {
      const id = window.dash_clientside.callback_context.triggered_id;
      let wanted = frame;
      if (id === "tracks-picked" && picked) wanted = Math.round(picked.x);
      else if (id === "tracks-tick") wanted = drawn === frame && frame < last ? frame + 1 : frame;  // waits for the picture
      else if (id in STEPS) wanted = frame + STEPS[id];
      wanted = Math.max(0, Math.min(last, wanted));
      return wanted === frame ? same() : wanted;
    },
    play(clicks, frame, paused, last) {
      const id = window.dash_clientside.callback_context.triggered_id;
      if (id === "tracks-play" && clicks) return !paused;
      return paused || frame < last ? same() : true;  // stops at the end
    },
  };
})();
