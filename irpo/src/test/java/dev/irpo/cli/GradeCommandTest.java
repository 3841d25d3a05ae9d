package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.reward.Gold;
import dev.irpo.reward.Grade;
import dev.irpo.reward.Grader;
import dev.irpo.reward.Graders;
import dev.irpo.reward.StepGrader;
import dev.irpo.rollout.Rollout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GradeCommandTest {
  @TempDir Path folder;

  @Test
  void whatWasTakenWhereAndWhyIsShown() throws IOException {
    List<JsonNode> lines =
        CommandLineRun.of(
                "{\"response\":\"so \\\\boxed{\\\\frac24}\",\"answer\":\"0.5\"}\n"
                    + "{\"response\":\"Final answer: $(1,2)$.\",\"answer\":\"(2,1)\"}\n"
                    + "{\"response\":\"hm\",\"answer\":3}\n",
                "grade",
                "--grader",
                "math-v2")
            .lines();
    assertEquals(
        "{\"extracted\":\"1/2\",\"correct\":true,\"reward\":1.0,\"taken\":\"\\\\frac24\",\"from\":\"boxed\",\"why\":\"1/2"
            + " is the gold answer\"}",
        lines.get(0).toString());
    assertEquals("$(1,2)$.", lines.get(1).get("taken").asText());
    assertEquals("(1,2) is not the gold answer (2,1)", lines.get(1).get("why").asText());
    assertEquals("none", lines.get(2).get("from").asText());
  }

  @Test
  void anOptionsTextIsItsLetter() throws IOException {
    JsonNode line =
        CommandLineRun.of(
                "{\"response\":\"Final answer:"
                    + " Salt.\",\"answer\":\"B\",\"options\":[\"ice\",\"salt\"]}",
                "grade",
                "--task",
                "arc-challenge")
            .lines()
            .getFirst();
    assertTrue(line.get("correct").asBoolean());
  }

  @Test
  void aClassGradesByItsOwnRule() throws IOException {
    JsonNode line =
        CommandLineRun.of(
                "{\"question\":\"why?\",\"response\":\"So 4\",\"answer\":\"5\"}",
                "grade",
                "--grader",
                StepGrader.class.getName())
            .lines()
            .getFirst();
    assertEquals(0.5, line.get("reward").asDouble());
    assertEquals(false, line.get("correct").asBoolean());
    assertEquals("why?", line.get("why").asText());
    assertTrue(line.get("extracted").isNull());
  }

  @Test
  void fractionalRewardsAreComparedByTheirSize() throws IOException {
    Path file = folder.resolve("rollouts.jsonl");
    Files.writeString(
        file,
        """
        {"response":"Final answer: 3","answer":"4"}
        {"response":"so. Final answer: 4","answer":"4"}
        {"response":"no","answer":"4"}
        """);
    List<JsonNode> lines = compare(StepGrader.class.getName() + ",number-v1", file);
    assertEquals(0.5, lines.get(0).get("step-test-v1").get("reward").asDouble());
    assertEquals(0.5, lines.get(1).get("step-test-v1").get("reward").asDouble());
    assertEquals(
        "{\"responses\":3,\"bothRight\":0,\"only step-test-v1\":1,\"only number-v1\":1,"
            + "\"bothPartly\":0,\"bothWrong\":1,\"goldUnreadable\":0}",
        lines.get(2).toString());
  }

  /// Half of the reward for every response.
  public static final class Half implements Grader {
    @Override
    public String name() {
      return "half-test-v1";
    }

    @Override
    public Grade grade(String response, Gold gold) {
      return Grade.of(0.5, "");
    }
  }

  @Test
  void anEqualPartOfTheRewardIsNeitherRightNorWrong() throws IOException {
    Path file = folder.resolve("rollouts.jsonl");
    Files.writeString(
        file,
        """
        {"response":"Three","answer":"4"}
        {"response":"so 4","answer":"4"}
        {"response":"So 4","answer":"4"}
        {"response":"no","answer":"4"}
        """);
    List<JsonNode> lines = compare(StepGrader.class.getName() + "," + Half.class.getName(), file);
    assertEquals(
        "{\"responses\":4,\"bothRight\":0,\"only step-test-v1\":1,\"only half-test-v1\":1,"
            + "\"bothPartly\":2,\"bothWrong\":0,\"goldUnreadable\":0}",
        lines.getLast().toString());
  }

  @Test
  void theHelpNamesTheListedGraders() {
    String help = CommandLineRun.of("", "grade", "--help").out().replaceAll("\\s+", " ");
    assertTrue(help.contains(new Graders.NameForm().words()), help);
  }

  @Test
  void twoGradersAreComparedOverLines() throws IOException {
    Path file = folder.resolve("rollouts.jsonl");
    Files.writeString(
        file,
        """
        {"response":"Final answer: 3 apples","answer":"3"}
        {"response":"so \\\\boxed{4}","answer":"4"}
        {"response":"Final answer: 5","answer":"5"}
        {"response":"Final answer: 6","answer":"5"}
        {"response":"Final answer: x","answer":"x"}
        """);
    List<JsonNode> lines = compare(file);
    assertEquals(3, lines.size());
    assertEquals(file + ":1", lines.get(0).get("response").asText());
    assertTrue(lines.get(0).get("number-v1").get("correct").asBoolean());
    assertTrue(lines.get(1).get("math-v1").get("correct").asBoolean());
    assertEquals(
        "{\"responses\":5,\"bothRight\":1,\"only number-v1\":1,\"only math-v1\":1,\"bothPartly\":0,"
            + "\"bothWrong\":1,\"goldUnreadable\":1}",
        lines.get(2).toString());
  }

  private static List<JsonNode> compare(Path file) throws IOException {
    return compare("number-v1,math-v1", file);
  }

  private static List<JsonNode> compare(String graders, Path file) throws IOException {
    return CommandLineRun.of("", "grade", "--compare", graders, "--rollouts", file).lines();
  }

  @Test
  void twoGradersAreComparedOverTheRolloutsOfARun() throws IOException {
    Path problems = folder.resolve("own.jsonl");
    Files.writeString(problems, "{\"question\":\"?\",\"answer\":\"7\"}\n");
    Path part = folder.resolve("run/iteration-1/rollouts/part-00000.arrow");
    Files.createDirectories(part.getParent());
    RunConfig config =
        RunConfig.of(Preset.PAPER_V1)
            .with("task.name=custom", "task.trainFile=" + problems, "task.heldOutProblems=0");
    Files.writeString(folder.resolve("run/config.yaml"), config.toYaml());
    TableWriter.writeAll(part, Rollout.SCHEMA, List.of(rollout("train-1")));
    List<JsonNode> lines = compare(part);
    assertEquals("train-1 sample 0", lines.get(0).get("response").asText());
    assertEquals("7", lines.get(0).get("gold").asText());
    assertEquals(1, lines.get(1).get("only number-v1").asInt());

    Path heldOut = folder.resolve("run/iteration-1/retrain/rollouts/part-00000.arrow");
    Files.createDirectories(heldOut.getParent());
    Files.copy(part, heldOut);
    assertEquals(lines, compare(heldOut));

    Path other = part.resolveSibling("part-00001.arrow");
    TableWriter.writeAll(other, Rollout.SCHEMA, List.of(rollout("train-9")));
    CommandLineRun.of("", "grade", "--compare", "number-v1,math-v1", "--rollouts", other)
        .requireRefused(other, "train-9");
    Path alone = folder.resolve("alone.arrow");
    Files.copy(part, alone);
    CommandLineRun.of("", "grade", "--compare", "number-v1,math-v1", "--rollouts", alone)
        .requireRefused(alone, "config.yaml");
  }

  private static Rollout rollout(String problemId) {
    String text = "Final answer: 7 apples";
    int[] ids = {5};
    return new Rollout(
        0, problemId, 0, ids, ids, new float[1], text, "stop", Optional.of("7"), 1, "number-v1");
  }

  @Test
  void mistakesAreRefused() {
    CommandLineRun.of("", "grade").requireRefused("--task");
    CommandLineRun.of("", "grade", "--task", "custom").requireRefused("--grader");
    CommandLineRun.of("", "grade", "--grader", "math-v9").requireRefused("math-v9", "math-v2");
    CommandLineRun.of("", "grade", "--compare", "math-v1").requireRefused("two graders");
    CommandLineRun.of("", "grade", "--task", "gsm8k", "--rollouts", "x")
        .requireRefused("--compare");
    CommandLineRun.of("{\"response\":\"\",\"answer\":\"many\"}", "grade", "--task", "gsm8k")
        .requireRefused("line 1", "many");
  }
}
