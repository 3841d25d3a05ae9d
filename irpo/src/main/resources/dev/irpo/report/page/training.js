"use strict";

/* A small chart for each metric that the trainings have, with a line for each training. */
const Training = {
  smoothing: 1,
  hidden: new Set(),

  show({ runs }) {
    const lines = Training.lines(runs);
    const metrics = [...new Set(lines.flatMap((line) => Object.keys(line.columns)))];
    const figures = metrics.map((metric) =>
      Charts.figure(metric, `metric:${metric}`, () => Training.chart(metric, lines)),
    );
    const measured = [...new Set(lines.flatMap((line) => Object.keys(line.measured.columns)))];
    for (const metric of measured) {
      figures.push(
        Charts.figure(`${metric} of the same pairs`, `measured:${metric}`, () => Training.measuredChart(metric, lines)),
      );
    }
    const labels = lines.map((line) => line.label);
    fill(partOf("training", "controls"), labels, () => (labels.length === 0 ? Training.nothing() : Training.controls(lines)));
    fill(partOf("training", "charts"), [metrics, measured], () => element("div", { class: "grid" }, figures));
    Training.showHeldOut(runs);
  },

  nothing() {
    return element("p", {}, "Nothing has been trained yet.");
  },

  controls(lines) {
    return element(
      "div",
      { class: "controls" },
      Training.smoothingChoice(),
      element("div", { class: "legend" }, lines.map((line) => Training.legendButton(line))),
    );
  },

  /* A line for each training with metrics. */
  lines(runs) {
    const lines = [];
    runs.forEach((run, i) =>
      run.trainings.forEach((training) => {
        if (training.metrics.steps.length > 0) {
          lines.push({
            label: (runs.length > 1 ? `${run.name}, ` : "") + training.name,
            steps: training.metrics.steps,
            columns: training.metrics.columns,
            measured: training.measured,
            number: lines.length,
            dash: i % 2 === 0 ? [] : [5, 3],
          });
        }
      }),
    );
    return lines;
  },

  smoothingChoice() {
    const choices = [1, 5, 20, 100].map((steps) =>
      element("option", { value: steps, selected: steps === Training.smoothing }, steps === 1 ? "every step" : `mean of ${steps} steps`),
    );
    return element(
      "label",
      {},
      "Show ",
      element(
        "select",
        {
          id: "smoothing",
          onchange: (event) => {
            Training.smoothing = Number(event.target.value);
            Charts.redraw();
          },
        },
        choices,
      ),
    );
  },

  legendButton(line) {
    const color = element("span", { class: `swatch series-${(line.number % 8) + 1}` });
    return element(
      "button",
      {
        type: "button",
        "aria-pressed": String(!Training.hidden.has(line.label)),
        onclick: (event) => {
          const isHidden = !Training.hidden.delete(line.label);
          if (isHidden) {
            Training.hidden.add(line.label);
          }
          event.currentTarget.setAttribute("aria-pressed", String(!isHidden));
          Charts.redraw();
        },
      },
      color,
      line.label,
    );
  },

  chart(metric, lines) {
    return Training.curves(
      lines
        .filter((line) => line.columns[metric] !== undefined)
        .map((line) => Training.curve(line, Training.points(line.steps, line.columns[metric]))),
    );
  },

  /* The model that the training began with and its checkpoints, on the same pairs. */
  measuredChart(metric, lines) {
    return Training.curves(
      lines
        .filter((line) => line.measured.columns[metric] !== undefined)
        .map((line) =>
          Training.curve(
            line,
            line.measured.steps.map((x, i) => ({ x, y: line.measured.columns[metric][i] })),
          ),
        ),
    );
  },

  curve(line, data) {
    return {
      label: line.label,
      data,
      hidden: Training.hidden.has(line.label),
      borderColor: Charts.series(line.number),
      backgroundColor: Charts.series(line.number),
      borderDash: line.dash,
      borderWidth: 1.5,
      pointRadius: data.length > 1 ? 0 : 3,
    };
  },

  curves(datasets) {
    return {
      type: "line",
      data: { datasets },
      options: {
        interaction: { mode: "nearest", axis: "x", intersect: false },
        scales: {
          x: Charts.axis("step", { type: "linear", grid: { display: false }, ticks: { maxTicksLimit: 7, precision: 0 } }),
          y: Charts.axis("", { ticks: { maxTicksLimit: 6, callback: Charts.tick } }),
        },
        plugins: { legend: { display: false } },
      },
    };
  },

  /* Means of the last steps; a step without a finite number is a gap. */
  points(steps, values) {
    return steps.map((x, i) => {
      const last = values.slice(Math.max(0, i + 1 - Training.smoothing), i + 1).filter((value) => value !== null);
      const y = values[i] === null ? null : last.reduce((sum, value) => sum + value, 0) / last.length;
      return { x, y };
    });
  },

  showHeldOut(runs) {
    const rows = runs.flatMap((run) =>
      run.trainings.flatMap((training) =>
        training.heldOut.map(({ step, greedy }) => [
          run.name,
          training.name,
          String(step),
          Text.share(greedy),
          Text.count(greedy.total),
        ]),
      ),
    );
    fill(partOf("training", "held-out"), rows, () =>
      rows.length === 0
        ? []
        : [
            element("h3", {}, "Checkpoints on the held-out problems"),
            table(["run", "training", "step", "greedy", "problems"], rows, { class: "numbers" }),
          ],
    );
  },
};
