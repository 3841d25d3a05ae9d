"use strict";

/* Accuracy by iteration, what is missing, and what looks wrong. */
const Overview = {
  show(page) {
    Overview.showMissing(page.runs);
    Overview.showAccuracy(page);
    Overview.showChecks(page.runs);
  },

  showMissing(runs) {
    const some = runs.filter((run) => run.missing.length > 0);
    document.getElementById("missing").hidden = some.length === 0;
    const parts = some.map(({ name, missing }) => ({ name: runs.length > 1 ? name : null, missing }));
    fill(partOf("missing", "facts"), parts, () =>
      parts.flatMap(({ name, missing }) => [
        name === null ? null : element("h3", {}, name),
        element("ul", {}, missing.map((fact) => element("li", {}, fact))),
      ]),
    );
  },

  showAccuracy(page) {
    const numbers = page.runs.map(({ name, evaluations, facts }) => ({ name, evaluations, facts }));
    fill(partOf("accuracy", "tiles"), numbers, () =>
      element("div", { class: "tiles" }, page.runs.map((run) => Overview.tile(run))),
    );
    fill(partOf("accuracy", "chart"), numbers, () =>
      Charts.figure("Accuracy on the test problems, %", "accuracy", () => Overview.accuracyChart(page), "wide"),
    );
    const rows = page.runs.flatMap((run) =>
      run.evaluations.map((model) => [
        run.name,
        `M_${model.iteration}`,
        Text.share(model.greedy),
        Text.share(model.majority),
        model.votes === 0 ? "" : String(model.votes),
        Text.count(model.greedy.total),
      ]),
    );
    fill(partOf("accuracy", "table"), rows, () =>
      table(["run", "model", "greedy", "majority vote", "votes", "problems"], rows, { class: "numbers" }),
    );
  },

  tile(run) {
    const models = run.evaluations;
    const first = models[0];
    const last = models[models.length - 1];
    const value =
      models.length === 0
        ? "not evaluated"
        : models.length === 1
          ? `${Text.number(first.greedy.percent)} %`
          : `${Text.number(first.greedy.percent)} → ${Text.number(last.greedy.percent)} %`;
    const what =
      models.length === 0
        ? "no model has been evaluated yet"
        : models.length === 1
          ? `M_${first.iteration}, greedy`
          : `M_${first.iteration} to M_${last.iteration}, greedy`;
    return element(
      "div",
      { class: "tile" },
      element("span", { class: "name" }, run.name),
      element("strong", {}, value),
      element("span", {}, `${what} · ${run.facts.task} · ${run.facts.loss} · seed ${run.facts.seed}`),
    );
  },

  accuracyChart({ runs, paper }) {
    const datasets = [];
    runs.forEach((run, i) => {
      const aside = (i - (runs.length - 1) / 2) * 0.05; // so that bars do not cover each other
      const name = runs.length > 1 ? `${run.name}, ` : "";
      datasets.push(
        ...Overview.curve(`${name}greedy`, run.evaluations, (model) => model.greedy, aside, Charts.series(2 * i), []),
        ...Overview.curve(
          `${name}majority vote`,
          run.evaluations.filter((model) => model.majority !== null),
          (model) => model.majority,
          aside + 0.02,
          Charts.series(2 * i + 1),
          [6, 4],
        ),
      );
    });
    datasets.push({
      label: paper.name,
      data: paper.percent.map((y, x) => ({ x, y, text: `${Text.number(y)} % (${paper.source})` })),
      borderColor: Charts.color("paper"),
      backgroundColor: Charts.color("paper"),
      borderDash: [2, 3],
      borderWidth: 2,
      pointStyle: "rectRot",
      pointRadius: 4,
    });
    const shown = datasets.filter((dataset) => dataset.data.length > 0);
    const last = Math.max(...shown.flatMap((dataset) => dataset.data.map((point) => Math.round(point.x))));
    return {
      type: "line",
      data: { datasets: shown },
      options: {
        interaction: { mode: "nearest", intersect: false },
        scales: {
          x: Charts.axis("model", {
            type: "linear",
            offset: false,
            grid: { offset: false },
            min: -0.25,
            max: last + 0.25,
            afterBuildTicks: (axis) => {
              axis.ticks = Array.from({ length: last + 1 }, (_, value) => ({ value }));
            },
            ticks: { callback: (t) => `M_${t}` },
          }),
          y: Charts.axis("", { type: "linear", beginAtZero: false, grace: "5%", max: 100 }),
        },
        plugins: {
          legend: Charts.legend({
            labels: {
              usePointStyle: true,
              boxHeight: 7,
              filter: (item, data) => !data.datasets[item.datasetIndex].isError,
            },
            onClick: (_, item, legend) => Overview.toggle(legend.chart, item.datasetIndex),
          }),
          tooltip: {
            filter: (item) => !item.dataset.isError,
            callbacks: {
              title: (items) => (items.length === 0 ? "" : `M_${Math.round(items[0].parsed.x)}`),
              label: (item) => `${item.dataset.label}: ${item.raw.text}`,
            },
          },
        },
      },
    };
  },

  /* A line with a floating bar of one standard error to each side of a point. */
  curve(label, models, shareOf, aside, color, borderDash) {
    const points = models.map((model) => ({ x: model.iteration + aside, share: shareOf(model) }));
    return [
      {
        label,
        data: points.map(({ x, share }) => ({
          x,
          y: share.percent,
          text: `${Text.share(share)} (${share.correct} of ${share.total})`,
        })),
        borderColor: color,
        backgroundColor: color,
        borderDash,
        borderWidth: 2,
        pointRadius: 4,
      },
      {
        label: `${label}, standard error`,
        isError: true,
        type: "bar",
        data: points.map(({ x, share }) => ({
          x,
          y: [share.percent - share.standardError, share.percent + share.standardError],
        })),
        backgroundColor: color,
        barThickness: 2,
        grouped: false,
      },
    ];
  },

  /* A line goes with its bars. */
  toggle(chart, index) {
    const isShown = chart.isDatasetVisible(index);
    chart.setDatasetVisibility(index, !isShown);
    if (chart.data.datasets[index + 1]?.isError) {
      chart.setDatasetVisibility(index + 1, !isShown);
    }
    chart.update();
  },

  showChecks(runs) {
    const checks = runs.map((run) => run.checks);
    fill(partOf("checks", "runs"), checks, () => runs.flatMap((run) => Overview.checksOf(run, runs.length > 1)));
  },

  checksOf(run, isNamed) {
    const isWorse = (check) => check.verdict === "ALARM" || check.verdict === "LOOK";
    const worse = run.checks.filter(isWorse);
    const others = run.checks.filter((check) => !isWorse(check));
    const fine = others.filter((check) => check.verdict === "FINE").length;
    return [
      isNamed ? element("h3", {}, run.name) : null,
      worse.length > 0 ? Overview.checks(worse) : element("p", {}, "Nothing looks wrong."),
      element(
        "details",
        { "data-name": run.name },
        element("summary", {}, `${fine} checks are fine, ${others.length - fine} have too little to tell`),
        Overview.checks(others),
      ),
    ];
  },

  /* Checks of the same thing with the same verdict stand together. */
  checks(checks) {
    const groups = Object.values(Object.groupBy(checks, (check) => `${check.verdict} ${check.what}`));
    return element("div", { class: "checks" }, groups.map(Overview.group));
  },

  group(checks) {
    const words = { ALARM: "alarm", LOOK: "look", FINE: "fine", UNKNOWN: "not known" };
    const [{ verdict, what, limits }] = checks;
    const minus = (fact) => fact.replaceAll(/(^|\s)-(?=\d)/g, "$1−");
    return element(
      "div",
      { class: `check ${verdict.toLowerCase()}` },
      element("span", { class: "badge" }, words[verdict]),
      element(
        "div",
        {},
        element("strong", {}, what),
        element("span", { class: "where" }, limits),
        checks.map((check) => element("div", {}, element("span", { class: "soft" }, `${check.where}: `), minus(check.fact))),
      ),
    );
  },
};
