package dev.irpo.config;

import dev.irpo.setting.TextForm;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;

/// A date as ISO 8601 writes it.
public final class DateForm implements TextForm {
  @Override
  public boolean allows(String text) {
    try {
      return text.equals(LocalDate.parse(text).toString())
          && text.length() == "2024-07-26".length();
    } catch (DateTimeParseException e) {
      return false;
    }
  }

  @Override
  public String words() {
    return "a date such as 2024-07-26";
  }
}
