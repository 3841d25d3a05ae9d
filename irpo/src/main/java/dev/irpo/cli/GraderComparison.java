package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.reward.Gold;
import dev.irpo.reward.Grade;
import dev.irpo.reward.Grader;
import dev.irpo.reward.UnreadableGold;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.RunFolder;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Tasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Lists where two graders differ on the same responses, with counts as the last line.
final class GraderComparison {
  /// Levels from a part to its run: `rollouts`, perhaps `retrain`, `iteration-t`, the run.
  private static final int DEEPEST_ROLLOUTS = 4;

  private final Grader first;
  private final Grader second;
  private int responses;
  private int bothRight;
  private int bothPartly;
  private int bothWrong;
  private int firstOnly;
  private int secondOnly;
  private int unreadable;

  GraderComparison(Grader first, Grader second) {
    this.first = first;
    this.second = second;
  }

  /// Prints a line for each response that the graders differ on, then the counts.
  void print(List<Path> files) throws IOException {
    for (Path file : files) {
      if (file.toString().endsWith(".arrow")) {
        compareRollouts(file);
      } else {
        for (JsonLines.Line line : JsonLines.read(file)) {
          String name = "%s:%d".formatted(file, line.number());
          compare(name, line.text("response"), GradeCommand.goldOf(line));
        }
      }
    }
    ObjectNode counts = JsonLines.object();
    counts.put("responses", responses);
    counts.put("bothRight", bothRight);
    counts.put("only " + first.name(), firstOnly);
    counts.put("only " + second.name(), secondOnly);
    counts.put("bothPartly", bothPartly);
    counts.put("bothWrong", bothWrong);
    counts.put("goldUnreadable", unreadable);
    JsonLines.print(counts);
  }

  private void compareRollouts(Path file) throws IOException {
    Map<String, Gold> gold = goldOfRun(file);
    for (Rollout rollout : TableReader.readAll(file, Rollout::of)) {
      Gold known = gold.get(rollout.problemId());
      if (known == null) {
        throw new IllegalArgumentException(
            "%s: the problem %s is not among the %d of its run; its files were changed"
                .formatted(file, rollout.problemId(), gold.size()));
      }
      compare(rollout.problemId() + " sample " + rollout.sample(), rollout.text(), known);
    }
  }

  /// Gold answers by id, from the problems that the run's config.yaml names.
  private static Map<String, Gold> goldOfRun(Path file) throws IOException {
    Path root = file.toAbsolutePath().normalize();
    int levels = 0;
    while (levels < DEEPEST_ROLLOUTS
        && root.getParent() != null
        && !Files.exists(new RunFolder(root).configFile())) {
      root = root.getParent();
      levels++;
    }
    Path config = new RunFolder(root).configFile();
    if (!Files.exists(config)) {
      throw new IllegalArgumentException(
          "%s: is in no run folder (no %s in the %d folders above it); the gold answers come from a run's"
                  .formatted(file, config.getFileName(), levels)
              + " config.yaml");
    }
    RunConfig run = RunConfig.load(Optional.of(config), List.of());
    Map<String, Gold> gold = new HashMap<>();
    for (Split split : List.of(Split.TRAIN, Split.HELD_OUT)) {
      for (Problem problem : Tasks.open(run.task(), run.seed()).problems(split)) {
        gold.put(problem.id(), problem.gold());
      }
    }
    return gold;
  }

  private void compare(String name, String response, Gold gold) {
    responses++;
    Grade one;
    Grade other;
    try {
      one = first.grade(response, gold);
      other = second.grade(response, gold);
    } catch (UnreadableGold notComparable) {
      unreadable++;
      return;
    }
    if (one.reward() == other.reward()) {
      bothRight += one.correct() ? 1 : 0;
      bothWrong += one.reward() == 0 ? 1 : 0;
      bothPartly += !one.correct() && one.reward() > 0 ? 1 : 0;
      return;
    }
    firstOnly += one.reward() > other.reward() ? 1 : 0;
    secondOnly += one.reward() < other.reward() ? 1 : 0;
    ObjectNode difference = JsonLines.object();
    difference.put("response", name);
    difference.put("gold", gold.answer());
    put(difference.putObject(first.name()), one);
    put(difference.putObject(second.name()), other);
    JsonLines.print(difference);
  }

  private static void put(ObjectNode node, Grade grade) {
    node.put("correct", grade.correct());
    node.put("reward", grade.reward());
    node.put("taken", grade.answerText());
    node.put("extracted", grade.extracted().orElse(null));
    node.put("why", grade.why());
  }
}
