"use strict";

/* What was sampled, and what became of the prompts. */
const Sampling = {
  show({ runs }) {
    runs.forEach((run, i) => {
      const sampled = run.trainings.filter((training) => training.rollouts !== null);
      const numbers = sampled.map(({ name, rollouts, counts }) => ({ name, rollouts, counts }));
      fill(partOf("sampling", String(i)), [run.name, numbers], () => [
        runs.length > 1 ? element("h3", {}, run.name) : null,
        ...(sampled.length === 0
          ? [element("p", {}, "Nothing has been sampled yet.")]
          : [Sampling.charts(run, sampled), Sampling.numbers(sampled)]),
      ]);
    });
  },

  charts(run, sampled) {
    const compared = sampled.filter((training) => !training.isSecond); // of the same problems
    return element(
      "div",
      { class: "grid" },
      Charts.figure("Samples right per problem, % of problems", `right:${run.name}`, () =>
        Sampling.histogram(compared, (rollouts) => rollouts.rightOfProblem, "right samples of a problem"),
      ),
      Charts.figure("Length of responses, % of responses", `length:${run.name}`, () =>
        Sampling.histogram(compared, (rollouts) => rollouts.lengths, "tokens"),
      ),
      Charts.figure("Prompts with pairs, and reasons for none", `dropped:${run.name}`, () => Sampling.dropped(sampled)),
    );
  },

  sampler(training) {
    return `M_${training.sampler}`;
  },

  /* Shares by bin, a series for each model that sampled. */
  histogram(sampled, countsOf, title) {
    const all = sampled.map((training) => countsOf(training.rollouts));
    const largest = Math.max(...all.flatMap((counts) => Object.keys(counts).map(Number)));
    const width = Sampling.binWidth(largest);
    const bins = Math.floor(largest / width) + 1;
    const labels = Array.from({ length: bins }, (_, bin) =>
      width === 1 ? String(bin) : `${bin * width}–${(bin + 1) * width - 1}`,
    );
    const datasets = sampled.map((training, i) => {
      const data = new Array(bins).fill(0);
      let total = 0;
      for (const [value, count] of Object.entries(all[i])) {
        data[Math.floor(Number(value) / width)] += count;
        total += count;
      }
      return {
        label: Sampling.sampler(training),
        data: data.map((count) => (100 * count) / total),
        backgroundColor: Charts.series(i),
      };
    });
    return {
      type: "bar",
      data: { labels, datasets },
      options: {
        interaction: { mode: "index", intersect: false },
        scales: { x: Charts.axis(title, { grid: { display: false } }), y: Charts.axis("") },
        plugins: {
          legend: Charts.legend(),
          tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${Text.number(item.parsed.y)} %` } },
        },
      },
    };
  },

  /* 1, 2, 5, 10, 20, … for at most 30 bins. */
  binWidth(largest) {
    let width = 1;
    for (let i = 1; largest / width >= 30; i++) {
      width = [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3);
    }
    return width;
  },

  dropped(sampled) {
    const paired = sampled.filter((training) => training.counts !== null);
    const reasons = [...new Set(paired.flatMap((training) => Object.keys(training.counts.dropped)))];
    const series = [
      { label: "with pairs", data: paired.map((training) => training.promptsWithPair), color: Charts.color("good") },
      ...reasons.map((reason, i) => ({
        label: reason,
        data: paired.map((training) => training.counts.dropped[reason] ?? 0),
        color: Charts.series(i + 1),
      })),
    ];
    return {
      type: "bar",
      data: {
        labels: paired.map((training) => training.name),
        datasets: series.map(({ label, data, color }) => ({ label, data, backgroundColor: color })),
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "index", axis: "y", intersect: false },
        scales: {
          x: Charts.axis("prompts", { stacked: true, ticks: { precision: 0 } }),
          y: Charts.axis("", { stacked: true, grid: { display: false } }),
        },
        plugins: { legend: Charts.legend() },
      },
    };
  },

  numbers(sampled) {
    const rows = sampled.map((training) => {
      const { rollouts, counts } = training;
      const tokens = Object.entries(rollouts.lengths).reduce((sum, [length, n]) => sum + Number(length) * n, 0);
      return [
        training.name,
        `M_${training.sampler}`,
        String(training.temperature),
        Text.count(rollouts.problems),
        Text.count(rollouts.rollouts),
        Text.percent(rollouts.right, rollouts.rollouts),
        Text.number(tokens / rollouts.rollouts),
        Text.percent(rollouts.withoutAnswer, rollouts.rollouts),
        Text.percent(rollouts.truncated, rollouts.rollouts),
        Text.percent(rollouts.duplicates, rollouts.rollouts),
        counts === null ? "" : Text.count(counts.pairs),
        counts === null ? "" : Text.count(counts.notDrawn ?? 0),
      ];
    });
    const head = [
      "training", "sampled by", "temperature", "problems", "rollouts", "right", "tokens, mean",
      "no answer", "cut off", "duplicates", "pairs", "pairs not drawn",
    ];
    return table(head, rows, { class: "numbers" });
  },
};
