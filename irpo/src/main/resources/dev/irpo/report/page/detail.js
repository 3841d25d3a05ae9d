"use strict";

/* One problem with all its samples in a training, and the pairs that they went into. */
const Detail = {
  show(rollout) {
    const problem = Browser.problemOf(rollout);
    const key = Browser.key(rollout.run, rollout.training, rollout.problem);
    const samples = Browser.samples.get(key);
    const pairs = Browser.pairs.get(key) ?? [];
    const training = Browser.trainingOf(rollout);
    const right = samples.filter((sample) => sample.flags & Browser.RIGHT).length;
    Browser.detail.replaceChildren(
      element("h3", {}, problem.id, problem.kind === null ? null : element("span", { class: "soft" }, ` ${problem.kind}`)),
      element("p", { class: "question" }, problem.question ?? "The question cannot be read; see Missing."),
      ...Detail.options(problem),
      element("p", {}, "Gold answer: ", element("strong", {}, problem.gold ?? "not known")),
      ...Detail.solution(problem),
      Detail.trainings(rollout),
      element(
        "p",
        { class: "note" },
        `${training.name}: ${right} of ${samples.length} samples of M_${training.sampler} right. Log-probabilities are sums over the response under M_${training.sampler}, which is also the reference.`,
      ),
      ...samples.map((sample) => Detail.sample(sample, sample === rollout, pairs, training)),
      ...Detail.pairs(pairs, training),
    );
    Browser.detail.scrollTop = 0;
    if (samples[0] !== rollout) {
      const chosen = Browser.detail.querySelector(".sample.selected");
      Browser.detail.scrollTop = chosen.offsetTop - Browser.detail.clientHeight / 3;
    }
  },

  /* Shows what has become of it, without scrolling. */
  refresh(rollout) {
    const top = Browser.detail.scrollTop;
    Detail.show(rollout);
    Browser.detail.scrollTop = top;
  },

  options(problem) {
    return problem.options.length === 0
      ? []
      : [element("ol", { type: "A" }, problem.options.map((option) => element("li", {}, option)))];
  },

  solution(problem) {
    return problem.solution === null
      ? []
      : [element("details", {}, element("summary", {}, "Gold solution"), element("p", { class: "text" }, problem.solution))];
  },

  /* The same problem in the run's other trainings. */
  trainings(rollout) {
    const buttons = Browser.runs[rollout.run].trainings.map((training, number) => {
      const samples = Browser.samples.get(Browser.key(rollout.run, number, rollout.problem));
      return samples === undefined
        ? null
        : element(
            "button",
            {
              type: "button",
              "aria-pressed": String(number === rollout.training),
              onclick: () => Browser.select(samples[0]),
            },
            training.name,
          );
    });
    return element("div", { class: "legend" }, buttons);
  },

  sample(sample, isSelected, pairs, training) {
    const marks = [];
    if (sample.flags & Browser.TRUNCATED) {
      marks.push("cut off");
    }
    if (sample.flags & Browser.DUPLICATE) {
      marks.push("duplicate");
    }
    const chosenOver = pairs.filter((pair) => pair.chosen === sample.sample).map((pair) => `#${pair.rejected}`);
    const rejectedFor = pairs
      .filter((pair) => pair.rejected === sample.sample)
      .map((pair) => (pair.chosen === Browser.GOLD ? "the gold solution" : `#${pair.chosen}`));
    if (chosenOver.length > 0) {
      marks.push(`chosen over ${chosenOver.join(", ")}`);
    }
    if (rejectedFor.length > 0) {
      marks.push(`rejected for ${rejectedFor.join(", ")}`);
    }
    const perToken = sample.tokens === 0 ? null : sample.logProb / sample.tokens;
    return element(
      "div",
      { class: `sample ${isSelected ? "selected" : ""}` },
      element(
        "div",
        { class: "first" },
        element("strong", {}, `#${sample.sample}`),
        Browser.badge(sample),
        element("span", {}, sample.answer === null ? "no answer" : `answer ${sample.answer}`),
        element(
          "span",
          { class: "soft" },
          `ln M_${training.sampler} = ${Text.logProb(sample.logProb)} (${Text.logProb(perToken)} a token), ${sample.tokens} tokens`,
        ),
      ),
      element("p", { class: "text" }, Text.response(sample.text)),
      marks.length === 0 ? null : element("div", { class: "soft" }, marks.join(" · ")),
    );
  },

  pairs(pairs, training) {
    if (pairs.length === 0) {
      return [element("p", { class: "note" }, "No pair was built of these samples, or none yet.")];
    }
    const rows = pairs.map((pair) => [
      pair.chosen === Browser.GOLD ? "gold solution" : `#${pair.chosen}`,
      Text.logProb(pair.chosenLogProb),
      `#${pair.rejected}`,
      Text.logProb(pair.rejectedLogProb),
    ]);
    const under = `ln M_${training.sampler}`;
    return [element("h4", {}, "Pairs"), table(["chosen", under, "rejected", under], rows, { class: "numbers" })];
  },
};
