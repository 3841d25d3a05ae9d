"use strict";

/* Responses to read, and how the runs were made. */
const Runs = {
  show({ runs, differences, program, made }) {
    Runs.showToRead(runs);
    const names = runs.map((run) => run.name);
    const facts = [...new Set(runs.flatMap((run) => Object.keys(run.facts)))];
    const rows = facts.map((fact) => [fact, ...runs.map((run) => run.facts[fact] ?? "")]);
    fill(partOf("runs", "facts"), rows, () => table(["", ...names], rows, { class: "facts" }));
    if (runs.length > 1) {
      fill(partOf("runs", "differences"), differences, () => [
        element("h3", {}, "Where the configurations differ"),
        differences.length === 0
          ? element("p", {}, "Nowhere.")
          : table(["key", ...names], differences.map(({ key, values }) => [key, ...values]), { class: "facts" }),
      ]);
    }
    fill(partOf("runs", "yaml"), runs.map((run) => run.yaml), () => runs.map(Runs.configuration));
    document.getElementById("made").textContent = `Written ${made} by ${program}.`;
  },

  configuration(run) {
    return element(
      "details",
      {},
      element("summary", {}, `Configuration of ${run.name} (config.yaml)`),
      element("pre", { class: "yaml" }, run.yaml),
    );
  },

  showToRead(runs) {
    const some = runs.flatMap((run) =>
      run.trainings
        .filter(({ toRead }) => toRead.length > 0)
        .map(({ name, sampler, toRead }) => ({
          name: (runs.length > 1 ? `${run.name}, ` : "") + `${name}, sampled by M_${sampler}`,
          toRead,
        })),
    );
    fill(partOf("read", "responses"), some, () =>
      some.length === 0 ? element("p", {}, "There is no right answer yet.") : some.map(Runs.responses),
    );
  },

  responses({ name, toRead }, i) {
    return element(
      "details",
      { open: i === 0, "data-name": name },
      element("summary", {}, `${toRead.length} of ${name}`),
      element("div", { class: "cards" }, toRead.map(Runs.response)),
    );
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
