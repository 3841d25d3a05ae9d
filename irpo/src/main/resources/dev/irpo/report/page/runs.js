"use strict";

/* Responses to read, and how the runs were made. */
const Runs = {
  show({ runs, differences, program, made }) {
    Runs.showToRead(runs);
    const content = contentOf("runs");
    const names = runs.map((run) => run.name);
    const facts = [...new Set(runs.flatMap((run) => Object.keys(run.facts)))];
    content.append(table(["", ...names], facts.map((fact) => [fact, ...runs.map((run) => run.facts[fact] ?? "")]), { class: "facts" }));
    if (runs.length > 1) {
      content.append(
        element("h3", {}, "Where the configurations differ"),
        differences.length === 0
          ? element("p", {}, "Nowhere.")
          : table(["key", ...names], differences.map(({ key, values }) => [key, ...values]), { class: "facts" }),
      );
    }
    for (const run of runs) {
      content.append(
        element(
          "details",
          {},
          element("summary", {}, `Configuration of ${run.name} (config.yaml)`),
          element("pre", { class: "yaml" }, run.yaml),
        ),
      );
    }
    document.getElementById("made").textContent = `Written ${made} by ${program}.`;
  },

  showToRead(runs) {
    const content = contentOf("read");
    let isEmpty = true;
    for (const run of runs) {
      for (const training of run.trainings.filter(({ toRead }) => toRead.length > 0)) {
        const name = (runs.length > 1 ? `${run.name}, ` : "") + `${training.name}, sampled by M_${training.sampler}`;
        content.append(
          element(
            "details",
            { open: isEmpty },
            element("summary", {}, `${training.toRead.length} of ${name}`),
            element("div", { class: "cards" }, training.toRead.map(Runs.response)),
          ),
        );
        isEmpty = false;
      }
    }
    if (isEmpty) {
      content.append(element("p", {}, "There is no right answer yet."));
    }
  },

  response(response) {
    return element(
      "div",
      { class: "sample" },
      element("div", { class: "soft" }, `${response.problemId} #${response.sample}`),
      element("p", { class: "question" }, response.question ?? "The question cannot be read; see Missing."),
      element("p", { class: "text" }, Text.response(response.text)),
      element("div", { class: "soft" }, `answer ${response.answer}, gold ${response.gold ?? "not known"}`),
    );
  },
};
