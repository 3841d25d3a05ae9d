"use strict";

/* Shows all numbers, or what has changed of them. */
function showNumbers(page) {
  Overview.show(page);
  Training.show(page);
  Sampling.show(page);
  Runs.show(page);
  Charts.draw();
}

/* Shows the numbers at once, and the rollouts as they are read. */
(async () => {
  const state = document.getElementById("state");
  try {
    if (typeof DecompressionStream === "undefined" || Object.groupBy === undefined) {
      throw new Error("this browser is too old; use one of 2024 or newer");
    }
    const [numbers] = Data.elements("numbers");
    const page = await Data.read(numbers);
    document.getElementById("title").textContent = `IRPO report: ${page.runs.map((run) => run.name).join(", ")}`;
    showNumbers(page);
    Charts.follow();
    state.hidden = true;
    await Browser.show(page);
    if (typeof Live !== "undefined") {
      await Live.follow(page);
    }
    document.documentElement.dataset.ready = "true";
  } catch (error) {
    state.hidden = false;
    state.textContent = `The page cannot be shown: ${error.message}`;
    throw error;
  }
})();
