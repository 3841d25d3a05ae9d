"use strict";

/* Charts in the colours of the style sheet; they are drawn again when those change. */
const Charts = {
  drawn: new Map(), // by name

  color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  },

  /* The colour of the i-th series. */
  series(i) {
    return Charts.color(`series-${(i % 8) + 1}`);
  },

  /*
   * A figure with a chart; the one of this name where there is one, whose chart gets new data when it is
   * drawn.
   *
   * configOf makes the configuration for Chart.js, anew whenever data or colours change
   */
  figure(title, name, configOf, className = "") {
    const known = Charts.drawn.get(name);
    if (known !== undefined) {
      Object.assign(known, { configOf, isStale: true });
      return known.figure;
    }
    const canvas = element("canvas", { role: "img", "aria-label": title, "data-chart": name });
    const figure = element(
      "figure",
      { class: `chart ${className}` },
      element("figcaption", {}, title),
      element("div", { class: "plot" }, canvas),
    );
    Charts.drawn.set(name, { figure, canvas, configOf, chart: null, isStale: false });
    return figure;
  },

  /* Draws what is in the page and was not drawn yet, or has new data. */
  draw() {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.color = Charts.color("soft");
    Chart.defaults.borderColor = Charts.color("grid");
    Chart.defaults.animation = false;
    Chart.defaults.maintainAspectRatio = false;
    for (const [name, drawn] of Charts.drawn) {
      if (!drawn.canvas.isConnected) {
        drawn.chart?.destroy();
        Charts.drawn.delete(name);
      } else if (drawn.chart === null) {
        drawn.chart = new Chart(drawn.canvas, drawn.configOf());
      } else if (drawn.isStale) {
        Charts.update(drawn.chart, drawn.configOf());
      }
      drawn.isStale = false;
    }
  },

  /* Gives a chart new data; series of the same name stay hidden if they are. */
  update(chart, { data, options }) {
    const before = chart.data.datasets;
    chart.data.labels = data.labels ?? [];
    chart.data.datasets = data.datasets.map((series) => {
      const known = before.find(({ label }) => label === series.label);
      return known === undefined ? series : Object.assign(known, series);
    });
    chart.options = options;
    chart.update();
  },

  redraw() {
    for (const drawn of Charts.drawn.values()) {
      drawn.chart?.destroy();
      drawn.chart = null;
    }
    Charts.draw();
  },

  follow() {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", Charts.redraw);
  },

  /* A number beside an axis: short whatever its size. */
  tick(value) {
    const size = Math.abs(value);
    const text = size > 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(1) : value.toLocaleString("en-US");
    return text.replace("-", "−");
  },

  /* A legend with small marks. */
  legend(more = {}) {
    return { position: "bottom", ...more, labels: { boxWidth: 10, boxHeight: 10, ...more.labels } };
  },

  axis(title, more = {}) {
    return { title: { display: title !== "", text: title }, ...more };
  },
};
