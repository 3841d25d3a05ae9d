package dev.irpo.setting;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Everything about one key of the configuration: the component it stands on gives its name and
/// type.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
  /// The default, as it would be written in YAML.
  String value();

  /// The allowed numbers in mathematical notation, `[0, 1)` or `(0, inf)`; of a list, those of each
  /// entry. Texts, choices and truth values need none.
  String range() default "(-inf, inf)";

  /// The form of a text, as a regular expression.
  String pattern() default "(?s).*";

  /// The form of a text, in words.
  String form() default "any text";

  /// The form of a text, where only code knows it; then [#pattern] and [#form] are not used.
  Class<? extends TextForm> textForm() default TextForm.class;

  /// The name that it had; configurations of that time are still read.
  String formerly() default "";

  /// What it does, with its unit.
  String doc();
}
