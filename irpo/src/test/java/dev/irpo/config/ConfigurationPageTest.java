package dev.irpo.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationPageTest {
  @Test
  void configurationPageListsTheKeysAsTheyAre() throws IOException {
    assertEquals(
        RunConfig.documentation(),
        Files.readString(Path.of("../docs/configuration.md")),
        "docs/configuration.md is old; make it again:"
            + " bin/irpo config --markdown > docs/configuration.md");
  }
}
