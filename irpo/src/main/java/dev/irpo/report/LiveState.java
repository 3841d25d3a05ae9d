package dev.irpo.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What pages of a run show, with what is new to a page that has some of it.
final class LiveState {
  private static final int RUN = 0; // the only one of its page

  private final String instance;
  private final List<Training> trainings = new ArrayList<>();
  private final List<ShownProblem> problems = new ArrayList<>();
  private final Map<String, Integer> numbers = new HashMap<>(); // of problems, by their names
  private final List<NewProblems> problemBlocks = new ArrayList<>();
  private RunData data;
  private String dataText = ""; // without metrics
  private long dataVersion;
  private long version;

  /// Something that a page is told.
  ///
  /// @param name of the event
  /// @param data a line
  record Event(String name, String data) {}

  private record NewProblems(long version, Block block) {}

  /// The lines of a training's metrics from one on.
  private record Lines(int training, int from, MetricColumns metrics) {}

  /// All numbers but the lines of metrics.
  ///
  /// @param isAll whether what the page had before counts no more
  private record Numbers(boolean isAll, PageData page) {}

  /// A training with the version of its newest rollouts, and of the change since which its metrics
  /// have but grown.
  private static final class Training {
    private final String name;
    private ShownRollouts rollouts;
    private List<Block> blocks = List.of();
    private long rolloutsVersion;
    private MetricColumns metrics;
    private long metricsVersion;

    Training(String name) {
      this.name = name;
    }
  }

  /// Nothing yet.
  ///
  /// @param instance a name that no other has
  LiveState(String instance) {
    this.instance = instance;
  }

  /// Takes what was read, of which unchanged parts are the objects that were read before.
  ///
  /// @return false, having taken nothing, if a training is there no more: a page must begin anew
  boolean take(ReadRun read) throws IOException {
    List<TrainingData> now = read.data().trainings();
    for (int i = 0; i < trainings.size(); i++) {
      if (i >= now.size() || !now.get(i).name().equals(trainings.get(i).name)) {
        return false;
      }
    }
    long next = version + 1;
    takeProblems(read.problems(), next);
    for (int i = 0; i < now.size(); i++) {
      if (i == trainings.size()) {
        trainings.add(new Training(now.get(i).name()));
      }
      take(i, now.get(i).metrics(), read.rollouts().get(i), next);
    }
    data = read.data();
    String text = Block.MAPPER.writeValueAsString(data.withoutMetrics());
    if (!text.equals(dataText)) {
      dataText = text;
      dataVersion = next;
      version = next;
    }
    return true;
  }

  private void takeProblems(List<ShownProblem> shown, long next) throws IOException {
    int known = problems.size();
    boolean isOther = false;
    for (ShownProblem problem : shown) {
      Integer number = numbers.putIfAbsent(problem.id(), problems.size());
      if (number == null) {
        problems.add(problem);
      } else if (!problems.get(number).equals(problem)) {
        problems.set(number, problem);
        isOther = true;
      }
    }
    if (isOther) {
      problemBlocks.clear();
      known = 0;
    }
    if (known < problems.size()) {
      List<ShownProblem> added = problems.subList(known, problems.size());
      problemBlocks.add(
          new NewProblems(next, Block.of("problems", new Problems(RUN, known, added))));
      version = next;
    }
  }

  @SuppressWarnings("ReferenceEquality") // what has not changed is the same object
  private void take(int number, MetricColumns metrics, ShownRollouts rollouts, long next)
      throws IOException {
    Training training = trainings.get(number);
    if (training.metrics != metrics) {
      training.metrics = metrics;
      training.metricsVersion = next;
      version = next;
    }
    if (training.rollouts != rollouts) {
      training.rollouts = rollouts;
      training.blocks = new ArrayList<>();
      for (RolloutBlock block : RolloutBlock.of(RUN, number, numbers, rollouts)) {
        training.blocks.add(Block.of("rollouts", block));
      }
      training.rolloutsVersion = next;
      version = next;
    }
  }

  /// What a page has that was told everything.
  Cursor cursor() {
    return new Cursor(
        instance,
        version,
        trainings.stream().map(training -> training.metrics.steps().size()).toList());
  }

  /// The data of a page, everything that there is.
  List<Block> blocks() throws IOException {
    List<Block> blocks = new ArrayList<>();
    blocks.add(Block.of("numbers", Page.data(List.of(data))));
    problemBlocks.forEach(added -> blocks.add(added.block));
    trainings.forEach(training -> blocks.addAll(training.blocks));
    return blocks;
  }

  /// What is new to a page: its numbers, then lines of metrics, then problems, then the rollouts of
  /// a training after an event that says that those it had are no more. To be told twice does no
  /// harm.
  List<Event> since(Cursor page) throws IOException {
    boolean isAll = !page.instance().equals(instance) || page.version() > version;
    long had = isAll ? -1 : page.version();
    List<Event> events = new ArrayList<>();
    if (dataVersion > had) {
      PageData numbersNow = Page.data(List.of(data.withoutMetrics()));
      events.add(json("numbers", new Numbers(isAll, numbersNow)));
    }
    for (int i = 0; i < trainings.size(); i++) {
      Training training = trainings.get(i);
      int lines = training.metrics.steps().size();
      boolean isAnew = training.metricsVersion > had || i >= page.lines().size();
      int from = isAnew ? 0 : Math.min(lines, page.lines().get(i));
      if (isAnew || from < lines) {
        events.add(json("metrics", new Lines(i, from, training.metrics.from(from))));
      }
    }
    for (NewProblems added : problemBlocks) {
      if (added.version > had) {
        events.add(new Event("problems", added.block.base64()));
      }
    }
    for (int i = 0; i < trainings.size(); i++) {
      if (trainings.get(i).rolloutsVersion > had) {
        events.add(new Event("clear", String.valueOf(i)));
        trainings.get(i).blocks.forEach(block -> events.add(new Event("rollouts", block.base64())));
      }
    }
    return events;
  }

  private static Event json(String name, Object value) throws IOException {
    return new Event(name, Block.MAPPER.writeValueAsString(value));
  }
}
