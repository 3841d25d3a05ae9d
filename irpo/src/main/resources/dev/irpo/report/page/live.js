"use strict";

/*
 * Of a page that is served alone: takes what is new from the server, and shows it without losing what
 * is searched, opened or scrolled to. The browser connects again by itself, and says then what the page
 * has (Last-Event-ID).
 */
const Live = {
  RETRY: 3000, // milliseconds
  SHARE: 50, // so many times as long as showing took passes before more is shown,
  LONGEST: 10000, // but not longer

  after: "", // what the page has, as the server names it
  page: null,
  now: null,
  isConnected: false,
  updated: null,
  work: Promise.resolve(), // events, one after the other
  isStale: false, // whether numbers are newer than what is shown
  batch: [], // changes of rollouts, until all that belong together are there
  pending: [], // those to be made when the page is shown next
  timer: null,

  async follow(page) {
    const { after, now } = await Data.read(Data.elements("live")[0]);
    Object.assign(Live, { page, after, now, updated: new Date() });
    Live.line = element("p", { id: "live" });
    document.getElementById("title").after(Live.line);
    Live.showState();
    document.addEventListener("visibilitychange", () => Live.showSoon());
    Live.connect();
  },

  connect() {
    const source = new EventSource(`events?after=${encodeURIComponent(Live.after)}`);
    for (const [name, take] of Object.entries(Live.events)) {
      source.addEventListener(name, (event) => {
        Live.work = Live.work.then(() => take(event)).catch(Live.fail);
      });
    }
    source.onopen = () => Live.connected(true);
    source.onerror = () => {
      Live.connected(false);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(Live.connect, Live.RETRY); // the browser gives up where the answer is no stream
      }
    };
  },

  connected(isConnected) {
    Live.isConnected = isConnected;
    Live.showState();
  },

  fail(error) {
    Live.problem = `an update cannot be shown (${error.message}); reload the page`;
    Live.showState();
    throw error;
  },

  /* As LiveState and LiveRun send them. */
  events: {
    numbers({ data }) {
      const { isAll, page } = JSON.parse(data);
      const before = Live.page.runs[0].trainings;
      page.runs[0].trainings.forEach((training, i) => {
        training.metrics = (isAll ? null : before[i]?.metrics) ?? { steps: [], columns: {} };
      });
      Live.page = page;
      Live.isStale = true;
      if (isAll) {
        Live.batch.push(() => Browser.clear());
      }
    },

    metrics({ data }) {
      const { training, from, metrics } = JSON.parse(data);
      Live.extend(Live.page.runs[0].trainings[training].metrics, from, metrics);
      Live.isStale = true;
    },

    async problems({ data }) {
      const problems = await Data.unpack(data);
      Live.batch.push(() => Browser.addProblems(problems));
    },

    clear({ data }) {
      Live.batch.push(() => Browser.remove(Number(data)));
    },

    async rollouts({ data }) {
      const block = await Data.unpack(data);
      Live.batch.push(() => Browser.add(block));
    },

    /* The last of what belongs together. */
    now({ data, lastEventId }) {
      Live.after = lastEventId;
      Live.pending.push(...Live.batch.splice(0));
      Live.now = JSON.parse(data);
      Live.updated = new Date();
      Live.showState();
      Live.showSoon();
    },
  },

  /* Puts lines of metrics in the place of those from one on. */
  extend(metrics, from, { steps, columns }) {
    metrics.steps.length = from;
    metrics.steps.push(...steps);
    for (const name of Object.keys(columns)) {
      metrics.columns[name] ??= [];
    }
    for (const [name, column] of Object.entries(metrics.columns)) {
      while (column.length < from) {
        column.push(null);
      }
      column.length = from;
      column.push(...(columns[name] ?? steps.map(() => null)));
    }
  },

  /* Shows what is new once the page is seen, and so often that it takes little of the machine's time. */
  showSoon() {
    if (Live.timer === null && !document.hidden && (Live.isStale || Live.pending.length > 0)) {
      Live.timer = setTimeout(async () => {
        const began = performance.now();
        try {
          await Live.show();
        } catch (error) {
          Live.fail(error);
        } finally {
          setTimeout(() => {
            Live.timer = null;
            Live.showSoon();
          }, Math.min(Live.LONGEST, Live.SHARE * (performance.now() - began)));
        }
      });
    }
  },

  async show() {
    const { isStale, pending } = Live;
    Live.isStale = false;
    Live.pending = [];
    pending.forEach((change) => change());
    if (isStale) {
      showNumbers(Live.page);
      Browser.follow(Live.page.runs);
    }
    if (pending.length > 0) {
      await Browser.refresh();
    }
  },

  showState() {
    const time = Live.updated.toLocaleTimeString("en-GB");
    const state = Live.isConnected ? "live" : "not connected";
    Live.line.replaceChildren(
      element("span", { class: `badge ${Live.isConnected ? "fine" : "alarm"}` }, state),
      Live.isConnected ? ` ${Live.doing(Live.now)} ` : " trying again; start bin/irpo watch if it has ended ",
      element("span", { class: "soft" }, `updated ${time}`),
    );
  },

  /* What the run is doing, in words. */
  doing({ stage, isKnown, worker, problem }) {
    const trouble = Live.problem ?? (problem === null ? null : `cannot be read now: ${problem}`);
    if (trouble !== null) {
      return trouble;
    }
    if (!isKnown) {
      return worker === null ? "no process works on it" : `${worker}, works on it`;
    }
    if (stage === null) {
      return "finished";
    }
    const { count } = stage;
    const far = count === null ? "" : `, ${Text.count(count.done)} of ${Text.count(count.total)} ${count.unit}`;
    const place = `stage ${stage.number} of ${stage.stages}: ${stage.name}${far}`;
    return worker === null ? `${place}; no process works on it` : place;
  },
};
