"use strict";

/*
 * Problems and their rollouts. The list holds elements for what is seen alone, and searching pauses
 * every few milliseconds, so 100,000 rollouts scroll and answer like a hundred.
 */
const Browser = {
  ROW: 54, // pixels, as the style sheet has it
  SLICE: 12, // milliseconds of work between pauses
  RIGHT: 1,
  TRUNCATED: 2,
  DUPLICATE: 4,
  CHOSEN: 8,
  REJECTED: 16,
  GOLD: -1,

  runs: [],
  problems: [], // of each run
  rollouts: [],
  pairs: new Map(), // of a problem in a training
  samples: new Map(), // the same
  matches: [],
  list: null, // before there are rollouts
  selected: null,
  search: 0, // number of the newest one

  async show({ runs }) {
    Browser.runs = runs;
    for (const block of Data.elements("problems")) {
      Browser.addProblems(await Data.read(block));
    }
    const blocks = Data.elements("rollouts");
    if (blocks.length === 0) {
      fill(partOf("browse", "none"), true, () => element("p", {}, "There are no rollouts yet."));
      return;
    }
    Browser.addControls();
    for (const [i, block] of blocks.entries()) {
      Browser.status(`reading rollouts, ${Math.round((100 * i) / blocks.length)} %`);
      Browser.add(await Data.read(block));
      await Data.pause();
    }
    await Browser.filter();
  },

  /* The numbers of the runs have changed. */
  follow(runs) {
    Browser.runs = runs;
    Browser.matches = Browser.matches.filter((rollout) => Browser.trainingOf(rollout) !== undefined);
    if (Browser.list !== null) {
      Browser.offerTrainings();
      Browser.noteDrawn();
    }
  },

  /* Rollouts have come or gone: shows them, and leaves what is chosen and scrolled to as it is. */
  async refresh() {
    if (Browser.list === null) {
      if (Browser.rollouts.length === 0) {
        return;
      }
      fill(partOf("browse", "none"), false, () => []);
      Browser.addControls();
    }
    Browser.rollouts.sort((a, b) => a.training - b.training);
    const { selected } = Browser;
    if (selected !== null) {
      Browser.selected = Browser.sampleLike(selected);
    }
    await Browser.filter(Browser.list.scrollTop);
    if (selected !== null && Browser.selected !== null) {
      Detail.refresh(Browser.selected);
    }
  },

  /* The sample that has the place of one, or another of its problem where there is none. */
  sampleLike({ run, training, problem, sample }) {
    const samples = Browser.samples.get(Browser.key(run, training, problem)) ?? [];
    return samples.find((one) => one.sample === sample) ?? samples[0] ?? null;
  },

  addProblems({ run, first, problems }) {
    Browser.problems[run] ??= [];
    Browser.problems[run].splice(first, problems.length, ...problems);
  },

  /* Forgets the rollouts of a training of the first run. */
  remove(training) {
    Browser.rollouts = Browser.rollouts.filter((rollout) => rollout.training !== training);
    for (const map of [Browser.samples, Browser.pairs]) {
      for (const key of map.keys()) {
        if (key.startsWith(`0/${training}/`)) {
          map.delete(key);
        }
      }
    }
  },

  /* Forgets all rollouts. */
  clear() {
    Browser.rollouts = [];
    Browser.samples.clear();
    Browser.pairs.clear();
  },

  key(run, training, problem) {
    return `${run}/${training}/${problem}`;
  },

  /* A block of columns, as RolloutBlock has them. */
  add(block) {
    const roles = new Map();
    for (const [problem, chosen, rejected, chosenLogProb, rejectedLogProb] of block.pairs) {
      const key = Browser.key(block.run, block.training, problem);
      if (!Browser.pairs.has(key)) {
        Browser.pairs.set(key, []);
      }
      Browser.pairs.get(key).push({ chosen, rejected, chosenLogProb, rejectedLogProb });
      for (const [sample, role] of [[chosen, Browser.CHOSEN], [rejected, Browser.REJECTED]]) {
        roles.set(`${problem}/${sample}`, (roles.get(`${problem}/${sample}`) ?? 0) | role);
      }
    }
    for (let i = 0; i < block.sample.length; i++) {
      const rollout = {
        run: block.run,
        training: block.training,
        problem: block.problem[i],
        sample: block.sample[i],
        text: block.text[i],
        answer: block.answer[i],
        reward: block.reward[i],
        tokens: block.tokens[i],
        logProb: block.logProb[i],
        flags: block.flags[i] | (roles.get(`${block.problem[i]}/${block.sample[i]}`) ?? 0),
      };
      Browser.rollouts.push(rollout);
      const key = Browser.key(rollout.run, rollout.training, rollout.problem);
      if (!Browser.samples.has(key)) {
        Browser.samples.set(key, []);
      }
      Browser.samples.get(key).push(rollout);
    }
  },

  problemOf(rollout) {
    return Browser.problems[rollout.run][rollout.problem];
  },

  trainingOf(rollout) {
    return Browser.runs[rollout.run].trainings[rollout.training];
  },

  addControls() {
    const again = () => Browser.filter();
    Browser.query = element("input", {
      type: "search",
      id: "query",
      placeholder: "Search questions, responses, answers",
      "aria-label": "Search questions, responses and answers",
      oninput: again,
    });
    Browser.training = element(
      "select",
      { id: "of-training", "aria-label": "Training", onchange: again },
      element("option", { value: "" }, "all trainings"),
    );
    Browser.kind = element(
      "select",
      { id: "kind", "aria-label": "Kind of rollout", onchange: again },
      Object.entries(Browser.kinds).map(([name, { label }]) => element("option", { value: name }, label)),
    );
    Browser.order = element(
      "select",
      { id: "order", "aria-label": "Order", onchange: again },
      Object.entries(Browser.orders).map(([name, { label }]) => element("option", { value: name }, label)),
    );
    Browser.line = element("p", { id: "matches", class: "note", role: "status" });
    Browser.space = element("div", { class: "space" });
    Browser.list = element(
      "div",
      {
        id: "list",
        class: "list",
        tabindex: "0",
        role: "listbox",
        "aria-label": "Rollouts",
        onscroll: () => requestAnimationFrame(Browser.drawRows),
        onkeydown: Browser.move,
      },
      Browser.space,
    );
    Browser.detail = element("div", { id: "detail", class: "detail" }, element("p", { class: "note" }, "Choose a rollout."));
    Browser.offerTrainings();
    Browser.noteDrawn();
    partOf("browse", "rollouts").append(
      element("div", { class: "controls" }, Browser.query, Browser.training, Browser.kind, Browser.order),
      Browser.line,
      element("div", { class: "panes" }, Browser.list, Browser.detail),
    );
    new ResizeObserver(Browser.drawRows).observe(Browser.list);
  },

  /* Lets one choose from all trainings that there are; what is chosen stays. */
  offerTrainings() {
    const names = Browser.runs.flatMap((run, r) =>
      run.trainings.map((training, t) => [`${r}/${t}`, (Browser.runs.length > 1 ? `${run.name}, ` : "") + training.name]),
    );
    for (const [i, [value, name]] of names.entries()) {
      const option = Browser.training.options[i + 1] ?? Browser.training.appendChild(element("option"));
      option.value = value;
      option.textContent = name;
    }
    Browser.training.options.length = names.length + 1;
  },

  /* What is left out, if something is. */
  noteDrawn() {
    const facts = Browser.runs.flatMap((run) =>
      run.trainings
        .filter((training) => training.rollouts !== null && training.shownProblems < training.rollouts.problems)
        .map(
          (training) =>
            `${run.name}, ${training.name}: ${Text.count(training.shownProblems)} of ${Text.count(training.rollouts.problems)} problems`,
        ),
    );
    fill(partOf("browse", "drawn"), facts, () =>
      facts.length === 0
        ? []
        : element("p", { class: "note" }, `Drawn at random, with the run's seed: ${facts.join("; ")}. The numbers above are of all.`),
    );
  },

  kinds: {
    all: { label: "all rollouts", has: () => true },
    right: { label: "right", has: (rollout) => rollout.flags & 1 },
    wrong: { label: "wrong", has: (rollout) => !(rollout.flags & 1) },
    unread: { label: "without an answer", has: (rollout) => rollout.answer === null },
    truncated: { label: "cut off", has: (rollout) => rollout.flags & 2 },
    duplicate: { label: "duplicates", has: (rollout) => rollout.flags & 4 },
    chosen: { label: "chosen in a pair", has: (rollout) => rollout.flags & 8 },
    rejected: { label: "rejected in a pair", has: (rollout) => rollout.flags & 16 },
    unpaired: { label: "in no pair", has: (rollout) => !(rollout.flags & 24) },
  },

  orders: {
    problem: { label: "by problem", compare: null },
    likely: { label: "most likely first", compare: (a, b) => b.logProb - a.logProb },
    unlikely: { label: "least likely first", compare: (a, b) => a.logProb - b.logProb },
    long: { label: "longest first", compare: (a, b) => b.tokens - a.tokens },
    short: { label: "shortest first", compare: (a, b) => a.tokens - b.tokens },
  },

  status(text) {
    Browser.line.textContent = text;
  },

  /* Searches anew, and scrolls to a place; a newer search ends an older one. */
  async filter(top = 0) {
    const search = ++Browser.search;
    const text = Browser.query.value.trim().toLowerCase();
    const training = Browser.training.value;
    const { has } = Browser.kinds[Browser.kind.value];
    const matches = [];
    let began = performance.now();
    for (const [i, rollout] of Browser.rollouts.entries()) {
      const isAsked = training === "" || training === `${rollout.run}/${rollout.training}`;
      if (isAsked && has(rollout) && Browser.holds(rollout, text)) {
        matches.push(rollout);
      }
      if (i % 64 === 0 && performance.now() - began > Browser.SLICE) {
        Browser.status(`searching, ${Math.round((100 * i) / Browser.rollouts.length)} %`);
        await Data.pause();
        if (search !== Browser.search) {
          return;
        }
        began = performance.now();
      }
    }
    const { compare } = Browser.orders[Browser.order.value];
    Browser.matches = compare === null ? matches : matches.sort(compare);
    const problems = new Set(matches.map((rollout) => `${rollout.run}/${rollout.problem}`)).size;
    Browser.space.style.height = `${matches.length * Browser.ROW}px`;
    Browser.list.scrollTop = top;
    Browser.status(
      `${Text.count(matches.length)} of ${Text.count(Browser.rollouts.length)} rollouts, of ${Text.count(problems)} problems`,
    );
    Browser.drawRows();
    if (Browser.selected === null && matches.length > 0) {
      Browser.select(matches[0]);
    }
  },

  holds(rollout, text) {
    if (text === "") {
      return true;
    }
    const problem = Browser.problemOf(rollout);
    return [rollout.text, rollout.answer, problem.id, problem.question, problem.gold].some(
      (field) => field !== null && field.toLowerCase().includes(text),
    );
  },

  /* Makes the rows that are seen, and a few more. */
  drawRows() {
    const first = Math.max(0, Math.floor(Browser.list.scrollTop / Browser.ROW) - 4);
    const last = Math.min(
      Browser.matches.length,
      Math.ceil((Browser.list.scrollTop + Browser.list.clientHeight) / Browser.ROW) + 4,
    );
    const rows = [];
    for (let i = first; i < last; i++) {
      const row = Browser.row(Browser.matches[i]);
      row.style.top = `${i * Browser.ROW}px`;
      rows.push(row);
    }
    Browser.space.replaceChildren(...rows);
  },

  row(rollout) {
    const problem = Browser.problemOf(rollout);
    const isSelected = rollout === Browser.selected;
    const several = Browser.runs.length > 1 ? `${Browser.runs[rollout.run].name} ` : "";
    return element(
      "div",
      { class: "row", role: "option", "aria-selected": String(isSelected), onclick: () => Browser.select(rollout) },
      element(
        "div",
        { class: "first" },
        Browser.badge(rollout),
        element("span", { class: "id" }, problem.id),
        element("span", { class: "soft" }, `#${rollout.sample} · ${several}M_${Browser.trainingOf(rollout).sampler}`),
        element("span", { class: "end" }, Text.logProb(rollout.logProb)),
      ),
      element("div", { class: "second" }, rollout.text.trim().slice(0, 200)),
    );
  },

  badge(rollout) {
    const isRight = rollout.flags & Browser.RIGHT;
    const word = isRight ? "right" : rollout.answer === null ? "no answer" : "wrong";
    const partly = rollout.reward > 0 && rollout.reward < 1 ? ` ${Text.number(rollout.reward, 2)}` : "";
    return element("span", { class: `badge ${isRight ? "fine" : "alarm"}` }, word + partly);
  },

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) {
      return;
    }
    event.preventDefault();
    const next = Browser.matches.indexOf(Browser.selected) + step;
    if (next >= 0 && next < Browser.matches.length) {
      const top = next * Browser.ROW;
      const { list } = Browser;
      if (top < list.scrollTop) {
        list.scrollTop = top;
      } else if (top + Browser.ROW > list.scrollTop + list.clientHeight) {
        list.scrollTop = top + Browser.ROW - list.clientHeight;
      }
      Browser.select(Browser.matches[next]);
    }
  },

  select(rollout) {
    Browser.selected = Browser.sampleLike(rollout); // the row may be older
    Browser.drawRows();
    if (Browser.selected !== null) {
      Detail.show(Browser.selected);
    }
  },
};
