package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanCommandTest {
  private static CommandLineRun plan(String model, String... more) {
    Object[] arguments = new Object[7 + more.length];
    Object[] fixed = {"plan", "--model", model, "--gflops", "100", "--gbytes", "20"};
    System.arraycopy(fixed, 0, arguments, 0, fixed.length);
    System.arraycopy(more, 0, arguments, fixed.length, more.length);
    return CommandLineRun.of("", arguments);
  }

  private static JsonNode json(String model, String... more) throws IOException {
    String[] all = new String[more.length + 1];
    System.arraycopy(more, 0, all, 0, more.length);
    all[more.length] = "--json";
    return plan(model, all).lines().getFirst();
  }

  @Test
  void aPlanNamesItsPurposesAndTheRateItWasGiven() {
    CommandLineRun run = plan("llama-2-7b", "--set", "train.tokenBudget=64");
    run.requireSuccess();
    for (String fact :
        new String[] {"6.738 billion", "26.95 GB", "optimizer", "100.0 GFLOP/s", "as given"}) {
      assertTrue(run.out().contains(fact), run.out());
    }
    CommandLineRun.of("", "plan", "--gflops", "100").requireRefused("--gbytes", "0.0");
    CommandLineRun.of("", "plan", "--processes", "0").requireRefused("--processes is 0");
    CommandLineRun.of("", "plan", "--prompt-tokens", "4096").requireRefused("4096", "--prompt-tok");
  }

  @Test
  void aPlanAsJsonHoldsWhatTheTextRounds() throws IOException {
    JsonNode plan = json("llama-2-7b");
    assertEquals(6_738_415_616L, plan.get("parameters").longValue());
    assertEquals(4 * 6_738_415_616L, plan.at("/bytes/weights").longValue());
    assertEquals(100e9, plan.at("/rates/flopsPerSecond").doubleValue());
    assertEquals("as given", plan.at("/rates/source").asText());
    long sum = 0;
    for (JsonNode bytes : plan.get("bytes")) {
      sum += bytes.longValue();
    }
    assertEquals(sum, plan.get("bytesTogether").longValue());
    JsonNode token = work(plan, "a token in each of 32 slots");
    assertEquals(32, token.get("tokens").intValue());
    double weights = 4.0 * (6_738_415_616L - 32_000 * 4096L) / 20e9;
    assertTrue(token.get("seconds").doubleValue() > weights, "weights are read once a token");
  }

  private static JsonNode work(JsonNode plan, String name) {
    for (JsonNode work : plan.get("work")) {
      if (work.get("name").asText().equals(name)) {
        return work;
      }
    }
    throw new AssertionError(name + " is not in " + plan);
  }

  private static JsonNode step(JsonNode plan) {
    return work(plan, "step of 16 longest pairs");
  }

  @Test
  void processesShareOptimizerStateAndTheTimeOfAStep() throws IOException {
    JsonNode one = json("llama-2-70b", "--set", "train.tokenBudget=64");
    JsonNode eight = json("llama-2-70b", "--set", "train.tokenBudget=64", "--processes", "8");
    String optimizer = "/bytes/optimizer";
    double shared = one.at(optimizer).doubleValue();
    assertEquals(shared / 8, eight.at(optimizer).doubleValue(), 1e-6 * shared);
    for (String whole : new String[] {"/bytes/gradients", "/bytes/weights"}) {
      assertEquals(one.at(whole).longValue(), eight.at(whole).longValue());
    }
    double seconds = step(one).get("seconds").doubleValue();
    assertEquals(seconds, 8 * step(eight).get("seconds").doubleValue(), 2e-3 * seconds);
    assertEquals(step(one).get("flops").doubleValue(), step(eight).get("flops").doubleValue());
  }

  private static JsonNode sliced(int ofModel, int processes, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--set", "train.tokenBudget=1024"));
    arguments.addAll(List.of("--set", "compute.tensorParallel=" + ofModel));
    arguments.addAll(List.of("--processes", String.valueOf(processes)));
    arguments.addAll(List.of(more));
    return json("llama-2-70b", arguments.toArray(String[]::new));
  }

  /// Two sums of a residual stream of 8,192 numbers in each of 80 layers, twice as many with the
  /// backward pass, one more a layer where it computes again.
  @Test
  void processesThatHoldAModelAddUpActivations() throws IOException {
    double row = 80 * 8192.0 * Float.BYTES;
    double share = 2 * 7 / 8.0; // of what is added up each sends to be added up, and the sum
    JsonNode plan = sliced(8, 8);
    JsonNode batch = work(plan, "micro-batch, forward and backward");
    int tokens = batch.get("tokens").intValue();
    assertEquals(4 * tokens * row * share, batch.get("sentBytes").doubleValue());
    JsonNode token = work(plan, "a token in each of 32 slots");
    assertEquals(2 * 32 * row * share, token.get("sentBytes").doubleValue());
    JsonNode again =
        work(sliced(8, 8, "--set", "train.recompute=true"), "micro-batch, forward and backward");
    assertEquals(5 * tokens * row * share, again.get("sentBytes").doubleValue());
    double batches = step(plan).get("tokens").doubleValue() / tokens;
    double norm = 7 * Double.BYTES;
    double sent = step(plan).get("sentBytes").doubleValue();
    assertEquals(batches * batch.get("sentBytes").doubleValue() + norm, sent, 1e-9 * sent);
    JsonNode rounded = sliced(8, 8, "--set", "train.parameterType=bf16");
    assertEquals(sent + norm, step(rounded).get("sentBytes").doubleValue(), 1e-9 * sent);
    double divided = step(sliced(8, 32)).get("sentBytes").doubleValue();
    assertEquals(sent, 4 * divided - 3 * norm, 1e-9 * sent, "four models have a quarter each");
    assertEquals(0, step(json("llama-2-70b", "--processes", "8")).get("sentBytes").doubleValue());
  }

  /// All of them together compute what one computes, and its head as often as they are.
  @Test
  void operationsOfAModelInSlicesAreThoseOfAllAndTheTimeIsOfEach() throws IOException {
    JsonNode whole = work(sliced(1, 1), "micro-batch, forward and backward");
    JsonNode slices = work(sliced(8, 8), "micro-batch, forward and backward");
    double flops = whole.get("flops").doubleValue();
    double more = slices.get("flops").doubleValue() - flops;
    double scored = 1.25 * whole.get("tokens").doubleValue(); // that a micro-batch has room for
    double head = 8.0 * 32_000 * 8192 * scored; // forward twice, backward twice as much
    assertEquals(7 * head, more, 1e-9 * flops);
    double computing = slices.get("flops").doubleValue() / 8 / 100e9;
    double sums = 2 * slices.get("sentBytes").doubleValue() / 20e9;
    double seconds = slices.get("seconds").doubleValue();
    assertTrue(seconds > computing + sums, seconds + " s");
    assertTrue(seconds < 1.05 * (computing + sums), seconds + " s");
  }

  @Test
  void jsonIsOneLineThatParses() throws IOException {
    CommandLineRun run = plan("tinyllama-1.1b", "--json");
    assertEquals(1, run.out().lines().count());
    assertTrue(new ObjectMapper().readTree(run.out()).isObject());
  }

  private static JsonNode simulated(String... arguments) throws IOException {
    return CommandLineRun.of("", (Object[]) arguments).lines().getFirst();
  }

  @Test
  void seventyBillionOn64GpusFitInSlicesAndNotByStage1Alone() throws IOException {
    JsonNode plan =
        simulated("plan", "--model", "llama-2-70b", "--gpus", "64", "--network", "ib400", "--json");
    assertEquals(64, plan.at("/cluster/processors").intValue());
    JsonNode alone = plan.at("/strategies/0");
    assertEquals("zero1", alone.get("strategy").asText());
    assertEquals(false, alone.get("fits").booleanValue());
    JsonNode slices = plan.at("/strategies/3");
    assertEquals("tp8+zero1", slices.get("strategy").asText());
    assertEquals(true, slices.get("fits").booleanValue());
    double parameters = 9.08e9; // of a slice, embedding and head whole
    long bytes = 0;
    for (String part : new String[] {"weights", "gradients", "optimizer"}) {
      bytes += slices.get("bytes").get(part).longValue();
    }
    assertEquals(parameters * (2 + 2 + 12 / 8.0), (double) bytes, 1e-3 * bytes);
    double sent = slices.at("/step/betweenBytes").doubleValue();
    assertEquals(2 * 2 * parameters * 7 / 8, sent, 1e-3 * sent);
    assertEquals(4, slices.get("iterations").intValue());
    assertTrue(slices.get("notBuilt").size() > 0);
    double hours = slices.get("hours").doubleValue();
    assertEquals(64 * hours, slices.get("processorHours").doubleValue(), 1e-9 * hours);
  }

  @Test
  void aSimulationSaysWhatItAssumesAndWhatIsNotBuilt() {
    CommandLineRun run =
        CommandLineRun.of(
            "",
            "plan",
            "--model",
            "llama-2-7b",
            "--gpus",
            "16",
            "--machine",
            "a100",
            "--network",
            "eth25",
            "--strategy",
            "zero2",
            "--utilisation",
            "0.5");
    run.requireSuccess();
    for (String fact :
        new String[] {
          "16 a100 in 2 hosts",
          "312.0 TFLOP/s in bf16",
          "data sheet",
          "nvlink3",
          "3.13 GB/s in each direction for each host",
          "kernels reach 0.5",
          "7,473 and 1,319 problems",
          "GPU-hours",
          "shares of the gradient on GPUs: zero2"
        }) {
      assertTrue(run.out().contains(fact), fact + " is not in\n" + run.out());
    }
  }

  @Test
  void processesOfThisMachineAreSimulatedAsTheyAreBuilt() throws IOException {
    JsonNode plan =
        simulated(
            "plan",
            "--model",
            "smollm2-135m",
            "--processes",
            "2",
            "--network",
            "80:10",
            "--gflops",
            "100",
            "--gbytes",
            "20",
            "--utilisation",
            "0.9",
            "--set",
            "task.heldOutProblems=10",
            "--json");
    JsonNode only = plan.at("/strategies/0");
    assertEquals(2, plan.get("strategies").size());
    assertEquals(0, only.get("notBuilt").size());
    assertEquals("f32", only.get("precision").asText());
    assertEquals(1e10, plan.at("/cluster/insideBytesPerSecond").doubleValue());
    for (JsonNode part : only.at("/step/parts")) {
      assertEquals(0, part.get("hiddenSeconds").doubleValue());
    }
  }

  @Test
  void theShareOfRatesThatAStepReachesIsMeasured() {
    String asked =
        "plan --model smollm2-135m --processes 2 --network 28:150 --mean-prompt-tokens 8"
            + " --mean-response-tokens 8 --set train.batchSize=2 --set task.heldOutProblems=10";
    CommandLineRun run = CommandLineRun.of("", (Object[]) asked.split(" "));
    Matcher reached =
        Pattern.compile("measured: in a training step kernels reach (\\S+) of").matcher(run.out());
    assertTrue(reached.find(), run.out());
    double share = Double.parseDouble(reached.group(1));
    assertTrue(share > 1e-3 && share < 20, run.out()); // not how fast: that it is a share
  }

  /// The sums that a simulation counts are those of the programs that a plan compiles.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void slicesAreSimulatedAsTheyAreBuilt(boolean recompute) throws IOException {
    String[] arguments = {
      "plan --model smollm2-135m --processes 6 --gflops 100 --gbytes 20 --json",
      "--set compute.tensorParallel=3 --set task.heldOutProblems=10",
      "--set train.tokenBudget=1024 --set train.recompute=" + recompute
    };
    String[] plain = String.join(" ", arguments).split(" ");
    String[] cluster =
        (String.join(" ", arguments) + " --network 28:150 --utilisation 0.9").split(" ");
    JsonNode simulated = simulated(cluster).at("/strategies/0");
    assertEquals("tp3+zero1", simulated.get("strategy").asText());
    assertEquals(0, simulated.get("notBuilt").size());
    JsonNode batch = work(simulated(plain), "micro-batch, forward and backward");
    double row = batch.get("sentBytes").doubleValue() / batch.get("tokens").doubleValue();
    double pairTokens = 111 + 2 * 200; // of the simulation's texts, 8 pairs for each model
    double sent = 0;
    for (JsonNode part : simulated.at("/step/parts")) {
      if (part.get("name").asText().equals("sums of activations")) {
        sent += part.get("insideBytes").doubleValue();
      }
    }
    assertEquals(8 * pairTokens * row, sent, 1e-3 * sent);
  }

  @Test
  void whatMakesNoClusterIsRefused() {
    String[][] refused = {
      {"--gpus", "12", "12 processors do not divide into hosts of 8"},
      {"--gpus", "0", "--gpus is 0"},
      {"--network", "token-ring", "--network token-ring"},
      {"--inside", "0", "--inside is 0.0"},
      {"--machine", "z80", "--machine z80"},
      {"--strategy", "zero4", "--strategy zero4"},
      {"--precision", "f8", "--precision f8"},
      {"--utilisation", "0", "--utilisation is 0.0"},
      {"--gpu-memory", "-1", "--gpu-memory is -1.0"},
      {"--problems", "1000", "--problems is 1000"},
      {"--mean-prompt-tokens", "300", "--mean-prompt-tokens is 300"},
      {"--strategy", "tp3+zero1", "do not divide into groups of 3"},
    };
    for (String[] option : refused) {
      boolean isGpus = option[0].equals("--gpus");
      CommandLineRun.of(
              "",
              "plan",
              "--model",
              "tinyllama-1.1b",
              "--gpus",
              isGpus ? option[1] : "8",
              isGpus ? "--precision" : option[0],
              isGpus ? "bf16" : option[1])
          .requireRefused(option[2]);
    }
  }
}
