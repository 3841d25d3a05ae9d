package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Mistakes about chat templates, as those of [MistakesTest].
class ChatMistakesTest {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = folder.resolve("model");
    try (Backend backend = new CpuBackend(1)) {
      TestData.tinyModel(backend).save(model);
    }
  }

  private CommandLineRun chat(String template) throws IOException {
    Files.writeString(model.resolve("chat_template.jinja"), template);
    return CommandLineRun.of(
        "", "eval", "--model", model, "--preset", "demo", "--set", "task.chatTemplate=model");
  }

  @Test
  void aChatTemplateThatIsNotThereOrNotReadIsRefusedWithItsLine() throws IOException {
    CommandLineRun.of(
            "", "eval", "--model", model, "--preset", "demo", "--set", "task.chatTemplate=model")
        .requireRefused("task.chatTemplate model", "no chat template", "choose none or llama-2");
    String file = model.resolve("chat_template.jinja") + ": its chat template, line 2: ";
    chat("\n{% include 'x' %}").requireRefused(file, "'include'", "task.chatTemplate none");
    chat("\n{{ messages[0].content.format() }}").requireRefused(file, "'format'");
    chat("\n{{ raise_exception('no!') }}").requireRefused(file, "refuses this: no!");
    String inspected = CommandLineRun.of("", "inspect", model).out();
    assertTrue(inspected.contains("chat       is not read: " + file), inspected);
    CommandLineRun.of("", "eval", "--model", model, "--set", "task.chatDate=2024-02-30")
        .requireRefused("task.chatDate", "2024-02-30", "a date such as 2024-07-26");
  }
}
