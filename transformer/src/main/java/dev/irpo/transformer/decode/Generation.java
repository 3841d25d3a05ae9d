package dev.irpo.transformer.decode;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/// One call of [Generator#generate]: which prompt is where, which slot does what.
final class Generation {
  private final Generator generator;
  private final DecodeLimits limits;
  private final Iterator<GenerationRequest> requests;
  private final Sampling sampling;
  private final Sampling.Listener listener;

  private final RowPlan plan;
  private final SlotState[] slots;

  /// Prompts in the cache, in the order of requests.
  private final List<PromptState> inFlight = new ArrayList<>();

  private final Deque<Integer> freeRegions = new ArrayDeque<>();

  /// Prompts whose samples the listener has not seen, in the order of requests.
  private final Deque<PromptState> undelivered = new ArrayDeque<>();

  private long finishedSamples;
  private long drawnTokens;

  Generation(
      Generator generator,
      Iterator<GenerationRequest> requests,
      Sampling sampling,
      Sampling.Listener listener) {
    this.generator = generator;
    this.limits = generator.limits();
    this.requests = requests;
    this.sampling = sampling;
    this.listener = listener;
    plan = new RowPlan(limits.slots() + limits.prefillRows(), limits.draws());
    slots = new SlotState[limits.slots()];
    for (int s = 0; s < slots.length; s++) {
      slots[s] = new SlotState(limits.maxNewTokens());
    }
    for (int region = 0; region < limits.promptsInFlight(); region++) {
      freeRegions.add(region);
    }
  }

  void run() {
    while (true) {
      openPrompts();
      fillSlots();
      deliver();
      planRows();
      if (plan.numRows() > 0) {
        readResults(generator.run(plan, sampling.settings()));
      } else if (inFlight.isEmpty() && !requests.hasNext()) {
        return;
      }
      listener.progress(finishedSamples, drawnTokens);
    }
  }

  /// Takes requests while there is a region and fewer samples wait than slots may soon want.
  private void openPrompts() {
    int waiting = inFlight.stream().mapToInt(PromptState::unstarted).sum();
    int wanted = slots.length / 4 + 1;
    for (SlotState slot : slots) {
      wanted += slot.isBusy() ? 0 : 1;
    }
    while (waiting < wanted && !freeRegions.isEmpty() && requests.hasNext()) {
      GenerationRequest request = requests.next();
      generator.check(request);
      int region = freeRegions.remove();
      PromptState prompt = new PromptState(request, region);
      inFlight.add(prompt);
      undelivered.add(prompt);
      waiting += request.count();
    }
  }

  /// Starts samples of prompts that are read in, with the first tokens that were drawn for them.
  private void fillSlots() {
    for (SlotState slot : slots) {
      while (!slot.isBusy()) {
        PromptState prompt = nextReady();
        if (prompt == null) {
          return;
        }
        int room = generator.config().maxPositions() - prompt.request.prompt().length;
        slot.begin(prompt, sampling, Math.min(room, sampling.settings().maxNewTokens()));
        append(slot, prompt.firstToken(slot.sample), prompt.firstLogProb(slot.sample));
      }
    }
  }

  private PromptState nextReady() {
    for (PromptState prompt : inFlight) {
      if (prompt.isReady()) {
        return prompt;
      }
    }
    return null;
  }

  /// Appends the next token of a slot and closes what it completes.
  private void append(SlotState slot, int token, float logProb) {
    PromptState prompt = slot.prompt;
    drawnTokens++;
    if (slot.append(token, logProb, sampling.settings())) {
      finishedSamples++;
      if (prompt.isFinished()) {
        inFlight.remove(prompt);
        freeRegions.add(prompt.region);
      }
    }
  }

  private void deliver() {
    while (!undelivered.isEmpty() && undelivered.peek().isFinished()) {
      PromptState prompt = undelivered.remove();
      listener.finished(prompt.request, List.of(prompt.samples));
    }
  }

  private void planRows() {
    plan.clear();
    for (int s = 0; s < slots.length; s++) {
      SlotState slot = slots[s];
      if (slot.isBusy()) {
        plan.addResponseRow(
            slot.ids[slot.length - 1],
            slot.length - 1,
            limits.slotBlock(s),
            limits.promptBlock(slot.prompt.region),
            slot.prompt.request.prompt().length);
        slot.drawIndex = plan.draw(plan.wantLogits(), slot.uniform());
      }
    }
    int room = limits.prefillRows();
    for (PromptState prompt : inFlight) {
      room -= planPrefill(prompt, room);
    }
  }

  private int planPrefill(PromptState prompt, int room) {
    int[] ids = prompt.request.prompt();
    int block = limits.promptBlock(prompt.region);
    int last = ids.length - 1;
    int count = Math.min(room, last - prompt.prefilled);
    for (int i = 0; i < count; i++) {
      int position = prompt.prefilled++;
      plan.addPromptRow(ids[position], position, block);
    }
    int draws = Math.min(prompt.undrawn(), limits.draws() - plan.numDraws());
    if (count == room || draws == 0) {
      return count;
    }
    plan.addPromptRow(ids[last], last, block);
    prompt.planDraws(plan, plan.wantLogits(), draws, sampling);
    return count + 1;
  }

  private void readResults(DrawnTokens tokens) {
    for (PromptState prompt : inFlight) {
      prompt.readDraws(tokens);
    }
    for (SlotState slot : slots) {
      if (slot.isBusy()) {
        int index = slot.drawIndex;
        append(slot, tokens.token(index), tokens.logProb(index, slot.prompt.request.problem()));
      }
    }
  }
}
