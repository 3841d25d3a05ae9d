package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

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

  @Test
  void jsonIsOneLineThatParses() throws IOException {
    CommandLineRun run = plan("tinyllama-1.1b", "--json");
    assertEquals(1, run.out().lines().count());
    assertTrue(new ObjectMapper().readTree(run.out()).isObject());
  }
}
