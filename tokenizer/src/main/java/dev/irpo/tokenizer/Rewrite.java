package dev.irpo.tokenizer;

import java.text.Normalizer;

/// A normalizer of a `tokenizer.json`: what is done to text before it is split.
sealed interface Rewrite {
  String apply(String text);

  /// The same for text that follows other text, before which nothing is put.
  default String applyToRest(String text) {
    return apply(text);
  }

  /// Puts something before every text that is not empty.
  record Prepend(String prefix) implements Rewrite {
    @Override
    public String apply(String text) {
      return text.isEmpty() ? text : prefix + text;
    }

    @Override
    public String applyToRest(String text) {
      return text;
    }
  }

  /// Replaces a string.
  record Replace(String pattern, String content) implements Rewrite {
    @Override
    public String apply(String text) {
      return text.replace(pattern, content);
    }
  }

  /// Replaces what a regular expression matches.
  record ReplaceMatches(SplitPattern pattern, String content) implements Rewrite {
    @Override
    public String apply(String text) {
      return pattern.replace(text, content);
    }
  }

  /// Brings text into one of Unicode's normal forms.
  record Form(Normalizer.Form form) implements Rewrite {
    @Override
    public String apply(String text) {
      return Normalizer.normalize(text, form);
    }
  }
}
